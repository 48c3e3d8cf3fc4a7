"""Rows that repeat, exactly or nearly: across parts, with other labels, and those that a split kept together."""

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from acclimate.contracts import Finding
from acclimate.data.deal_groups import join_groups
from acclimate.data.leakage.rows import PAIRS, SHOWN, Leak, PartedRows, counted
from acclimate.data.repeats import Integers, numbered

MOST_REPEATED = 0.01
_ALL_ONE = 0.1


def repeated_across(rows: PartedRows) -> Iterator[Leak]:
    """Yield, of each pair of parts, how many rows of the later one repeat a row of the earlier one.

    A run must stop where more than 1 % of the test rows repeat a row of train or of validation. Repeats between
    train and validation make training look for the wrong epoch, but leave the test score what it is: they never stop
    a run.
    """
    for earlier, later in PAIRS:
        here, there = rows.of(later), rows.of(earlier)
        same, near = rows.repeats.twins(there)
        exact, close, total = int(same[here].sum()), int(near[here].sum()), int(here.sum())
        if not exact + close:
            continue
        pairs = _examples(rows, earlier, later)
        share = (exact + close) / total
        shown = "; ".join(f"{mine!r} and {other!r}" for mine, other in pairs)
        yield Leak(
            finding=Finding(
                code="repeated-across-parts",
                message=f"{counted(exact + close, total, f'{later} rows')} repeat a row of {earlier}, {exact:,} "
                f"exactly and {close:,} nearly ({shown}).",
                details={
                    "part": later,
                    "repeats": earlier,
                    "rows": total,
                    "same": exact,
                    "near": close,
                    "share": share,
                    "examples": [list(pair) for pair in pairs],
                },
            ),
            stops=later == "test" and share > MOST_REPEATED,
            mend="keep rows that repeat each other in one part: leave group, time and the files of test and "
            "validation rows out and the split does so, or name a column with group (--group) that they share; or "
            "remove them",
        )


def _examples(rows: PartedRows, earlier: str, later: str) -> list[tuple[str, str]]:
    """Return ids of the first pairs: the row of the later part, then the one that it repeats."""
    here, there = rows.of(later), rows.of(earlier)
    # Rows of the third part get numbers of their own, so that only pairs of these two differ.
    parts = np.where(here, 1, np.where(there, 2, 0))
    across = (
        (one, other) if here[one] else (other, one)
        for one, other in rows.repeats.pairs_across(parts)
        if parts[one] and parts[other]
    )
    return [(rows.ids[mine], rows.ids[other]) for mine, other in islice(across, SHOWN)]


def conflicting_labels(rows: PartedRows) -> Iterator[Leak]:
    """Yield how many rows are the same as, or nearly the same as, a row with other labels, in whatever part.

    It is a note where rows are only nearly the same, since the label may hang on what differs, such as a small crack.
    """
    labels = numbered([tuple(sorted(names)) for names in rows.labels])
    exact, close = _conflicts(rows, labels)
    if not (exact | close).any():
        return
    total = len(rows.ids)
    pairs = [
        (rows.ids[one], rows.ids[other], _named(rows, one), _named(rows, other))
        for one, other in islice(rows.repeats.pairs_across(labels), SHOWN)
    ]
    shown = "; ".join(f"{one!r} ({first}) and {other!r} ({second})" for one, other, first, second in pairs)
    advice = (
        "One of two labels of the same content is wrong, or what tells them apart is not in it."
        if exact.any()
        else "Look at a few: either the label hangs on the small difference, or one of the two is wrong."
    )
    yield Leak(
        finding=Finding(
            code="conflicting-labels",
            level="warning" if exact.any() else "note",
            message=f"{counted(int((exact | close).sum()), total, 'rows')} carry another label than a row that they "
            f"repeat, {int(exact.sum()):,} exactly and {int((close & ~exact).sum()):,} nearly ({shown}). {advice}",
            details={
                "rows": total,
                "same": int(exact.sum()),
                "near": int((close & ~exact).sum()),
                "examples": [list(pair) for pair in pairs],
            },
        )
    )


def _conflicts(rows: PartedRows, labels: Integers) -> tuple[np.ndarray, np.ndarray]:
    """Return which rows [rows] are the same as, and nearly the same as, one whose labels have another number."""
    same, size = rows.repeats.same, int(rows.repeats.same.max(initial=-1)) + 1
    low, high = np.full(size, np.iinfo(np.int64).max), np.full(size, -1)
    np.minimum.at(low, same, labels)
    np.maximum.at(high, same, labels)
    exact = (low < high)[same]
    close = np.zeros(len(same), dtype=np.bool_)
    beside = np.concatenate([rows.repeats.near, rows.repeats.near[:, ::-1]])
    # The least and the greatest label among all near duplicates of a content: a row differs from one of the two.
    around_low, around_high = np.full(size, np.iinfo(np.int64).max), np.full(size, -1)
    np.minimum.at(around_low, beside[:, 0], low[beside[:, 1]])
    np.maximum.at(around_high, beside[:, 0], high[beside[:, 1]])
    has = around_high[same] >= 0
    close[has] = (around_low[same] != labels)[has] | (around_high[same] != labels)[has]
    return exact, close


def _named(rows: PartedRows, row: int) -> str:
    return ", ".join(sorted(rows.labels[row])) or "no label"


def kept_together(clusters: Integers) -> Iterator[Leak]:
    """Yield how many rows a split dealt in clusters [rows] of repeats, each as a whole to one part."""
    sizes = np.bincount(clusters)
    several = sizes[sizes > 1]
    if not len(several):
        return
    largest, total = int(several.max()), len(clusters)
    chained = largest > _ALL_ONE * total
    yield Leak(
        finding=Finding(
            code="repeats-kept-together",
            level="warning" if chained else "note",
            message=f"{counted(int(several.sum()), total, 'rows')} repeat one another, exactly or nearly; their "
            f"clusters ({len(several):,}, of up to {largest:,} rows) are each in one part."
            + (" The largest holds much of the data: are these rows too much alike to be told apart?" * chained),
            details={
                "rows": total,
                "repeating": int(several.sum()),
                "clusters": len(several),
                "largest": largest,
            },
        )
    )


def joined_groups(groups: Sequence[str], clusters: Integers) -> Iterator[Leak]:
    """Yield how many groups [rows] a split dealt together: those that hold rows of one cluster [rows] of repeats."""
    numbers = numbered(groups)
    units = join_groups(numbers, clusters)
    members = np.bincount(units[np.unique(numbers, return_index=True)[1]])
    several = members[members > 1]
    if not len(several):
        return
    largest, total = int(np.bincount(units)[members > 1].max()), len(clusters)
    yield Leak(
        finding=Finding(
            code="groups-joined",
            message=f"{counted(int(several.sum()), int(members.sum()), 'groups')} "
            f"hold rows that repeat, exactly or nearly, a row of another group, and were dealt with it as "
            f"{len(several):,} units of up to {largest:,} of {total:,} rows. The group may not hold what belongs "
            f"together.",
            details={
                "groups": int(members.sum()),
                "joined": int(several.sum()),
                "units": len(several),
                "largest": largest,
                "rows": total,
            },
        )
    )
