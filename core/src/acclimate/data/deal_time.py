"""Rows dealt by time: the past trains, the future tests."""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray

from acclimate.contracts import DataError
from acclimate.data.cells import Tally, place
from acclimate.data.labels import label_sets

_DAY = 86_400.0
# Dates without hyphens, which would pass for numbers.
_COMPACT = re.compile(r"(?:19|20)\d{6}")
LEFT_OUT = -1


def deal_by_time(
    rows: Dataset,
    shares: Mapping[str, float],
    embargo: float = 0.0,
    together: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Return the part of each row [rows]: 0 is train (the earliest), then the wanted parts in order of time.

    Rows of one time stay together, in the later part. Rows less than `embargo` before the first row of a later part
    (days, or units of a time that is a number) are in no part, -1: what they tell of may reach into that part. Nor
    are rows that repeat one of an earlier part, which have one number in `together` [rows]: a story told again
    would be measured on what has been trained.

    Raises:
        DataError: a time is neither a number nor an ISO date; there are too few different times; or a class
            occurs only after the training part has ended.
    """
    times = seconds(rows["time"][:], rows["line"][:])
    ordered = np.sort(times)
    parts = np.zeros(len(times), dtype=np.int64)
    for number in range(1, len(shares) + 1):
        later = sum(list(shares.values())[number - 1 :])
        first = len(ordered) - max(1, math.floor(len(ordered) * later + 0.5))
        parts[times >= ordered[max(first, 0)]] = number
    if embargo:
        gap = embargo * (_DAY if _dates(rows["time"][:]) else 1.0)
        starts = [times[parts == number].min() for number in range(1, len(shares) + 1) if (parts == number).any()]
        for start in starts:
            parts[(times < start) & (times > start - gap)] = LEFT_OUT
    if together is not None:
        parts[_told_before(parts, together)] = LEFT_OUT
    for number, name in enumerate(("train", *shares)):
        if not (parts == number).any():
            raise DataError(
                f"{len(set(times.tolist())):,} different times are too few to fill the parts "
                f"{', '.join(('train', *shares))}: {name} stays empty.",
                f"Use a finer time, {'a shorter embargo, ' if embargo else ''}or give files for the parts.",
            )
    _check_classes(label_sets(rows), parts, rows["time"][:], times)
    return parts


def _told_before(parts: NDArray[np.int64], together: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which rows [rows] repeat a row of an earlier part."""
    first = np.full(int(together.max()) + 1, parts.max())
    inside = parts != LEFT_OUT
    np.minimum.at(first, together[inside], parts[inside])
    again: NDArray[np.bool_] = inside & (parts > first[together])
    return again


def _dates(values: Sequence[str]) -> bool:
    return all(map(_COMPACT.fullmatch, values)) or any(_number(value) is None for value in values)


def seconds(values: Sequence[str], lines: Sequence[int]) -> NDArray[np.float64]:
    """Return times as numbers that sort [rows]: the numbers themselves, or seconds since 1970 of ISO dates.

    Dates without a zone are taken as UTC, and numbers as dates where all read YYYYMMDD.

    Raises:
        DataError: a time is neither; it gives the lines.
    """
    numbers = [_number(value) for value in values]
    if not _dates(values):
        return np.array(numbers, dtype=np.float64)
    moments = [_moment(value) for value in values]
    bad = Tally()
    for ordinal, (moment, line) in enumerate(zip(moments, lines, strict=True), 1):
        if moment is None:
            bad.add(place(line, ordinal))
    if bad.count:
        example = values[moments.index(None)]
        raise DataError(
            f"{bad.count:,} of {len(values):,} times cannot be read ({bad}; {example!r}).",
            "Write ISO dates (2024-05-31, 2024-05-31T12:00) or numbers, the same kind in all rows.",
        )
    return np.array(moments, dtype=np.float64)


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _moment(value: str) -> float | None:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()


def _check_classes(
    sets: Sequence[Sequence[str]], parts: NDArray[np.int64], values: Sequence[str], times: NDArray[np.float64]
) -> None:
    trained = {label for names, part in zip(sets, parts, strict=True) if part == 0 for label in names}
    late = sorted({label for names in sets for label in names} - trained)
    if late:
        last = values[int(np.argmax(np.where(parts == 0, times, -np.inf)))]
        raise DataError(
            f"{len(late):,} classes occur only after the training part ends ({last}): "
            f"{', '.join(repr(label) for label in late[:10])}.",
            "Remove these classes, or give files for the parts.",
        )
