"""A saved inspection, measured on new parts at the threshold it was saved with."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from acclimate.api import inputs
from acclimate.api.clock import Clock
from acclimate.api.detecting import rows, testing
from acclimate.api.detecting.asking import check_options, rule_of
from acclimate.api.detecting.part_masks import check_masks
from acclimate.api.detecting.predictor import load
from acclimate.api.evaluate_modules import named_by_run
from acclimate.api.manifest import read_with
from acclimate.api.report_fields import of_saved, reviewed
from acclimate.api.request import find_preset, split_options
from acclimate.contracts import OptionError, Report, Settings, good_label
from acclimate.plugins import Host

_DECIDED = ("operate", "prevalence", "tiles")


def evaluate(host: Host, folder: Path, source: str, options: Mapping[str, Any]) -> Report:
    """Return the report of a saved run on labelled parts; of a folder with train and test on its test.

    Raises:
        OptionError: for what was decided when the run was made, or is for labels or masks.
        AcclimateError: for a run or rows that cannot be used.
    """
    clock = Clock()
    check_options(options)
    decided = [name for name in _DECIDED if options.get(name)]
    if decided:
        raise OptionError(f"{decided[0]} was decided when the run was made.", f"Leave {decided[0]} out.")
    columns, settings = split_options(dict(options))
    with TemporaryDirectory(prefix="acclimate-") as temporary:
        with clock.stage("prepare"):
            predictor = load(folder, host)
            preset, owner, name = find_preset(host, predictor.manifest["preset"])
            table = rows.test_rows(
                rows.read(
                    host,
                    owner,
                    preset,
                    source,
                    columns,
                    Path(temporary),
                    part="test",
                    reading=settings.reading,
                    saved=read_with(predictor.manifest),
                )
            )
            good = good_label({*table["label"][:], predictor.labels[0]}, settings.good or predictor.labels[0])
            told = check_masks([table], good)
            part = inputs.Part(
                name="test",
                rows=table,
                truth=(np.asarray(table["label"][:]) != good).astype(np.int64),
                groups=table["group"][:] if "group" in table.column_names else None,
            )
            metrics = testing.metrics_of(
                host,
                owner,
                settings.metrics or named_by_run(predictor.manifest, folder),
                masks=rows.has_masks(part),
                asked=bool(settings.metrics),
            )
            examples = rows.examples(part, predictor.preprocessing, predictor.prepare)
        asked = predictor.manifest["request"]["options"]
        with clock.stage("evaluate"):
            tested = testing.measure(
                host,
                predictor.model,
                part,
                examples,
                metrics,
                predictor.decided,
                rule_of(Settings(operate=asked["operate"], prevalence=asked["prevalence"])),
                precision=predictor.precision,
                seed=settings.seed,
                show_rows=settings.show_rows,
                progress=lambda _: None,
            )
    report = Report(
        **of_saved(folder, predictor.manifest, name, {"test": len(table)}, settings.data_licence, clock),
        metrics=tested.metrics,
        baselines=tested.baselines,
        findings=(*told, *tested.findings),
        labels=predictor.labels,
        analysis=tested.analysis,
    )
    return reviewed(host, owner, report, tested.records)
