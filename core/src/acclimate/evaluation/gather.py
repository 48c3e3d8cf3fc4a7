"""Scores put back in the order of their rows, whatever order and batches they were computed in."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from acclimate.contracts import DataError
from acclimate.evaluation.metrics import Floats


def by_id(expected: Sequence[str], batches: Iterable[tuple[Sequence[str], NDArray[np.floating]]]) -> Floats:
    """Return scores [rows, classes] in the order of `expected`.

    `batches` are pairs of ids and their scores [batch, classes], in any order. The first scores of an id are
    kept: a distributed sampler pads its last batch with rows it has already seen.

    Raises:
        DataError: when `expected` repeats an id, a batch has not one row of scores for each id or another
            number of classes than the first, an id is unknown or missing, or a score is not finite.
    """
    place = {name: row for row, name in enumerate(expected)}
    if len(place) != len(expected):
        raise DataError(
            f"Expected unique row ids, found {len(expected)} rows with {len(place)} different ids.",
            "Give each row its own id.",
        )
    gathered, seen = np.empty((len(expected), 0)), np.zeros(len(expected), dtype=bool)
    for ids, scores in batches:
        _check_batch(ids, scores, place, gathered)
        if not gathered.shape[1]:
            gathered = np.empty((len(expected), scores.shape[1]))
        # Reversed, so that of an id that occurs twice in one batch the first is written last.
        rows = np.array([place[name] for name in reversed(ids)], dtype=np.int64)
        fresh = ~seen[rows]
        gathered[rows[fresh]] = scores[::-1][fresh]
        seen[rows] = True
    _check_complete(expected, gathered, seen)
    return gathered


def _check_batch(ids: Sequence[str], scores: NDArray[np.floating], place: dict[str, int], gathered: Floats) -> None:
    if scores.ndim != 2 or len(scores) != len(ids) or not scores.shape[1]:
        raise DataError(
            f"Expected a batch of {len(ids)} ids to bring scores [{len(ids)}, classes], found {list(scores.shape)}."
        )
    if gathered.shape[1] not in (0, scores.shape[1]):
        raise DataError(f"Expected scores of {gathered.shape[1]} classes in every batch, found {scores.shape[1]}.")
    unknown = [name for name in ids if name not in place]
    if unknown:
        raise DataError(
            f"Expected scores of the {len(place)} rows asked for, found {_first(unknown)}, unknown here.",
            "Score the rows of the same split, with their own ids.",
        )


def _check_complete(expected: Sequence[str], gathered: Floats, seen: NDArray[np.bool_]) -> None:
    if not seen.all():
        missing = [name for name, found in zip(expected, seen, strict=True) if not found]
        raise DataError(
            f"Expected scores of {len(expected)} rows, found none for {_first(missing)}.",
            "Score every row of the split; a process that ended early loses its share.",
        )
    finite = np.logical_and.reduce(np.isfinite(gathered), axis=1)
    if not finite.all():
        broken = [name for name, fine in zip(expected, finite, strict=True) if not fine]
        raise DataError(
            f"Expected finite scores, found nan or infinity in {_first(broken)} of {len(expected)}.",
            "Train with a lower learning rate or with precision='float32'.",
        )


def _first(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:3]) + (", …" if len(names) > 3 else "")
    return f"{len(names)} row{'s' if len(names) > 1 else ''} ({shown})"
