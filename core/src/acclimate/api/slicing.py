"""Subgroups of the test rows: how good the model is on each value of a column."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from acclimate.api.inputs import Part
from acclimate.contracts import Finding, Score, Slice

ScoreRows = Callable[[Sequence[int]], Mapping[str, Score]]

FEW_ROWS = 10
_MOST_VALUES = 30
_QUARTERS = 4
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def slices(
    part: Part,
    columns: Mapping[str, str],
    score_rows: ScoreRows,
    overall: Mapping[str, Score],
    lower_is_better: Collection[str] = (),
) -> tuple[dict[str, tuple[Slice, ...]], tuple[Finding, ...]]:
    """Return the slices of each column, and what they say: months and numbers in their order, others by their size.

    `columns` says under which name a column is kept in the rows.

    Values with fewer than 10 rows are not scored: such a score would say little, and might name a person. Numbers
    with many values are cut into quarters. `score_rows` scores some rows, `overall` are the scores of all; where a
    slice's interval lies on the worse side of that of all rows, a warning says so.
    """
    found, findings = {}, []
    for column, kept_as in columns.items():
        values, order = _values(part.rows[kept_as][:])
        counts = Counter(values).most_common()
        counts.sort(key=lambda each: order.index(each[0]) if order else 0)
        kept = [value for value, count in counts if count >= FEW_ROWS][:_MOST_VALUES]
        rows = {value: [row for row, each in enumerate(values) if each == value] for value in kept}
        found[column] = tuple(
            Slice(value=value, rows=len(places), scores=score_rows(places)) for value, places in rows.items()
        )
        left = [count for value, count in counts if value not in rows]
        if left:
            message = (
                f"Column {column!r}: {len(left)} of {len(counts)} values ({sum(left)} test rows) are not scored by "
                f"themselves: values with fewer than {FEW_ROWS} rows, or beyond the {_MOST_VALUES} most common."
            )
            findings.append(Finding(code="slices-left-out", level="note", message=message))
        findings.extend(_worse(column, found[column], overall, lower_is_better))
    return found, tuple(findings)


def _values(values: Sequence[Any]) -> tuple[list[str], list[str]]:
    """Return each row's value as text, and the order of values where they have one.

    Of dates it is the month, of numbers with many values the quarter they lie in.
    """
    texts = ["(empty)" if value in (None, "") else str(value) for value in values]
    if all(_DATE.match(text) for text in texts):
        months = [text[:7] for text in texts]
        return months, sorted(set(months))
    if len(set(texts)) <= _MOST_VALUES:
        return texts, []
    try:
        numbers = np.array([float(text) for text in texts])
    except ValueError:
        return texts, []
    edges = np.unique(np.quantile(numbers, np.arange(1, _QUARTERS) / _QUARTERS))
    names = [
        f"up to {edges[0]:g}",
        *(f"{low:g} to {high:g}" for low, high in pairwise(edges)),
        f"above {edges[-1]:g}",
    ]
    return [names[place] for place in np.searchsorted(edges, numbers, side="left")], names


def _worse(
    column: str, sliced: Sequence[Slice], overall: Mapping[str, Score], lower_is_better: Collection[str]
) -> list[Finding]:
    findings = []
    for each in sliced:
        for name, score in each.scores.items():
            every = overall[name]
            if score.low > every.high if name in lower_is_better else score.high < every.low:
                message = (
                    f"Where {column} is {each.value!r} ({each.rows} test rows), {name} is {score}, "
                    f"worse than that of all rows, {every}."
                )
                findings.append(Finding(code="slice-worse", message=message))
    return findings
