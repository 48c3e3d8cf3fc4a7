"""What is adapted to spans, and what every stage asks of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from acclimate.api.own_truth import Taught
from acclimate.models import ResolvedTagger, TagExamples


@dataclass(frozen=True, slots=True, kw_only=True)
class TagSubject(Taught):
    """What is adapted: a tagger and its texts with spans."""

    resolved: ResolvedTagger
    examples: Mapping[str, TagExamples]
