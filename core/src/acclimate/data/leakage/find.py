"""All leak checks on one split."""

from collections.abc import Iterator

from acclimate.data.leakage.contradictions import shared_groups, time_overlap
from acclimate.data.leakage.giveaways import telling_columns, telling_words
from acclimate.data.leakage.repeated_rows import conflicting_labels, repeated_across
from acclimate.data.leakage.rows import Leak, PartedRows
from acclimate.data.leakage.shift import class_shift


def find_leaks(rows: PartedRows, *, several: bool, seed: int) -> Iterator[Leak]:
    """Yield what every check finds; `several` says that rows may carry several labels.

    Raises:
        DataError: a time is neither a number nor an ISO date.
    """
    yield from repeated_across(rows)
    yield from shared_groups(rows)
    yield from time_overlap(rows)
    yield from conflicting_labels(rows)
    yield from telling_words(rows)
    yield from telling_columns(rows)
    yield from class_shift(rows, several=several, seed=seed)
