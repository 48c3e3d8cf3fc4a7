"""A saved run that finds spans, measured on new texts with spans."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from acclimate import bundle, data, models, training
from acclimate.api import own_truth
from acclimate.api.clock import Clock
from acclimate.api.evaluate_modules import named_by_run
from acclimate.api.inputs import as_part
from acclimate.api.manifest import read_with
from acclimate.api.request import find_preset, split_options
from acclimate.api.tagging import rows, scoring, testing
from acclimate.api.tagging.asking import check_options
from acclimate.api.tagging.predictor import load
from acclimate.contracts import OptionError, Report
from acclimate.plugins import Host


def evaluate(host: Host, folder: Path, source: str, options: Mapping[str, Any]) -> Report:
    """Return the report of a saved run on texts with spans; there are no baselines, which are made of training texts.

    Raises:
        OptionError: for what was decided when the run was made, or is for labels.
        AcclimateError: for a run or rows that cannot be used.
    """
    clock = Clock()
    check_options(options)
    if options.get("max_tokens"):
        raise OptionError("max_tokens was decided when the run was made.", "Leave max_tokens out.")
    columns, settings = split_options(dict(options))
    with TemporaryDirectory(prefix="acclimate-") as temporary, training.quiet_libraries():
        with clock.stage("prepare"):
            predictor = load(folder, host)
            preset, owner, _ = find_preset(host, predictor.manifest["preset"])
            metrics = scoring.checked(host, owner, settings.metrics or named_by_run(predictor.manifest, folder))
            table = rows.read(
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
            data.check_known_labels(table, predictor.labels, "test")
            part = as_part("test", table, predictor.labels)
            examples = rows.examples(part, predictor.preprocessing, predictor.prepare, predictor.labels)
        with clock.stage("evaluate"):
            written = bundle.read_document(folder, "report.json")
            tested = testing.measure(
                host,
                part,
                examples,
                models.unit_values(predictor.model, examples, precision=predictor.precision),
                metrics,
                predictor.labels,
                outside=predictor.outside,
                outside_share=written["analysis"]["spans"]["outside_share"],
                others={},
                seed=settings.seed,
                shown=settings.show_rows,
            )
    return own_truth.report_again(
        host,
        owner,
        predictor.manifest,
        written,
        tested,
        clock,
        folder=folder,
        rows=len(table),
        data_licence=settings.data_licence,
    )
