"""What is adapted to masks, and what every stage asks of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from acclimate.api.own_truth import Taught
from acclimate.models import MaskExamples, ResolvedSegmenter


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskSubject(Taught):
    """What is adapted: a segmenter and its images with masks; `prepare` is what the preset does to an image."""

    resolved: ResolvedSegmenter
    examples: Mapping[str, MaskExamples]
    prepare: Callable[[Any], Any] | None
