"""A saved run that judges hypotheses, measured on new texts with labels."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from acclimate.api.entailing import rows, testing
from acclimate.api.entailing.asking import check_options
from acclimate.api.entailing.predictor import load
from acclimate.api.inputs import as_part
from acclimate.api.long_texts import LABEL
from acclimate.api.marked_evaluating import opened
from acclimate.api.request import find_preset
from acclimate.contracts import Report
from acclimate.plugins import Host


def evaluate(host: Host, folder: Path, source: str, options: Mapping[str, Any]) -> Report:
    """Return the report of a saved run on texts with hypotheses; baselines need training texts, so that it has none.

    Raises:
        OptionError: for what was decided when the run was made, or is for labels of rows.
        AcclimateError: for a run or rows that cannot be used.
    """
    check_options(options)
    with opened(host, folder, source, options, load=load, checked=testing.checked, read=rows.READ) as run:
        predictor = run.predictor
        names = rows.names_of(find_preset(host, run.name)[0])
        part = as_part("test", run.table, (LABEL,))
        own = rows.judged(part, predictor.prepare, predictor.preprocessing, names)
        tested = testing.measure(
            host,
            own,
            predictor.passages(own.texts, own.places, own.of_text, own.hypotheses),
            predictor.rule,
            run.metrics,
            labels=predictor.labels,
            window=predictor.preprocessing.max_tokens,
            others={},
            seed=run.settings.seed,
            shown=run.settings.show_rows,
        )
    return run.report(tested, predictor.labels, tested.confusion)
