"""A saved run that finds spans, measured on new texts with spans."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from acclimate import bundle, data, models
from acclimate.api.inputs import as_part
from acclimate.api.marked_evaluating import opened
from acclimate.api.tagging import rows, scoring, testing
from acclimate.api.tagging.asking import check_options
from acclimate.api.tagging.predictor import load
from acclimate.contracts import Report
from acclimate.plugins import Host


def evaluate(host: Host, folder: Path, source: str, options: Mapping[str, Any]) -> Report:
    """Return the report of a saved run on texts with spans; there are no baselines, which are made of training texts.

    Raises:
        OptionError: for what was decided when the run was made, or is for labels.
        AcclimateError: for a run or rows that cannot be used.
    """
    check_options(options)
    with opened(host, folder, source, options, load=load, checked=scoring.checked, read=rows.read) as run:
        predictor = run.predictor
        data.check_known_labels(run.table, predictor.labels, "test")
        part = as_part("test", run.table, predictor.labels)
        examples = rows.examples(part, predictor.preprocessing, predictor.prepare, predictor.labels)
        written = bundle.read_document(folder, "report.json")
        tested = testing.measure(
            host,
            part,
            examples,
            models.unit_values(predictor.model, examples, precision=predictor.precision),
            run.metrics,
            predictor.labels,
            outside=predictor.outside,
            outside_share=written["analysis"]["spans"]["outside_share"],
            others={},
            seed=run.settings.seed,
            shown=run.settings.show_rows,
        )
    return run.report(tested, predictor.labels)
