"""A saved run measured on new labelled rows."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from acclimate import bundle, data, evaluation
from acclimate.api import inputs, scoping, scoring
from acclimate.api.analysing import Tested, analyse
from acclimate.api.cases import called_cases
from acclimate.api.clock import Clock
from acclimate.api.evaluate_modules import named_by_run
from acclimate.api.flows import flow_of_run
from acclimate.api.manifest import read_with
from acclimate.api.predictor import Predictor, load_classifier
from acclimate.api.report_fields import of_saved, reviewed
from acclimate.api.request import find_preset, split_options, with_preparing
from acclimate.contracts import DataError, OptionError, Report, Settings, did_you_mean
from acclimate.plugins import Host, default_host

_DECIDED = ("positive", "operate", "costs", "prevalence", "answer", "calibration", "retention", "scope_score")


def evaluate(folder: str | Path, source: str | Path, *, host: Host | None = None, **options: Any) -> Report:
    """Return the report of a saved run on the labelled rows of `source`.

    The preset's plugin must be installed. The only baseline is the majority class of the training rows (where rows
    may carry several labels, the share of rows with each): the training rows themselves are not kept with a run.

    Args:
        folder: a saved run.
        source: labelled rows, read as in `adapt`.
        host: the plugins to use; those installed when left out.
        options: column names (`text`, `image`, `mask`, `label`, `group`, `id`, …), `label_separator`,
            `label_names`, `seed`, `slices`, `show_rows`, `reading`, `good`, `out_of_scope` where rows out of scope
            have another label than in the run, and `metrics` in place of those of the run. The operating point is
            the run's own, and so is the score from which a row is in scope.

    Raises:
        AcclimateError: for a run or rows that cannot be used.
    """
    folder = Path(folder)
    return flow_of_run(folder, options).evaluate(host or default_host(), folder, str(source), options)


def evaluate_classifier(host: Host, folder: Path, source: str, options: Mapping[str, Any]) -> Report:
    """Return the report of a saved run that sorts rows into labels."""
    clock = Clock()
    columns, settings = split_options(dict(options))
    decided = [name for name in _DECIDED if name in options]
    if decided:
        raise OptionError(
            f"{decided[0]} was decided by the validation rows of the run, and is measured as it was saved.",
            f"Leave {decided[0]} out, or adapt with it.",
        )
    with TemporaryDirectory(prefix="acclimate-") as temporary:
        with clock.stage("prepare"):
            predictor = load_classifier(folder, host)
            preset, owner, name = find_preset(host, predictor.manifest["preset"])
            rows = inputs.read(
                host,
                owner,
                preset,
                source,
                columns,
                Path(temporary) / "test",
                part="test",
                labelled=True,
                slices=settings.slices,
                reading=settings.reading,
                saved=read_with(predictor.manifest),
            )
            _check_form(rows, predictor)
            outside = _outside(settings, predictor, rows)
            places = scoping.divided(rows, outside)
            data.check_known_labels(rows.select(places[0]), predictor.labels, "test")
            scoping.check_inside({"test": len(places[0])}, outside)
            strange = (
                scoping.outside_part(scoping.OUTSIDE["test"], rows.select(places[1])) if len(places[1]) else None
            )
            audited = [rows]
            rows = rows.select(places[0]) if strange else rows
            part = inputs.as_part("test", rows, predictor.labels)
            examples = inputs.examples(
                rows, predictor.preprocessing, predictor.prepare, Path(temporary) / "test.tokens"
            )
        with clock.stage("evaluate"):
            given = predictor.model_logits(examples)
            logits = predictor.calibrated(given)
            scoped = scoping.Scored(
                part=part,
                logits=logits,
                own_logits=given,
                outside=strange,
                outside_logits=None
                if strange is None
                else predictor.model_logits(
                    inputs.examples(
                        strange.rows, predictor.preprocessing, predictor.prepare, Path(temporary) / "outside.tokens"
                    )
                ),
            )
            written = bundle.read_document(predictor.folder, "report.json")
            counts = np.asarray(predictor.manifest["training_rows_by_label"])
            if part.multilabel:
                prior = evaluation.label_prior(counts, written["rows"]["train"], len(rows))
                trivial = {"label_prior": prior}
            else:
                drawn = np.repeat(np.arange(len(counts)), counts)
                trivial = {"majority_class": evaluation.majority_class(drawn, len(rows), len(counts))}
            names = settings.metrics or named_by_run(predictor.manifest, predictor.folder)
            metrics = scoring.metrics_of(
                host,
                owner,
                names,
                task=preset.task,
                multilabel=part.multilabel,
                labels=predictor.labels,
                positive=predictor.decisions.positive,
            )
            scores = scoring.ranked(logits, predictor.thresholds)
            scored = scoring.score(
                host,
                part.truth,
                {"": scores, **trivial},
                metrics,
                groups=part.groups,
                seed=settings.seed,
            )
            values = scored.pop("")
            tested = Tested(
                model=predictor.model,
                part=part,
                examples=examples,
                prepare=predictor.prepare,
                logits=logits,
                thresholds=predictor.thresholds,
                uncalibrated=given * predictor.manifest["calibration"]["temperature"],
                decisions=predictor.decisions,
                settings=settings,
                columns=columns,
                slices=inputs.sliced(settings, preset, rows),
            )
            analysis, told = analyse(host, tested, values, metrics)
            if predictor.decisions.scope_threshold is not None:
                analysis = replace(analysis, scope=scoping.measure_scope(predictor.decisions, scoped))
            findings = (
                *told,
                *inputs.audited(
                    host,
                    with_preparing(preset, predictor.manifest["preparing"]),
                    (text for each in audited for text in each["text"]),
                ),
                *inputs.lost_tokens({"test": examples}),
                *inputs.cut_volumes({"test": examples}),
                *scoring.findings(part.truth, scores, predictor.labels, values, scored, metrics),
            )
    tested_rows = {"test": len(rows), **({} if strange is None else {strange.name: len(strange.truth)})}
    report = Report(
        **of_saved(predictor.folder, predictor.manifest, name, tested_rows, settings.data_licence, clock),
        metrics=values,
        baselines=scored,
        findings=findings,
        labels=predictor.labels,
        settings={"good": predictor.manifest["request"]["options"].get("good", "")},
        analysis=analysis,
        **scoring.tables_of_errors(part.truth, logits, predictor.labels, predictor.thresholds),
    )
    records = scoring.records(part.ids, part.truth, logits, predictor.labels, predictor.thresholds)
    asked = predictor.preprocessing, predictor.prepare, predictor.logits
    cases = called_cases(host, preset, *asked, predictor.labels, predictor.thresholds)
    return reviewed(host, owner, report, {**records, **cases})


def _outside(settings: Settings, predictor: Predictor, rows: Any) -> str:
    """Return the label of rows out of scope, "" where none is known."""
    asked = settings.out_of_scope
    if asked and predictor.decisions.scope_threshold is None:
        raise OptionError(
            f"{predictor.folder} tells no row to be out of scope, found out_of_scope={asked!r}.",
            "Leave it out, or adapt with out_of_scope or retention.",
        )
    found = {label for names in data.label_sets(rows) for label in names} if asked else set()
    if asked and asked not in found:
        raise OptionError(f"There is no label {asked!r} of rows out of scope.", did_you_mean(asked, found))
    return asked or predictor.decisions.outside


def _check_form(rows: Any, predictor: Predictor) -> None:
    """Raise DataError where the run gives several labels and the rows have one each, or the other way round."""
    if data.is_multilabel(rows) == (predictor.thresholds is not None):
        return
    if data.is_multilabel(rows):
        raise DataError(
            f"The rows may carry several labels, and {predictor.folder} gives each row one.",
            "Give rows with one label each, without label_separator.",
        )
    raise DataError(
        f"The rows carry one label each, and {predictor.folder} may give several.",
        "Write lists, or say with label_separator what stands between labels.",
    )
