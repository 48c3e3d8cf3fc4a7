"""What is adapted to masks, and what every stage asks of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acclimate.api.inputs import Part
from acclimate.contracts import Backbone, Method, Settings
from acclimate.models import MaskExamples, ResolvedSegmenter, Segmenter


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskSubject:
    """What is adapted: the model, its rows, what the method adds, and where checkpoints and measurements are kept."""

    resolved: ResolvedSegmenter
    backbone: Backbone
    method: Method
    install: Callable[[Segmenter, Mapping[str, Any]], None] | None
    prepare: Callable[[Any], Any] | None
    parts: Mapping[str, Part]
    examples: Mapping[str, MaskExamples]
    settings: Settings
    cache: Path
    checkpoint: Path | None
    shown: bool

    @property
    def model(self) -> Segmenter:
        """The model that is adapted in place."""
        return self.resolved.model
