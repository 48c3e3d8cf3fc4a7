"""Rows of different parts that a pretrained model finds alike: reworded texts, mirrored or turned images."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from acclimate.contracts import Finding
from acclimate.data.leakage.rows import PAIRS, SHOWN, counted

Features = NDArray[np.float32]
# A product of two blocks takes 32 MB, whatever the number of rows.
_ROWS, _OTHERS = 1024, 8192
_SAMPLE = 2000
_COMMON = 0.1


def lookalikes(
    features: Mapping[str, Features], ids: Mapping[str, Sequence[str]], *, alike: float
) -> Iterator[Finding]:
    """Yield, of each pair of parts, how many rows of the later one are `alike` a row of the earlier one.

    `features` of each part are [rows, width], `ids` its rows' names. Two rows are alike from a cosine of `alike` on
    between their features less the mean of the training rows': what all rows share would make any two alike. Where
    more than a tenth of the training rows are alike another one, the features do not tell rows apart, and what is
    found is a note.
    """
    centre = features["train"].mean(axis=0, dtype=np.float64)
    placed = {name: unit(each, centre) for name, each in features.items()}
    usual = _usual(placed["train"], alike)
    for earlier, later in PAIRS:
        nearest, cosine = nearest_rows(placed[later], placed[earlier])
        found = np.flatnonzero(cosine >= alike)
        if not len(found):
            continue
        shown = found[cosine[found].argsort(kind="stable")[::-1]][:SHOWN]
        examples = [(ids[later][row], ids[earlier][nearest[row]], float(cosine[row])) for row in shown]
        told = "; ".join(f"{mine!r} and {other!r} ({share:.3f})" for mine, other, share in examples)
        total, common = len(cosine), usual > _COMMON
        advice = (
            "The features do not tell these rows apart: it says little."
            if common
            else "Look at a few: are they the same thing told or seen twice?"
        )
        yield Finding(
            code="alike-across-parts",
            level="note" if common else "warning",
            message=f"{counted(len(found), total, f'{later} rows')} are alike a row of {earlier} to the pretrained "
            f"model, by a cosine of {alike} or more ({told}). Of the training rows {100 * usual:.1f} % are alike "
            f"another one. {advice}",
            details={
                "part": later,
                "alike": earlier,
                "rows": total,
                "found": len(found),
                "share": len(found) / total,
                "share_of_train": usual,
                "cosine": alike,
                "examples": [list(example) for example in examples],
            },
        )


def nearest_rows(
    rows: Features, others: Features, own: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.int64], Features]:
    """Return for each of `rows` [rows, width] which of `others` [others, width] is nearest, and their product.

    With features of length 1 it is their cosine. Of equally near ones the first counts. `own` [rows] is the place of
    each row among the others, where it is one of them and not to be compared with itself.
    """
    nearest = np.zeros(len(rows), dtype=np.int64)
    greatest = np.full(len(rows), -np.inf, dtype=np.float32)
    for start in range(0, len(rows), _ROWS):
        mine = slice(start, start + _ROWS)
        for other in range(0, len(others), _OTHERS):
            products = rows[mine] @ others[other : other + _OTHERS].T
            if own is not None:
                place = own[mine] - other
                inside = (place >= 0) & (place < products.shape[1])
                products[np.flatnonzero(inside), place[inside]] = -np.inf
            best = products.argmax(axis=1)
            value = products[np.arange(len(products)), best]
            better = value > greatest[mine]
            nearest[mine] = np.where(better, best + other, nearest[mine])
            greatest[mine] = np.where(better, value, greatest[mine])
    return nearest, greatest


def _usual(train: Features, alike: float) -> float:
    """Return the share of training rows that are alike another one, by a sample of them."""
    sample = np.unique(np.linspace(0, len(train) - 1, min(len(train), _SAMPLE)).astype(np.int64))
    _, cosine = nearest_rows(train[sample], train, own=sample)
    return float((cosine >= alike).mean())


def unit(features: Features, centre: NDArray[np.float64]) -> Features:
    """Return features less their centre, of length 1; a row at the centre is alike to none."""
    moved = (features - centre).astype(np.float32)
    length = np.linalg.norm(moved, axis=1, keepdims=True)
    found: Features = np.divide(moved, length, out=np.zeros_like(moved), where=length > 0)
    return found
