"""Files of test or validation rows that contradict what the group or time column promises."""

from collections.abc import Iterator

from acclimate.contracts import Finding
from acclimate.data.deal_time import seconds
from acclimate.data.leakage.rows import PAIRS, SHOWN, Leak, PartedRows, counted, listed


def shared_groups(rows: PartedRows) -> Iterator[Leak]:
    """Yield, of each pair of parts, the groups that are in both. A run must stop for any."""
    if rows.groups is None:
        return
    for earlier, later in PAIRS:
        here = [group for group, held in zip(rows.groups, rows.of(later), strict=True) if held]
        there = {group for group, held in zip(rows.groups, rows.of(earlier), strict=True) if held}
        shared = sorted(there.intersection(here))
        if not shared:
            continue
        count, total = sum(group in there for group in here), len(here)
        yield Leak(
            finding=Finding(
                code="group-in-two-parts",
                message=f"Groups both in {earlier} and in {later}: {len(shared):,} ({listed(shared, len(shared))}), "
                f"with {counted(count, total, f'{later} rows')}.",
                details={
                    "part": later,
                    "other": earlier,
                    "groups": len(shared),
                    "rows": total,
                    "shared": count,
                    "share": count / total,
                    "examples": shared[:SHOWN],
                },
            ),
            stops=True,
            mend=f"give one file with all rows, without {later} (--{later}): with group (--group) the split keeps "
            "each group in one part",
        )


def time_overlap(rows: PartedRows) -> Iterator[Leak]:
    """Yield, of each pair of parts, how many rows of the earlier one are later than the first row of the later one.

    A run must stop for any.

    Raises:
        DataError: a time is neither a number nor an ISO date.
    """
    if rows.times is None:
        return
    times = seconds(rows.times, rows.lines)
    for earlier, later in PAIRS:
        past, future = rows.of(earlier), rows.of(later)
        if not past.any() or not future.any():
            continue
        late = (past & (times > times[future].min())).nonzero()[0]
        if not len(late):
            continue
        begins = rows.times[int(future.nonzero()[0][times[future].argmin()])]
        total, ids = int(past.sum()), [rows.ids[row] for row in late[:SHOWN]]
        yield Leak(
            finding=Finding(
                code="time-overlap",
                message=f"{counted(len(late), total, f'{earlier} rows')} are later than the first {later} row "
                f"({begins}): {listed(ids, len(late))}.",
                details={
                    "part": earlier,
                    "other": later,
                    "rows": total,
                    "later": len(late),
                    "share": len(late) / total,
                    "begins": begins,
                    "examples": ids,
                },
            ),
            stops=True,
            mend=f"give one file with all rows, without {later} (--{later}): with time (--time) the split trains on "
            "the earliest rows and tests on the latest; or leave time out",
        )
