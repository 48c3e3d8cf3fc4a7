"""What is adapted to chats, and what every stage asks of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acclimate.api.inputs import Part
from acclimate.contracts import Backbone, Method, Settings, TokenLengths
from acclimate.models import ChatExamples, LanguageModel, ResolvedWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatSubject:
    """What is adapted: the model, its chats, what the method adds, and where checkpoints and measurements are kept.

    `lengths` says by part how long its chats are, before those that are too long were dealt with.
    """

    resolved: ResolvedWriter
    backbone: Backbone
    method: Method
    install: Callable[[LanguageModel, Mapping[str, Any]], None] | None
    prepare: Callable[[Any], Any] | None
    parts: Mapping[str, Part]
    examples: Mapping[str, ChatExamples]
    lengths: Mapping[str, TokenLengths]
    settings: Settings
    cache: Path
    checkpoint: Path | None
    shown: bool

    @property
    def model(self) -> LanguageModel:
        """The model that is adapted in place."""
        return self.resolved.model
