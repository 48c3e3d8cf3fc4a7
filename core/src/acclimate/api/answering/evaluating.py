"""A saved run that answers questions, measured on new texts with answers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from acclimate import bundle
from acclimate.api.answering import rows, testing
from acclimate.api.answering.asking import check_options
from acclimate.api.answering.predictor import load
from acclimate.api.inputs import as_part
from acclimate.api.marked_evaluating import opened
from acclimate.contracts import FoundAnswers, Report
from acclimate.plugins import Host

_KEPT = ("window", "overlap", "longest", "empty_share", "empty_learned", "empty_weight")


def evaluate(host: Host, folder: Path, source: str, options: Mapping[str, Any]) -> Report:
    """Return the report of a saved run on texts with answers; baselines need training texts, so that it has none.

    Raises:
        OptionError: for what was decided when the run was made, or is for labels.
        AcclimateError: for a run or rows that cannot be used.
    """
    check_options(options)
    with opened(host, folder, source, options, load=load, checked=testing.checked, read=rows.READ) as run:
        predictor, table = run.predictor, run.table
        written = bundle.read_document(folder, "report.json")["analysis"]["answers"]
        kept = {field: written[field] for field in _KEPT}
        tested = testing.measure(
            host,
            as_part("test", table, (rows.LABEL,)),
            predictor.given(table["text"][:], rows.questions_of(table)),
            run.metrics,
            about=FoundAnswers(by_question={}, threshold=predictor.rule.threshold, **kept),
            others={},
            seed=run.settings.seed,
            shown=run.settings.show_rows,
        )
    return run.report(tested, predictor.model.labels)
