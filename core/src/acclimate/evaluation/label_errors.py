"""Rows whose label is most likely wrong, by confident learning (Northcutt, Jiang and Chuang 2021)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acclimate.evaluation.metrics import Floats, Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspects:
    """Rows by number, the most suspect first, and of each the class that it more likely is."""

    rows: NDArray[np.int64]
    likelier: NDArray[np.int64]


def suspects(given: Integers, probabilities: Floats) -> Suspects:
    """Return the rows that are confidently of another class than the one they were given.

    A row is confidently of a class where its probability reaches the mean probability of that class among the rows
    that were given it: so a class that the model is unsure of asks for less. Of several such classes the most
    probable counts. Rows are in order of the probability of the given class less that of the likelier one.

    Args:
        given: [rows], class indices.
        probabilities: [rows, classes], of each row by a model that did not train on it.
    """
    classes = probabilities.shape[1]
    own = probabilities[np.arange(len(given)), given]
    rows_of = np.bincount(given, minlength=classes)
    usual = np.full(classes, np.inf)  # nothing is confidently of a class that no row was given
    usual[rows_of > 0] = (np.bincount(given, weights=own, minlength=classes) / np.maximum(rows_of, 1))[rows_of > 0]
    confident = np.where(probabilities >= usual, probabilities, -np.inf)
    likelier = confident.argmax(axis=1)
    found = np.flatnonzero(np.isfinite(confident.max(axis=1)) & (likelier != given))
    margin = own[found] - probabilities[found, likelier[found]]
    order = found[margin.argsort(kind="stable")]
    return Suspects(rows=order, likelier=likelier[order])
