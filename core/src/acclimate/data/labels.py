"""The labels of loaded rows, one or several each, as sets and as indicators."""

from collections.abc import Iterable, Sequence

import datasets
import numpy as np
from datasets import Dataset
from numpy.typing import NDArray

Indicators = NDArray[np.int8]


def is_multilabel(rows: Dataset) -> bool:
    """Return whether the rows of a loaded table may carry several labels: their label column holds lists."""
    return isinstance(rows.features["label"], datasets.List)


def label_sets(rows: Dataset) -> list[tuple[str, ...]]:
    """Return the labels of each row; exactly one each where the rows are not multi-label."""
    labels = rows["label"][:]
    return [tuple(each) for each in labels] if is_multilabel(rows) else [(each,) for each in labels]


def indicators(sets: Iterable[Sequence[str]], labels: Sequence[str]) -> Indicators:
    """Return [rows, labels]: 1 where a row has a label, else 0."""
    place = {label: column for column, label in enumerate(labels)}
    sets = list(sets)
    found = np.zeros((len(sets), len(labels)), dtype=np.int8)
    for row, names in enumerate(sets):
        found[row, [place[name] for name in names]] = 1
    return found
