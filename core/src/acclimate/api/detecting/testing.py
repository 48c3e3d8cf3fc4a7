"""Test parts against a frozen threshold: what escapes, what is rejected, and how well defects are located."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acclimate import data, evaluation
from acclimate.api import scoring
from acclimate.api.detecting.asking import PartRule
from acclimate.api.detecting.deciding import Decided
from acclimate.api.detecting.observing import Observed, observe
from acclimate.api.detecting.pictures import heat_map, shown
from acclimate.api.detecting.places import Places
from acclimate.api.inputs import Part
from acclimate.contracts import (
    Analysis,
    Escapes,
    Finding,
    Inspected,
    InspectedPart,
    Metric,
    OptionError,
    Score,
    SizeBand,
)
from acclimate.models import Detector, PartExamples
from acclimate.models.anomaly import regions
from acclimate.plugins import Host

Floats = NDArray[np.float64]
_SHOWN = 6
_CLAIMS = (0.1, 0.05, 0.01)
_BANDS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """What test parts say of a detector. `scores` [parts, 2] are the threshold and the score of each."""

    metrics: Mapping[str, Score]
    baselines: Mapping[str, Mapping[str, Score]]
    analysis: Analysis
    findings: tuple[Finding, ...]
    observed: Observed
    scores: Floats
    records: Mapping[str, Any]


def metrics_of(
    host: Host, owner: str, names: Sequence[str], *, masks: bool, asked: bool
) -> tuple[dict[str, Metric], dict[str, Metric]]:
    """Return the metrics of whole parts and those of places, by name; the latter only where there are `masks`.

    Raises:
        OptionError: for a metric that is not for parts; for one of places that was `asked` for without masks; where
            none of whole parts is left.
    """
    found = scoring.metrics_of(host, owner, names, task="anomaly-detection", multilabel=False)
    whole = {name: metric for name, metric in found.items() if metric.statistics is None}
    places = {name: metric for name, metric in found.items() if metric.statistics is not None}
    if places and asked and not masks:
        raise OptionError(
            f"Metric {next(iter(places))!r} compares places, and no defective part has a mask.",
            "Leave it out, or add masks.",
        )
    if not whole:
        raise OptionError(f"{', '.join(names)} are of places alone.", "Add a metric of whole parts, such as auroc.")
    return whole, places if masks else {}


def measure(
    host: Host,
    model: Detector,
    part: Part,
    examples: PartExamples,
    metrics: tuple[Mapping[str, Metric], Mapping[str, Metric]],
    decided: Decided,
    rule: PartRule,
    *,
    precision: str,
    seed: int,
    show_rows: bool,
    progress: Callable[[int], object],
    others: Callable[[Observed], Mapping[str, Floats]] = lambda _: {},
) -> Tested:
    """Return what the parts say of a detector whose threshold is `decided`.

    `others` returns by baseline what `scores` are of it, [parts, 2], from what is observed.
    """
    places = Places(examples=examples, defective=part.truth == 1)

    def on_map(row: int, scores: Any) -> None:
        places.add(row, scores)
        progress(1)

    observed = observe(model, examples, on_map, precision=precision)
    whole, located = metrics
    tables = {"": table(observed.scores, decided.threshold), **others(observed)}
    scored = scoring.score(host, part.truth, tables, whole, groups=part.groups, seed=seed)
    values = scored.pop("") | places.score(host, located, part.groups, seed=seed)
    inspected = _inspected(model, part, observed.scores, decided, rule, places, seed)
    if show_rows:
        rows = _to_show(part.truth, observed.scores, decided.threshold)
        inspected = _with_pictures(inspected, rows, model, part, examples, observed, decided, precision)
    first = next(iter(whole))
    names = list(part.rows["label"][:])
    return Tested(
        metrics={name: values[name] for name in (*whole, *located)},
        baselines=scored,
        analysis=Analysis(inspection=inspected),
        findings=(
            *_about(part.truth, model.labels),
            *places.findings(),
            *evaluation.compare(
                {first: values[first]},
                {name: {first: found[first]} for name, found in scored.items()},
                better={first: whole[first].better},
            ),
        ),
        observed=observed,
        scores=tables[""],
        records={
            "ids": part.ids,
            "truth": names,
            "predicted": [model.labels[int(score > decided.threshold)] for score in observed.scores],
            "probabilities": np.eye(2)[(observed.scores > decided.threshold).astype(int)],
        },
    )


def table(scores: Floats, threshold: float) -> Floats:
    """Return what metrics of whole parts read [parts, 2]: the threshold and the score of each."""
    return np.stack([np.full(len(scores), threshold), scores], axis=1)


def _about(truth: NDArray[np.int64], labels: Sequence[str]) -> tuple[Finding, ...]:
    if truth.any():
        return evaluation.sample_size(truth, labels)
    message = (
        "No test part is defective: nothing is known of what escapes, and how well good and defective parts are told "
        "apart. 59 defective parts, all rejected, show that fewer than 5 % escape, and 299 that fewer than 1 % do."
    )
    return (Finding(code="no-defective-parts", message=message), *evaluation.sample_size(truth, labels[:1]))


def _inspected(
    model: Detector, part: Part, scores: Floats, decided: Decided, rule: PartRule, places: Places, seed: int
) -> Inspected:
    defective = part.truth == 1
    groups = None if part.groups is None else np.asarray(part.groups)
    found = evaluation.inspect(scores, defective, decided.threshold, rule.costs, groups=part.groups, seed=seed)
    escaped = defective & (scores <= decided.threshold)
    rejected = ~defective & (scores > decided.threshold)
    counts = {
        "defective": int(defective.sum()),
        "escaped": int(escaped.sum()),
        "good": int((~defective).sum()),
        "rejected": int(rejected.sum()),
    }
    claims = {"escape": (escaped, defective), "overkill": (rejected, ~defective)}
    labels = np.asarray(part.rows["label"][:])
    promised = decided.promised
    return Inspected(
        good=model.labels[0],
        rule=decided.rule,
        threshold=decided.threshold,
        map_threshold=decided.map_threshold,
        calibration=decided.calibration,
        defective=decided.defective,
        promised=promised,
        promised_range=None if promised is None else evaluation.overkill_range(decided.calibration, promised),
        counts=counts,
        escape=found.escape,
        overkill=found.overkill,
        cost_per_1000=found.cost_per_1000,
        prevalence=decided.prevalence,
        claimable={
            name: evaluation.claimable(_units(wrong, groups), _units(among, groups))
            for name, (wrong, among) in claims.items()
            if among.any()
        },
        to_claim={f"{share:g}": evaluation.parts_to_claim(share) for share in _CLAIMS},
        by_kind={
            str(kind): _escapes(escaped, labels == kind, part.groups, seed)
            for kind in sorted(set(labels[defective].tolist()))
        },
        by_size=_by_size(places.areas, escaped, part.groups, seed),
    )


def _units(rows: NDArray[np.bool_], groups: NDArray[Any] | None) -> int:
    """Return how many parts there are among `rows` [parts], or how many groups where parts are in groups."""
    return int(rows.sum()) if groups is None else len(np.unique(groups[rows]))


def _escapes(
    escaped: NDArray[np.bool_], among: NDArray[np.bool_], groups: Sequence[str] | None, seed: int
) -> Escapes:
    """Return what escapes `among` the parts, of booleans [parts]."""
    held = escaped[among]
    mine = None if groups is None else [groups[row] for row in np.flatnonzero(among).tolist()]
    found = evaluation.rates(np.ones_like(held), ~held, groups=mine, seed=seed)
    return Escapes(parts=len(held), escaped=int(held.sum()), escape=evaluation.missed(found["sensitivity"]))


def _by_size(
    areas: Mapping[int, int], escaped: NDArray[np.bool_], groups: Sequence[str] | None, seed: int
) -> tuple[SizeBand, ...]:
    """Return defective parts in bands of equally many by the area of their defects, the smallest first."""
    if not areas:
        return ()
    pixels = np.zeros(len(escaped), dtype=np.int64)
    pixels[list(areas)] = list(areas.values())
    known = np.isin(np.arange(len(escaped)), list(areas))
    limits = np.unique(np.quantile(pixels[known], np.arange(1, _BANDS + 1) / _BANDS, method="inverted_cdf"))
    bands = [known & (np.searchsorted(limits, pixels) == each) for each in range(len(limits))]
    return tuple(
        SizeBand(
            smallest=int(pixels[band].min()),
            largest=int(pixels[band].max()),
            escapes=_escapes(escaped, band, groups, seed),
        )
        for band in bands
        if band.any()
    )


def _to_show(truth: NDArray[np.int64], scores: Floats, threshold: float) -> list[int]:
    """Return parts to look at: those that escape, then good ones that are rejected, then defects that are found."""
    order = scores.argsort(kind="stable")
    escaped = [int(row) for row in order if truth[row] == 1 and scores[row] <= threshold]
    rejected = [int(row) for row in order[::-1] if truth[row] == 0 and scores[row] > threshold]
    found = [int(row) for row in order if truth[row] == 1 and scores[row] > threshold]
    spread = sorted({round(place) for place in np.linspace(0, len(found) - 1, min(_SHOWN, len(found)))})
    return [*escaped[:_SHOWN], *rejected[:_SHOWN], *(found[place] for place in spread)]


def _with_pictures(
    inspected: Inspected,
    rows: Sequence[int],
    model: Detector,
    part: Part,
    examples: PartExamples,
    observed: Observed,
    decided: Decided,
    precision: str,
) -> Inspected:
    labels = list(part.rows["label"][:])
    pictures = picture_parts(model, examples, rows, decided, precision=precision)
    parts = tuple(
        InspectedPart(
            id=part.ids[row],
            label=labels[row],
            score=float(observed.scores[row]),
            rejected=bool(observed.scores[row] > decided.threshold),
            image=picture,
        )
        for row, picture in zip(rows, pictures, strict=True)
    )
    return replace(inspected, shown=parts)


def picture_parts(
    model: Detector, examples: PartExamples, rows: Sequence[int], decided: Decided, *, precision: str
) -> list[str]:
    """Return small pictures of some parts with their maps, regions, and the outlines of their masks."""
    images = [examples.image(row) for row in rows]
    found = []
    for row, image, judged in zip(
        rows, images, model.judged(examples.preprocessing, images, precision=precision), strict=True
    ):
        mask = data.open_mask(examples.masks[row], 2) if examples.masks[row] else None
        marked = regions(judged.map, decided.map_threshold) if judged.score > decided.threshold else ()
        found.append(shown(heat_map(image, judged.map, decided.map_threshold, marked, mask)))
    return found
