"""A saved run that summarises, measured on new texts with summaries."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from acclimate.api.inputs import as_part
from acclimate.api.long_texts import LABEL
from acclimate.api.marked_evaluating import opened
from acclimate.api.summarising import rows, testing
from acclimate.api.summarising.asking import check_options
from acclimate.api.summarising.predictor import load
from acclimate.contracts import Report
from acclimate.plugins import Host


def evaluate(host: Host, folder: Path, source: str, options: Mapping[str, Any]) -> Report:
    """Return the report of a saved run on texts with summaries; baselines need training texts, so that it has none.

    Raises:
        OptionError: for what was decided when the run was made, or is for labels of rows.
        AcclimateError: for a run or rows that cannot be used.
    """
    check_options(options)
    with opened(host, folder, source, options, load=load, checked=testing.checked, read=rows.READ) as run:
        predictor = run.predictor
        own = rows.summarised(as_part("test", run.table, (LABEL,)), predictor.prepare, predictor.preprocessing)
        given = predictor.picked(own.texts, own.places)
        tested = testing.measure(
            host,
            own,
            ["\n".join(each.text for each in some) for some in given],
            run.metrics,
            sentences=predictor.rule.sentences,
            window=predictor.preprocessing.max_tokens,
            others={},
            seed=run.settings.seed,
            shown=run.settings.show_rows,
        )
    return run.report(tested, predictor.model.labels)
