"""From the logits of units to the spans of texts."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from acclimate import models

Found = tuple[int, int, str, float]


def found_in(
    examples: models.TagExamples, logits: NDArray[np.float32], labels: Sequence[str], outside: float
) -> list[list[Found]]:
    """Return the spans of each text in characters, with their label and probability, from logits [units, tags].

    `outside` is added to the logit of no span.
    """
    rows = []
    for number, text in enumerate(examples.texts):
        starts, ends = text.unit_starts, text.unit_ends
        spans = models.spans_in(logits[examples.units(number)], outside=outside)
        rows.append(
            [
                (int(starts[first]), int(ends[last - 1]), labels[label], probability)
                for first, last, label, probability in spans
            ]
        )
    return rows
