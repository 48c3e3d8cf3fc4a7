"""Rows across parts that are alike to the frozen backbone, where `near` asks for it."""

from acclimate import data
from acclimate.api.inputs import PARTS
from acclimate.api.stages import features_of, forward_arithmetic
from acclimate.api.subject import Subject
from acclimate.contracts import Finding
from acclimate.models import TextPreprocessing

# Measured by benchmarks/lookalikes.py; see docs/results.md for what they find and what they take for alike wrongly.
ALIKE_TEXTS = 0.95
ALIKE_IMAGES = 0.85


def lookalikes(subject: Subject) -> tuple[Finding, ...]:
    """Return which rows are alike across parts by features of the unchanged backbone, which the cache then holds."""
    if subject.settings.near != "features":
        return ()
    precision = forward_arithmetic(subject).precision
    text = isinstance(subject.resolved.preprocessing, TextPreprocessing)
    found = data.lookalikes(
        {name: features_of(subject, name, precision) for name in PARTS},
        {name: subject.parts[name].ids for name in PARTS},
        alike=ALIKE_TEXTS if text else ALIKE_IMAGES,
    )
    return tuple(found)
