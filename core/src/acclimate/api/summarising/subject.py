"""What is adapted to summaries, and what every stage asks of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acclimate.api.inputs import Part
from acclimate.api.summarising.rows import Summarised
from acclimate.contracts import Backbone, Method, Settings
from acclimate.models import Entailer, EntailExamples, ResolvedEntailer


@dataclass(frozen=True, slots=True, kw_only=True)
class SummarySubject:
    """What is adapted: the model, its texts with summaries, what the method adds, where the state is kept.

    `summarised` are the texts of each part, in the order of its examples.
    """

    resolved: ResolvedEntailer
    backbone: Backbone
    method: Method
    install: Callable[[Entailer, Mapping[str, Any]], None] | None
    parts: Mapping[str, Part]
    summarised: Mapping[str, Summarised]
    examples: Mapping[str, EntailExamples]
    settings: Settings
    cache: Path
    checkpoint: Path | None
    shown: bool

    @property
    def model(self) -> Entailer:
        """The model that is adapted in place."""
        return self.resolved.model
