"""A saved run that learned preferences, measured on new ones beside the untuned model."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from acclimate import data, models
from acclimate.api.clock import Clock
from acclimate.api.evaluate_modules import named_by_run
from acclimate.api.generating import rows as chats
from acclimate.api.generating import testing
from acclimate.api.generating.asking import refuse_decided
from acclimate.api.generating.flow import without_end
from acclimate.api.generating.predictor import load
from acclimate.api.inputs import as_part
from acclimate.api.manifest import read_with
from acclimate.api.preferring import judging, rows, scoring
from acclimate.api.preferring.asking import check_card, check_options
from acclimate.api.preferring.flow import baselines_of, preferences_of
from acclimate.api.report_fields import of_saved, reviewed
from acclimate.api.request import find_preset, split_options
from acclimate.api.trained import base
from acclimate.contracts import Analysis, DataError, Language, Report
from acclimate.plugins import Host

_OF_TRAINING = ("system", "general_text", "max_tokens", "beta", "sft_weight")


def evaluate(host: Host, folder: Path, source: str, options: Mapping[str, Any]) -> Report:
    """Return the report of a saved run on new preferences; its backbone is loaded after it, to compare with.

    Raises:
        OptionError: for what was decided when the run was made, or is for labels, images or masks.
        DataError: for pairs where the run learned from single replies, or the other way round.
        AcclimateError: for a run, a backbone or rows that cannot be used.
    """
    clock = Clock()
    check_options(options)
    refuse_decided(options, _OF_TRAINING)
    columns, settings = split_options(dict(options))
    with TemporaryDirectory(prefix="acclimate-") as temporary:
        with clock.stage("prepare"):
            predictor = load(folder, host)
            manifest, preprocessing = predictor.manifest, predictor.preprocessing
            preset, owner, name = find_preset(host, manifest["preset"])
            check_card(preset, settings.card)
            judge = judging.judge_of(host, preset, settings.card)
            names = settings.metrics or named_by_run(manifest, folder)
            metrics = scoring.metrics_of(host, owner, names, written=settings.written_rows > 0)
            table, left_out = chats.read(
                host,
                owner,
                preset,
                source,
                columns,
                settings,
                Path(temporary),
                part="test",
                saved=read_with(manifest),
                load=data.load_preferences,
            )
            if rows.paired(table) != (manifest["preferences"]["loss"] == "dpo"):
                raise DataError(
                    f"The run learned by {manifest['preferences']['loss']}: dpo is of pairs, kto of single replies.",
                    "Give rows of the kind that it learned from.",
                )
            dealt = {"test": as_part("test", table, rows.LABELS)}
            parts, examples, lengths, told = rows.tokenised(dealt, preprocessing, predictor.prepare, settings)
            part, replies = parts["test"], examples["test"]
            looked = judging.look_at(judge, parts, settings)
        metrics, asked = metrics.of(replies), rows.asked(part, predictor.prepare)
        drawn = testing.drawn(settings.written_rows, len(asked.wanted), settings.seed)
        writing = predictor.writing(settings.max_new_tokens, 0.0, settings.seed)

        def measured(model: models.LanguageModel, title: str) -> testing.Measured:
            return testing.measure(
                model,
                preprocessing,
                replies,
                asked.chats,
                writing,
                precision=predictor.precision,
                places=tuple(asked.wanted[place] for place in drawn),
                general=None,
                title=title,
                shown=False,
            )

        with clock.stage("evaluate"):
            after = measured(predictor.model, "the saved model")
            del predictor.model  # one model at a time
            untuned, _ = base(folder, manifest, "is measured by what its backbone finds likely")
            assert isinstance(untuned, models.LanguageModel)
            before = measured(untuned, "the untuned model")
            values = scoring.score(
                host,
                metrics,
                replies,
                after,
                -before.losses[:, 0],
                beta=manifest["preferences"]["beta"],
                groups=part.groups,
                seed=settings.seed,
            )
            baselines = baselines_of(host, metrics, replies, before, groups=part.groups, seed=settings.seed)
    found = scoring.findings(len(part.truth), values, baselines, metrics)
    report = Report(
        **of_saved(folder, manifest, name, {"test": len(part.truth)}, settings.data_licence, clock),
        metrics=values,
        baselines=baselines,
        findings=(*left_out, *told, *looked.findings, *found, *without_end(values)),
        analysis=Analysis(
            language=Language(lengths=lengths, limit=preprocessing.max_tokens, supervised=replies.supervised_share),
            preferences=preferences_of(
                manifest["preferences"], before, after, judge, looked, part.groups, settings.seed
            ),
        ),
    )
    return reviewed(host, owner, report, testing.records(part, asked.chats, after))
