"""What is adapted to questions, and what every stage asks of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acclimate.api.inputs import Part
from acclimate.contracts import Backbone, Method, Settings
from acclimate.models import Answerer, AnswerExamples, ResolvedAnswerer


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSubject:
    """What is adapted: the model, its texts with questions, what the method adds, where the state is kept.

    No answer has more than `longest` tokens. Of the training windows without an answer some are learned from, each
    with the weight `empty_weight`; a share `empty_share` of all training windows has none, and `empty_learned` of
    these are among the examples of "train".
    """

    resolved: ResolvedAnswerer
    backbone: Backbone
    method: Method
    install: Callable[[Answerer, Mapping[str, Any]], None] | None
    parts: Mapping[str, Part]
    examples: Mapping[str, AnswerExamples]
    settings: Settings
    cache: Path
    checkpoint: Path | None
    shown: bool
    longest: int
    empty_share: float
    empty_learned: int
    empty_weight: float

    @property
    def model(self) -> Answerer:
        """The model that is adapted in place."""
        return self.resolved.model
