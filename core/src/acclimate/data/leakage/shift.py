"""Classes whose share differs from part to part by more than chance explains."""

from collections.abc import Iterator

import numpy as np
from scipy.stats import fisher_exact

from acclimate.contracts import Finding
from acclimate.data.labels import indicators
from acclimate.data.leakage.rows import SHOWN, Leak, PartedRows

LARGE = 0.1
SIGNIFICANT = 0.01
_SHUFFLES = 9_999


def class_shift(rows: PartedRows, *, several: bool, seed: int) -> Iterator[Leak]:
    """Yield how the label mix of validation and of test differs from that of train.

    With one label per row the difference is the total variation distance, half the sum of the differences of all
    shares: the share of rows that would have to change their label. It is told from 0.1 on, where fewer than 1 in
    100 of 9,999 random deals of the same rows give as large a one (permutation test). Where rows may carry several
    labels (`several`) it is that of each label by itself, the difference of its shares, with Fisher's exact test
    corrected for all labels. It never stops a run. Groups are not heeded: rows of a group vary together, so that a
    split by group may shift more often than the test says. Rows that have none of the labels count in no mix.
    """
    names = sorted({name for labels in rows.labels for name in labels} - {rows.outside})
    table = indicators(rows.labels, [*names, rows.outside] if rows.outside else names).astype(np.int64)
    inside = table[:, len(names) :].sum(axis=1) == 0
    table = table[:, : len(names)]
    train = table[rows.of("train") & inside]
    for part in ("validation", "test"):
        held = table[rows.of(part) & inside]
        if not len(train) or not len(held):
            continue
        shift = held.mean(axis=0) - train.mean(axis=0)
        if several:
            distance, p = _worst_label(train, held, shift)
        else:
            distance = float(np.abs(shift).sum() / 2)
            p = _permuted(train.sum(axis=0), held.sum(axis=0), distance, seed) if distance >= LARGE else 1.0
        if distance < LARGE or p > SIGNIFICANT:
            continue
        order = np.argsort(-np.abs(shift), kind="stable")[:SHOWN]
        shown = "; ".join(
            f"{names[k]!r} {100 * train[:, k].mean():.1f} % and {100 * held[:, k].mean():.1f} %" for k in order
        )
        yield Leak(
            finding=Finding(
                code="class-shift",
                message=f"The label mix of {part} is not that of train: distance {distance:.2f}, p {p:.2g} "
                f"({shown}). Scores that depend on the mix, such as accuracy, are those of this mix.",
                details={
                    "part": part,
                    "rows": len(held),
                    "distance": distance,
                    "p": p,
                    "shares": {
                        names[k]: {"train": float(train[:, k].mean()), part: float(held[:, k].mean())} for k in order
                    },
                },
            )
        )


def _permuted(train: np.ndarray, held: np.ndarray, distance: float, seed: int) -> float:
    """Return the share of random deals of the same rows whose distance is as large; counts are [classes]."""
    random = np.random.default_rng(seed)
    whole, size = train + held, int(held.sum())
    dealt = random.multivariate_hypergeometric(whole, size, size=_SHUFFLES)
    distances = np.abs(dealt / size - (whole - dealt) / (whole.sum() - size)).sum(axis=1) / 2
    return float((1 + (distances >= distance - 1e-12).sum()) / (1 + _SHUFFLES))


def _worst_label(train: np.ndarray, held: np.ndarray, shift: np.ndarray) -> tuple[float, float]:
    """Return the largest significant difference of a label's shares and its corrected p-value."""
    found = (0.0, 1.0)
    for k in np.flatnonzero(np.abs(shift) >= LARGE):
        counts = [[part[:, k].sum(), len(part) - part[:, k].sum()] for part in (train, held)]
        p = min(1.0, float(fisher_exact(counts).pvalue) * len(shift))
        if p <= SIGNIFICANT and abs(shift[k]) > found[0]:
            found = (float(abs(shift[k])), p)
    return found
