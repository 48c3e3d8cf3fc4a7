"""Isotonic calibration: a rising curve from the score of a label to the share of validation rows that had it there.

Shapes: `logits` [rows, labels]; `truth` [rows] of class indices, or [rows, labels] of 0 and 1 where rows may carry
several labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit, logsumexp
from sklearn.isotonic import IsotonicRegression
from sklearn.model_selection import GroupKFold, KFold

from acclimate.evaluation.calibrate import row_losses
from acclimate.evaluation.metrics import Floats

Truth = NDArray[np.integer]
# Below some thousand rows isotonic regression overfits, and Platt's sigmoid is better (Niculescu-Mizil and Caruana
# 2005, "Predicting good probabilities with supervised learning", section 5).
ROWS = 1000
# Of the rows with a label, and of those without: each side of its curve stands on them.
ROWS_OF_LABEL = 100
_FOLDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """A curve through points, level beyond both ends: `scores` rise, `probabilities` never fall."""

    scores: tuple[float, ...]
    probabilities: tuple[float, ...]

    def at(self, scores: Floats) -> Floats:
        """Return the probabilities [rows] of scores [rows]; between two points on the line that joins them."""
        found: Floats = np.interp(scores, self.scores, self.probabilities)
        return found


def isotonic(logits: Floats, truth: Truth) -> tuple[Steps, ...]:
    """Return the curve of each label by its log-odds against the rest; of two labels that of the second.

    Where all rows of a stretch are of one kind the curve would promise certainty. It stays between 1 / (rows + 2) and
    1 less that, which is what so many rows can show (Platt 1999).
    """
    several = truth.ndim == 2
    members = truth > 0 if several else truth[:, None] == np.arange(logits.shape[1])
    floor = 1 / (len(truth) + 2)
    found = []
    for k in _curved(logits, several):
        regression = IsotonicRegression(y_min=floor, y_max=1 - floor, out_of_bounds="clip")
        regression.fit(_odds(logits, k, several), members[:, k])
        points = regression.X_thresholds_.tolist(), regression.y_thresholds_.tolist()
        found.append(Steps(scores=tuple(points[0]), probabilities=tuple(points[1])))
    return tuple(found)


def follow(steps: Sequence[Steps], logits: Floats, *, several: bool) -> Floats:
    """Return logits [rows, labels] of the probabilities that curves give: the logarithms of shares, or log-odds.

    Of more than two labels of which a row has one, the probabilities are divided by their sum. The label with the
    highest need not be the one it was.
    """
    columns = [curve.at(_odds(logits, k, several)) for k, curve in zip(_curved(logits, several), steps, strict=True)]
    if several:
        odds: Floats = logit(np.stack(columns, axis=1))
        return odds
    probabilities = np.stack([1 - columns[0], columns[0]] if len(columns) == 1 else columns, axis=1)
    shares: Floats = np.log(probabilities / probabilities.sum(axis=1, keepdims=True))
    return shares


def improves(logits: Floats, truth: Truth, groups: Sequence[str] | None, *, seed: int) -> bool:
    """Whether curves give rows that did not fit them a lower log-loss, by more than one standard error of the gain.

    In five folds, of whole groups where rows have them.
    """
    folds = KFold(_FOLDS, shuffle=True, random_state=seed) if groups is None else GroupKFold(_FOLDS)
    losses = np.empty(len(truth))
    for rest, held in folds.split(logits, groups=groups):
        curved = follow(isotonic(logits[rest], truth[rest]), logits[held], several=truth.ndim == 2)
        losses[held] = row_losses(curved, truth[held])
    gain = row_losses(logits, truth) - losses
    return bool(gain.mean() > gain.std(ddof=1) / np.sqrt(len(gain)))


def log_odds(logits: Floats, place: int) -> Floats:
    """Return the log-odds [rows] of the class at `place` against all others, from logits [rows, classes]."""
    odds: Floats = logits[:, place] - logsumexp(np.delete(logits, place, axis=1), axis=1)
    return odds


def _odds(logits: Floats, k: int, several: bool) -> Floats:
    return logits[:, k] if several else log_odds(logits, k)


def _curved(logits: Floats, several: bool) -> Sequence[int]:
    """Return the columns that have a curve of their own; of two classes the first has what the second leaves."""
    return [1] if not several and logits.shape[1] == 2 else range(logits.shape[1])
