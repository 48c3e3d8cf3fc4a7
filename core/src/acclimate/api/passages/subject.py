"""What is adapted to passages of texts, and what every stage asks of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from acclimate.api.inputs import Part
from acclimate.contracts import Backbone, Method, Settings
from acclimate.models import Entailer, EntailExamples, ResolvedEntailer

M = TypeVar("M")


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageSubject(Generic[M]):
    """What is adapted: the model, its texts in passages, what the method adds, where the state is kept.

    `marked` are what is said of the passages of each part, such as hypotheses, in the order of its examples.
    """

    resolved: ResolvedEntailer
    backbone: Backbone
    method: Method
    install: Callable[[Entailer, Mapping[str, Any]], None] | None
    parts: Mapping[str, Part]
    marked: Mapping[str, M]
    examples: Mapping[str, EntailExamples]
    settings: Settings
    cache: Path
    checkpoint: Path | None
    shown: bool

    @property
    def model(self) -> Entailer:
        """The model that is adapted in place."""
        return self.resolved.model
