"""What learns good parts, and what every stage asks of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from acclimate.api.detecting.asking import PartRule
from acclimate.api.inputs import Part
from acclimate.contracts import Backbone, Method, Settings
from acclimate.models import Detector, PartExamples, ResolvedDetector


@dataclass(frozen=True, slots=True, kw_only=True)
class PartSubject:
    """The detector, its parts and examples by name, and what decides; `good` is the label of good parts."""

    resolved: ResolvedDetector
    backbone: Backbone
    method: Method
    prepare: Callable[[Any], Any] | None
    parts: Mapping[str, Part]
    examples: Mapping[str, PartExamples]
    settings: Settings
    rule: PartRule
    good: str
    precision: str
    shown: bool

    @property
    def model(self) -> Detector:
        """The detector, which learns in place."""
        return self.resolved.model
