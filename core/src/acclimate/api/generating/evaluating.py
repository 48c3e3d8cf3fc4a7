"""A saved run that writes answers, measured on new chats with answers."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from acclimate.api.clock import Clock
from acclimate.api.evaluate_modules import named_by_run
from acclimate.api.generating import rows, scoring, testing
from acclimate.api.generating.asking import check_options, refuse_decided
from acclimate.api.generating.flow import findings
from acclimate.api.generating.predictor import load
from acclimate.api.inputs import as_part
from acclimate.api.manifest import read_with
from acclimate.api.report_fields import of_saved, reviewed
from acclimate.api.request import find_preset, split_options
from acclimate.contracts import Analysis, Language, Report
from acclimate.plugins import Host

_OF_TRAINING = ("system", "general_text", "max_tokens")


def evaluate(host: Host, folder: Path, source: str, options: Mapping[str, Any]) -> Report:
    """Return the report of a saved run on chats with answers; the untuned model, which is not kept, is no part of it.

    Raises:
        OptionError: for what was decided when the run was made, or is for labels, images or masks.
        AcclimateError: for a run or chats that cannot be used.
    """
    clock = Clock()
    check_options(options)
    refuse_decided(options, _OF_TRAINING)
    columns, settings = split_options(dict(options))
    with TemporaryDirectory(prefix="acclimate-") as temporary:
        with clock.stage("prepare"):
            predictor = load(folder, host)
            preset, owner, name = find_preset(host, predictor.manifest["preset"])
            names = settings.metrics or named_by_run(predictor.manifest, folder)
            metrics = scoring.checked(host, owner, names, written=settings.written_rows > 0)
            table, left_out = rows.read(
                host,
                owner,
                preset,
                source,
                columns,
                settings,
                Path(temporary),
                part="test",
                saved=read_with(predictor.manifest),
            )
            parts, examples, lengths, told = rows.tokenised(
                {"test": as_part("test", table, rows.LABELS)},
                predictor.preprocessing,
                predictor.prepare,
                settings,
            )
        part = parts["test"]
        with clock.stage("evaluate"):
            measured = testing.measure(
                predictor.model,
                predictor.preprocessing,
                examples["test"],
                rows.chats_of(part, predictor.prepare),
                predictor.writing(settings.max_new_tokens, 0.0, settings.seed),
                precision=predictor.precision,
                places=testing.drawn(settings.written_rows, len(part.truth), settings.seed),
                general=None,
                title="the saved model",
                shown=False,
            )
            values = scoring.score(
                host, metrics, measured.losses, measured.answers, groups=part.groups, seed=settings.seed
            )
    report = Report(
        **of_saved(folder, predictor.manifest, name, {"test": len(part.truth)}, settings.data_licence, clock),
        metrics=values,
        baselines={},
        findings=(*left_out, *told, *findings(len(part.truth), values, {}, metrics)),
        analysis=Analysis(
            language=Language(
                lengths=lengths,
                limit=predictor.preprocessing.max_tokens,
                supervised=examples["test"].supervised_share,
            )
        ),
    )
    return reviewed(host, owner, report, testing.records(part, rows.chats_of(part, predictor.prepare), measured))
