"""What is adapted to spans, and what every stage asks of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acclimate.api.inputs import Part
from acclimate.contracts import Backbone, Method, Settings
from acclimate.models import ResolvedTagger, TagExamples, Tagger


@dataclass(frozen=True, slots=True, kw_only=True)
class TagSubject:
    """What is adapted: the model, its texts, what the method adds, and where the state of training is kept."""

    resolved: ResolvedTagger
    backbone: Backbone
    method: Method
    install: Callable[[Tagger, Mapping[str, Any]], None] | None
    parts: Mapping[str, Part]
    examples: Mapping[str, TagExamples]
    settings: Settings
    cache: Path
    checkpoint: Path | None
    shown: bool

    @property
    def model(self) -> Tagger:
        """The model that is adapted in place."""
        return self.resolved.model
