"""A saved run that answers questions, measured on new texts with answers."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from acclimate import bundle, training
from acclimate.api.answering import rows, testing
from acclimate.api.answering.asking import check_options
from acclimate.api.answering.predictor import load
from acclimate.api.clock import Clock
from acclimate.api.evaluate_modules import named_by_run
from acclimate.api.inputs import as_part
from acclimate.api.manifest import read_with
from acclimate.api.report_fields import of_saved, reviewed
from acclimate.api.request import find_preset, split_options
from acclimate.contracts import FoundAnswers, OptionError, Report
from acclimate.plugins import Host


def evaluate(host: Host, folder: Path, source: str, options: Mapping[str, Any]) -> Report:
    """Return the report of a saved run on texts with answers; baselines need training texts, so that it has none.

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
            preset, owner, name = find_preset(host, predictor.manifest["preset"])
            metrics = testing.checked(host, owner, settings.metrics or named_by_run(predictor.manifest, folder))
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
            part = as_part("test", table, ("text",))
        with clock.stage("evaluate"):
            written = bundle.read_document(folder, "report.json")["analysis"]["answers"]
            kept = ("window", "overlap", "longest", "empty_share", "empty_learned", "empty_weight")
            tested = testing.measure(
                host,
                part,
                predictor.given(table["text"][:], rows.questions_of(table)),
                metrics,
                about=FoundAnswers(
                    by_question={},
                    threshold=predictor.rule.threshold,
                    **{field: written[field] for field in kept},
                ),
                others={},
                seed=settings.seed,
                shown=settings.show_rows,
            )
    report = Report(
        **of_saved(folder, predictor.manifest, name, {"test": len(table)}, settings.data_licence, clock),
        metrics=tested.metrics,
        baselines=tested.baselines,
        findings=tested.findings,
        labels=predictor.model.labels,
        analysis=tested.analysis,
    )
    return reviewed(host, owner, report, tested.records)
