"""A model measured on the test rows: what it scores, and which images it segments worst."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from acclimate import evaluation
from acclimate.api.inputs import Part
from acclimate.api.segmenting import scoring
from acclimate.api.segmenting.deciding import ranked
from acclimate.api.segmenting.overlays import SHOWN, overlay
from acclimate.api.segmenting.predicting import coarse, in_order, mask_of
from acclimate.api.segmenting.rows import Spacing
from acclimate.contracts import Analysis, Finding, Masks, Metric, Overlay, Score
from acclimate.models import MaskExamples, PixelProbe, Segmenter
from acclimate.plugins import Host


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """What test rows say of a model.

    `logits` [rows, classes, 16, 16] are the means in the fields of a grid over each image. `records` are the rows as
    `review_report` receives them: of each the classes that are there, and those that were found.
    """

    structures: scoring.Structures
    metrics: Mapping[str, Score]
    baselines: Mapping[str, Mapping[str, Score]]
    analysis: Analysis
    findings: tuple[Finding, ...]
    logits: NDArray[np.float32]
    records: Mapping[str, Any]


def measure(
    host: Host,
    model: Segmenter,
    part: Part,
    examples: MaskExamples,
    metrics: Mapping[str, Metric],
    spacings: Sequence[Spacing | None],
    *,
    rule: evaluation.MaskRule,
    precision: str,
    seed: int,
    shown: bool,
    progress: Callable[[int], object],
    probe: PixelProbe | None = None,
) -> Tested:
    """Return what the rows of a part say of a model; `shown` puts the worst of its images into the analysis.

    `rule` makes masks of logits. Where it is not plain, the model without it is scored as `likeliest_class`; `probe`
    is a further baseline.
    """
    grids: list[NDArray[np.float32]] = []
    shares: list[list[float]] = []

    def opened(row: int) -> Any:
        return examples.open_image(examples.paths[row])

    def masks_of(network: Segmenter | PixelProbe, rows: Sequence[int]) -> Iterator[tuple[int, Tensor]]:
        return in_order(network, examples.preprocessing, opened, rows, precision=precision)

    def pairs() -> Iterator[tuple[scoring.Truth, Mapping[str, scoring.Truth]]]:
        every = range(len(examples))
        probed = masks_of(probe, every) if probe is not None else None
        for row, logits in masks_of(model, every):
            grids.append(coarse(logits))
            found = {scoring.MODEL: rule.mask(ranked(logits))}
            if not rule.is_plain:
                found[scoring.LIKELIEST] = mask_of(logits)
            own = found[scoring.MODEL]
            shares.append((np.bincount(own.ravel(), minlength=len(model.labels)) / own.size).tolist())
            if probed is not None:
                found[scoring.PROBE] = mask_of(next(probed)[1])
            progress(1)
            yield examples.open_mask(examples.masks[row]), found

    structures = scoring.measure(
        host, metrics, pairs(), classes=model.labels, ids=part.ids, groups=part.groups, spacings=spacings
    )
    scored = scoring.score(host, metrics, structures, seed=seed)
    worst: list[Overlay] = []
    rows = [int(row) for row in structures.dice.argsort(kind="stable")[:SHOWN] if structures.dice[row] < 1]
    for row, logits in masks_of(model, rows if shown else []):
        drawn = overlay(opened(row), examples.open_mask(examples.masks[row]), rule.mask(ranked(logits)))
        worst.append(Overlay(id=part.ids[row], dice=float(structures.dice[row]), image=drawn))
    values = scored[scoring.MODEL]
    baselines = {name: found for name, found in scored.items() if name != scoring.MODEL}
    by_class = scoring.by_class(host, metrics, structures, rule, seed=seed)
    return Tested(
        structures=structures,
        metrics=values,
        baselines=baselines,
        analysis=Analysis(masks=Masks(by_class=by_class, worst=tuple(worst))),
        findings=_findings(part, structures, values, baselines, metrics),
        logits=np.stack(grids),
        records=_records(part, structures, shares),
    )


def _findings(
    part: Part,
    structures: scoring.Structures,
    values: Mapping[str, Score],
    baselines: Mapping[str, Mapping[str, Score]],
    metrics: Mapping[str, Metric],
) -> tuple[Finding, ...]:
    """Return what the scores say: rows that are too few, a class never found, a baseline that is better."""
    first = next(iter(metrics))
    never = [
        name
        for number, name in enumerate(structures.classes)
        if structures.truth[number :: len(structures.classes)].any()
        and not structures.given[number :: len(structures.classes)].any()
    ]
    found = tuple(
        Finding(
            code="class-never-found",
            level="problem",
            message=f"{name!r} was found in none of the test images, and is in some of them.",
        )
        for name in never
    )
    decisive = {first: values[first]}
    others = {name: {first: scores[first]} for name, scores in baselines.items() if name != scoring.LIKELIEST}
    return (
        *evaluation.sample_size(part.truth, structures.classes),
        *found,
        *evaluation.compare(decisive, others, better={first: metrics[first].better}),
    )


def _records(part: Part, structures: scoring.Structures, shares: Sequence[Sequence[float]]) -> Mapping[str, Any]:
    count = len(structures.classes)

    def named(flags: NDArray[np.int64]) -> list[tuple[str, ...]]:
        return [tuple(structures.classes[k] for k in np.flatnonzero(row)) for row in flags.reshape(-1, count)]

    return {
        "ids": part.ids,
        "truth": named(structures.truth),
        "predicted": named(structures.given),
        "probabilities": np.asarray(shares),
    }
