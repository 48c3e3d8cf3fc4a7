"""A saved run that gives masks, measured on new images with masks."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from acclimate.api.clock import Clock
from acclimate.api.evaluate_modules import named_by_run
from acclimate.api.inputs import as_part
from acclimate.api.manifest import read_with
from acclimate.api.report_fields import of_saved, reviewed
from acclimate.api.request import find_preset, split_options
from acclimate.api.segmenting import rows, scoring, testing
from acclimate.api.segmenting.asking import check_options
from acclimate.api.segmenting.predictor import load
from acclimate.contracts import OptionError, Report
from acclimate.plugins import Host

_OF_TRAINING = ("classes", "decoder", "crop_size", "tiles")
_CHOSEN = ("minimum_area", "mask_threshold")


def evaluate(host: Host, folder: Path, source: str, options: Mapping[str, Any]) -> Report:
    """Return the report of a saved run on images with masks; the only baseline is all background.

    Raises:
        OptionError: for what was decided when the run was made, or is for labels.
        AcclimateError: for a run or rows that cannot be used.
    """
    clock = Clock()
    check_options(options)
    decided = [name for name in _OF_TRAINING if options.get(name)]
    decided += [name for name in _CHOSEN if options.get(name, "auto") != "auto"]
    if decided:
        raise OptionError(f"{decided[0]} was decided when the run was made.", f"Leave {decided[0]} out.")
    columns, settings = split_options(dict(options))
    with TemporaryDirectory(prefix="acclimate-") as temporary:
        with clock.stage("prepare"):
            predictor = load(folder, host)
            preset, owner, name = find_preset(host, predictor.manifest["preset"])
            names = settings.metrics or named_by_run(predictor.manifest, folder)
            scoring.checked(host, owner, names, spacing=columns.spacing or preset.spacing)
            table, _ = rows.read(
                host,
                owner,
                preset,
                source,
                columns,
                Path(temporary),
                part="test",
                classes=predictor.classes,
                reading=settings.reading,
                saved=read_with(predictor.manifest),
            )
            spacing = rows.spacing_column(preset, columns, [table])
            metrics = scoring.checked(host, owner, names, spacing=spacing)
            part = as_part("test", table, predictor.classes[1:])
            examples = rows.examples(
                part, predictor.preprocessing, predictor.prepare, crop=0, classes=len(predictor.classes)
            )
        with clock.stage("evaluate"):
            tested = testing.measure(
                host,
                predictor.model,
                part,
                examples,
                metrics,
                rows.spacings(table, spacing),
                rule=predictor.rule,
                precision=predictor.precision,
                seed=settings.seed,
                shown=settings.show_rows,
                progress=lambda _: None,
            )
    report = Report(
        **of_saved(folder, predictor.manifest, name, {"test": len(table)}, settings.data_licence, clock),
        metrics=tested.metrics,
        baselines=tested.baselines,
        findings=tested.findings,
        labels=predictor.classes,
        analysis=tested.analysis,
    )
    return reviewed(host, owner, report, tested.records)
