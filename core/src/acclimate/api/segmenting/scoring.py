"""Scores of masks: of every class in every image, pooled and class by class, beside all background."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acclimate import evaluation
from acclimate.api import scoring
from acclimate.api.request import Request
from acclimate.api.segmenting.rows import Spacing, is_known
from acclimate.contracts import ClassMasks, DataError, Metric, OptionError, Preset, Score
from acclimate.plugins import Host

Floats = NDArray[np.float64]
Truth = NDArray[np.uint8]
Statistics = Callable[[Sequence[evaluation.Mask], Sequence[NDArray[np.bool_]]], Floats]

MODEL, BACKGROUND, PROBE, LIKELIEST = "", "all_background", "pixel_probe", "likeliest_class"
_MILLIMETRES = {"hd95_pixels": "hd95", "nsd_2px": "nsd_2mm"}


def metric_names(preset: Preset, metrics: Sequence[str], spacing: str) -> tuple[str, ...]:
    """Return the names of what masks are measured by: those asked for, else the preset's.

    Where the spacing of pixels is known, a preset's distances in pixels become distances in millimetres.
    """
    if metrics:
        return tuple(metrics)
    return tuple(_MILLIMETRES.get(name, name) if is_known(spacing) else name for name in preset.metrics)


def metrics_of(host: Host, request: Request) -> dict[str, Metric]:
    """Return the metrics of a request by name.

    Raises:
        OptionError: for one that is not for masks, or that needs a spacing which is not there.
    """
    names = metric_names(request.preset, request.settings.metrics, request.columns.spacing)
    return checked(host, request.owner, names, spacing=request.columns.spacing)


def check_metrics(host: Host, request: Request) -> None:
    """Raise OptionError for metrics that cannot be, whatever the rows tell of the spacing of their pixels."""
    spacing = request.columns.spacing or request.preset.spacing
    metrics_of(host, replace(request, columns=replace(request.columns, spacing=spacing)))


def checked(host: Host, owner: str, names: Sequence[str], *, spacing: str) -> dict[str, Metric]:
    """Return metrics by name; see `metrics_of`."""
    metrics = scoring.counted_metrics_of(host, owner, names, task="image-segmentation", of="masks")
    for name, metric in metrics.items():
        try:
            _columns(host, metric, (1.0, 1.0) if is_known(spacing) else None)
        except DataError as error:
            pixels = [inside for inside, outside in _MILLIMETRES.items() if outside == name]
            raise OptionError(
                f"Metric {name!r} cannot be computed: {error.message}",
                f"Name the column with the spacing (--spacing){f', or measure by {pixels[0]}' if pixels else ''}.",
            ) from error
    return metrics


def functions_of_rows(host: Host, metrics: Mapping[str, Metric]) -> dict[str, Callable[[Any, Any, Any], float]]:
    """Return functions of (truth, scores, weights) whose scores are the statistics of all metrics side by side."""
    columns = {name: _columns(host, metric, (1.0, 1.0)) for name, metric in metrics.items()}
    return scoring.functions_of_columns(host, metrics, columns)


def _columns(host: Host, metric: Metric, spacing: Spacing | None) -> int:
    """Return the number of columns of a metric's statistics, from those of one tiny mask."""
    inside = np.ones((2, 2), dtype=np.bool_)
    statistics: Statistics = host.load(metric, "statistics")
    found = statistics([evaluation.Mask(inside=inside, spacing_millimetres=spacing)], [inside])
    return int(found.shape[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Structures:
    """What each structure, a class in an image, adds to each metric.

    Rows are by image and then by class: `truth` [rows] says whether it is there, `given` [rows] whether the model
    found some of it; `statistics` are [rows, columns] by table (`MODEL`, `BACKGROUND`, …) and metric. `groups` [rows]
    are those of the images, or the images themselves where they have several structures; `own` those of the images,
    if they have any. `regions` [rows] are the connected regions of each true mask. `dice` [images] is the mean Dice
    of the structures that are there or were found, 1 without any.
    """

    classes: tuple[str, ...]
    ids: list[str]
    groups: list[str] | None
    own: list[str] | None
    truth: NDArray[np.int64]
    given: NDArray[np.int64]
    statistics: Mapping[str, Mapping[str, Floats]]
    regions: Sequence[evaluation.FoundRegions]
    dice: Floats

    @property
    def rows(self) -> evaluation.ScoredRows:
        """The structures as a comparison of runs wants them."""
        scores = np.concatenate(list(self.statistics[MODEL].values()), axis=1)
        return evaluation.ScoredRows(ids=self.ids, truth=self.truth, groups=self.groups, scores=scores)


def measure(
    host: Host,
    metrics: Mapping[str, Metric],
    pairs: Iterator[tuple[Truth, Mapping[str, Truth]]],
    *,
    classes: Sequence[str],
    ids: Sequence[str],
    groups: Sequence[str] | None,
    spacings: Sequence[Spacing | None],
) -> Structures:
    """Return what structures add to the metrics, from true masks and those of each table in the order of `ids`."""
    functions: dict[str, Statistics] = {name: host.load(metric, "statistics") for name, metric in metrics.items()}
    tables: dict[str, dict[str, list[Floats]]] = {}
    there, given, dice = [], [], []
    regions: list[evaluation.FoundRegions] = []
    for (true, found), spacing in zip(pairs, spacings, strict=True):
        masks = [evaluation.Mask(inside=true == k, spacing_millimetres=spacing) for k in range(1, len(classes))]
        for table, predicted in {**found, BACKGROUND: np.zeros_like(true)}.items():
            insides = [predicted == k for k in range(1, len(classes))]
            for name, function in functions.items():
                tables.setdefault(table, {}).setdefault(name, []).append(function(masks, insides))
            if table == MODEL:
                given += [int(inside.any()) for inside in insides]
                dice.append(_dice(masks, insides))
                regions += [
                    evaluation.found_regions(mask.inside, each) for mask, each in zip(masks, insides, strict=True)
                ]
        there += [int(mask.inside.any()) for mask in masks]
    several = len(classes) > 2
    structures = [f"{id} {name}" if several else id for id in ids for name in classes[1:]]
    units = list(groups) if groups is not None else list(ids) if several else None
    return Structures(
        classes=tuple(classes[1:]),
        ids=structures,
        groups=None if units is None else [unit for unit in units for _ in classes[1:]],
        own=None if groups is None else list(groups),
        truth=np.array(there, dtype=np.int64),
        given=np.array(given, dtype=np.int64),
        statistics={
            table: {name: np.concatenate(parts) for name, parts in by_name.items()}
            for table, by_name in tables.items()
        },
        regions=regions,
        dice=np.array(dice),
    )


def score(
    host: Host, metrics: Mapping[str, Metric], structures: Structures, *, seed: int
) -> dict[str, dict[str, Score]]:
    """Return the metrics of each table over all structures."""
    functions = {name: host.load(metric) for name, metric in metrics.items()}
    return {
        table: evaluation.score_statistics(counted, functions, groups=structures.groups, seed=seed)
        for table, counted in structures.statistics.items()
    }


def by_class(
    host: Host, metrics: Mapping[str, Metric], structures: Structures, rule: evaluation.MaskRule, *, seed: int
) -> dict[str, ClassMasks]:
    """Return of each class but the first its metrics, how many images show it, in vain or rightly, its regions."""
    count, found = len(structures.classes), {}
    for number, name in enumerate(structures.classes):
        mine = slice(number, None, count)
        own = {metric: table[mine] for metric, table in structures.statistics[MODEL].items()}
        one = replace(structures, groups=structures.own, statistics={MODEL: own})
        truth, given = structures.truth[mine] > 0, structures.given[mine] > 0
        found[name] = ClassMasks(
            images=int(truth.sum()),
            missed=int((truth & ~given).sum()),
            found=int((~truth & given).sum()),
            others=int((~truth).sum()),
            threshold=rule.thresholds[number],
            minimum_pixels=rule.minimum_pixels[number],
            regions=evaluation.by_area(structures.regions[mine]),
            scores=score(host, metrics, one, seed=seed)[MODEL],
        )
    return found


def _dice(masks: Sequence[evaluation.Mask], insides: Sequence[NDArray[np.bool_]]) -> float:
    some = [(mask, inside) for mask, inside in zip(masks, insides, strict=True) if mask.inside.any() or inside.any()]
    if not some:
        return 1.0
    counted = evaluation.dice_statistics(*zip(*some, strict=True), both_empty="refuse")
    return float(counted[:, 0].mean())
