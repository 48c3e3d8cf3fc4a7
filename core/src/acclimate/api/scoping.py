"""Rows that have none of the labels: which they are, from which score a row is told to be one, and how well."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acclimate import evaluation
from acclimate.api.deciding import Decisions, choosing
from acclimate.api.inputs import Part
from acclimate.contracts import (
    DataError,
    Finding,
    LabelNames,
    OptionError,
    Preset,
    Scope,
    ScopeLevel,
    Score,
    Settings,
    did_you_mean,
    finite,
)

Scores = NDArray[np.float64]
# The parts of rows out of scope, by the part that they were dealt to; those dealt to train are in none.
OUTSIDE = {"validation": "validation out of scope", "test": "test out of scope"}
NO_LABEL = "none"
LEVELS = (0.9, 0.95, 0.97, 0.98, 0.99)
RETENTION = 0.95  # where rows out of scope are named and nothing else is said
# With fewer validation rows the share that is kept of new rows may be far from what was asked for.
_FEW = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """Rows with a label and rows out of scope: the former's logits [rows, classes] as calibrated, all as the model's.

    `outside` and `outside_logits` are None where there are no rows out of scope.
    """

    part: Part
    logits: Scores
    own_logits: Scores
    outside: Part | None
    outside_logits: Scores | None


def outside_label(settings: Settings, preset: Preset, labels: Iterable[str], *, multilabel: bool) -> str:
    """Return which of the labels of the data its rows out of scope have: the one asked for or usual; "" for none.

    Raises:
        OptionError: there is no such label, several usual ones, or rows may carry several labels.
    """
    found, asked = sorted(set(labels)), settings.out_of_scope
    if multilabel:
        _refuse_several(settings, preset)
        return ""
    if asked:
        if asked != NO_LABEL and asked not in found:
            raise OptionError(f"There is no label {asked!r} of rows out of scope.", did_you_mean(asked, found))
        return "" if asked == NO_LABEL else asked
    usual = {LabelNames.key(name) for name in preset.out_of_scope}
    known = [label for label in found if LabelNames.key(label) in usual]
    if len(known) > 1:
        raise OptionError(
            f"The labels {', '.join(map(repr, known))} all name rows out of scope.",
            "Give them one name (label_names), or say which it is (out_of_scope).",
        )
    return known[0] if known else ""


def _refuse_several(settings: Settings, preset: Preset) -> None:
    usual = preset.settings.get("retention")
    if settings.out_of_scope not in ("", NO_LABEL) or settings.retention not in (None, usual):
        raise OptionError(
            "out_of_scope and retention are for rows of one label, and these may carry several.",
            "Leave them out: a row that reaches no label's threshold has none.",
        )


def retention_of(settings: Settings, outside: str) -> float | None:
    """Return which share of rows with a label is to be kept; None where no row is told to be out of scope."""
    return RETENTION if settings.retention is None and outside else settings.retention


def decide_scope(
    decisions: Decisions, rows: Scored, outside: str, settings: Settings
) -> tuple[Decisions, tuple[Finding, ...]]:
    """Return the decisions with the score from which a row is kept, by validation `rows` that have a label.

    Rows out of scope choose nothing; what is told of them is kept beside it.

    Raises:
        DataError: the rows are test rows.
    """
    choosing(rows.part)
    retention = retention_of(settings, outside)
    if retention is None:
        return decisions, ()
    if rows.part.multilabel:
        message = "Rows may carry several labels, so that none is told to be out of scope."
        return decisions, (Finding(code="out-of-scope", level="note", message=message),)
    scores = evaluation.SCOPE_SCORES[settings.scope_score](rows.own_logits)
    decided = replace(
        decisions,
        outside=outside,
        scope_score=settings.scope_score,
        scope_threshold=evaluation.retention_threshold(scores, retention),
        retention=retention,
        scope_levels={str(share): evaluation.retention_threshold(scores, share) for share in LEVELS},
    )
    found = measure_scope(decided, rows)
    reached = finite(
        {
            "retained": found.retained.value,
            "recall": found.recall.value if found.recall else None,
            **found.rows,
        }
    )
    return replace(decided, scope_reached=reached), _few(len(scores), found.retained, retention)


def _few(rows: int, retained: Score, retention: float) -> tuple[Finding, ...]:
    if rows >= _FEW:
        return ()
    message = (
        f"The score that keeps {retention:.0%} of rows was chosen on {rows} validation rows: by them the share kept "
        f"of new rows may lie anywhere from {retained.low:.2f} to {retained.high:.2f}. More validation rows promise "
        "more."
    )
    return (Finding(code="few-rows-chose", message=message),)


def measure_scope(decisions: Decisions, rows: Scored) -> Scope:
    """Return what the decided score does on rows; the decisions have one."""
    assert decisions.scope_threshold is not None
    assert decisions.retention is not None
    inside = len(rows.own_logits)
    everything = _all(rows)
    strange = np.arange(len(everything)) >= inside
    scores = evaluation.SCOPE_SCORES[decisions.scope_score](everything)
    outside = len(everything) - inside
    groups = _groups(rows)
    found = _at(decisions.retention, decisions.scope_threshold, scores, rows)
    told = evaluation.rates(strange, scores < decisions.scope_threshold, groups=groups)
    return Scope(
        outside=decisions.outside,
        score=decisions.scope_score,
        retention=decisions.retention,
        threshold=decisions.scope_threshold,
        validation=decisions.scope_reached,
        rows={"inside": inside, "outside": outside},
        retained=found.retained,
        accuracy=found.accuracy,
        recall=found.recall,
        precision=told["ppv"] if outside else None,
        auroc={
            name: evaluation.area(strange, -score(everything), groups)
            for name, score in evaluation.SCOPE_SCORES.items()
            if outside
        },
        levels=tuple(
            _at(float(retention), threshold, scores, rows) for retention, threshold in decisions.scope_levels.items()
        ),
    )


def _at(retention: float, threshold: float, scores: Scores, rows: Scored) -> ScopeLevel:
    """Return what a threshold of the scores of rows with a label, then of those out of scope, does."""
    inside = len(rows.own_logits)
    kept = scores[:inside] >= threshold
    right = kept & (rows.logits.argmax(axis=1) == rows.part.truth)
    every = np.ones(inside, dtype=np.bool_)
    recall = None
    if len(scores) > inside:
        assert rows.outside is not None
        told = scores[inside:] < threshold
        recall = _share(told, np.ones_like(told), rows.outside)
    return ScopeLevel(
        retention=retention,
        threshold=threshold,
        retained=_share(kept, every, rows.part),
        accuracy=_share(right, every, rows.part),
        recall=recall,
    )


def _share(right: NDArray[np.bool_], every: NDArray[np.bool_], part: Part) -> Score:
    return evaluation.rates(every, right, groups=part.groups)["sensitivity"]


def _all(rows: Scored) -> Scores:
    """Return the model's logits of the rows with a label, then of those out of scope."""
    return rows.own_logits if rows.outside_logits is None else np.concatenate([rows.own_logits, rows.outside_logits])


def _groups(rows: Scored) -> list[str] | None:
    if rows.part.groups is None:
        return None
    return [*rows.part.groups, *((rows.outside.groups or []) if rows.outside else [])]


def divided(rows: Any, outside: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the places of the rows of a table that have one of the labels, and of those out of scope."""
    if not outside:
        return np.arange(len(rows)), np.arange(0)
    strange = np.asarray(rows["label"][:], dtype=object) == outside
    return np.flatnonzero(~strange), np.flatnonzero(strange)


def outside_part(name: str, rows: Any) -> Part:
    """Return rows out of scope as a part; their truth is the index of no label."""
    groups = rows["group"][:] if "group" in rows.column_names else None
    return Part(name=name, rows=rows, truth=np.full(len(rows), -1, dtype=np.int64), groups=groups)


def check_inside(counts: Mapping[str, int], outside: str) -> None:
    """Raise DataError where a part has no rows but those out of scope; `counts` are its other rows by name."""
    empty: Sequence[str] = [name for name, count in counts.items() if not count]
    if empty:
        raise DataError(
            f"All {empty[0]} rows are out of scope ({outside!r}).",
            "Give it rows with the other labels too: they say how many of those are kept.",
        )
