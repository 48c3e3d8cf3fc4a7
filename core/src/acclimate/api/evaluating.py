"""A saved run on new rows: measured where they are labelled, predicted where they are not."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from acclimate import bundle, data, evaluation, training
from acclimate.api import inputs, scoring
from acclimate.api.clock import Clock
from acclimate.api.predictor import load
from acclimate.api.request import find_preset, split_options
from acclimate.contracts import Report
from acclimate.plugins import Host, default_host


def evaluate(folder: str | Path, source: str | Path, *, host: Host | None = None, **options: Any) -> Report:
    """Return the report of a saved run on the labelled rows of `source`.

    The preset's plugin must be installed. The only baseline is the majority class of the training rows: the
    training rows themselves are not kept with a run.

    Args:
        folder: a saved run.
        source: labelled rows, read as in `adapt`.
        host: the plugins to use; those installed when left out.
        options: column names (`text`, `image`, `label`, `group`, `id`) and `seed`.

    Raises:
        AcclimateError: for a run or rows that cannot be used.
    """
    host = host or default_host()
    clock = Clock()
    columns, settings = split_options(options)
    with TemporaryDirectory(prefix="acclimate-") as temporary:
        with clock.stage("prepare"):
            predictor = load(folder, host=host)
            preset, owner, name = find_preset(host, predictor.manifest["preset"])
            rows = inputs.read(
                host,
                owner,
                preset,
                str(source),
                columns,
                Path(temporary) / "test",
                part="test",
                labelled=True,
            )
            data.check_known_labels(rows, predictor.labels, "test")
            part = inputs.as_part(rows, predictor.labels)
            examples = inputs.examples(
                rows, predictor.preprocessing, predictor.prepare, Path(temporary) / "test.tokens"
            )
        with clock.stage("evaluate"):
            logits = predictor.logits(examples)
            counts = np.asarray(predictor.manifest["training_rows_by_label"])
            majority = evaluation.majority_class(np.repeat(np.arange(len(counts)), counts), len(rows), len(counts))
            metrics = scoring.metrics_of(host, owner, predictor.manifest["metrics"])
            scored = scoring.score(
                host,
                part.truth,
                {"": scoring.log_probabilities(logits), "majority_class": majority},
                metrics,
                groups=part.groups,
                seed=settings.seed,
            )
            values = scored.pop("")
            findings = (
                *inputs.lost_tokens({"test": examples}),
                *scoring.findings(part.truth, logits, predictor.labels, values, scored, metrics),
            )
    written = bundle.read_document(predictor.folder, "report.json")
    report = Report(
        preset=name,
        method=predictor.manifest["method"],
        backbone=predictor.manifest["backbone"]["source"],
        output=str(predictor.folder),
        rows={
            "train": written["rows"]["train"],
            "validation": written["rows"]["validation"],
            "test": len(rows),
        },
        metrics=values,
        baselines=scored,
        seconds=clock.seconds(),
        parameters=written["parameters"],
        peak_memory_bytes=training.peak_memory_bytes(),
        findings=findings,
        labels=predictor.labels,
        confusion=scoring.confusion(part.truth, logits, predictor.labels),
    )
    reviewed = host.review_report(owner, report, scoring.records(part.ids, part.truth, logits, predictor.labels))
    return replace(report, findings=(*findings, *reviewed))


def predict_rows(
    folder: str | Path, source: str | Path, *, host: Host | None = None, **options: Any
) -> list[dict[str, Any]]:
    """Return `{id, label, probabilities}` of every row of `source`, labelled or not.

    Raises:
        AcclimateError: for a run or rows that cannot be used.
    """
    host = host or default_host()
    columns, _ = split_options(options)
    predictor = load(folder, host=host)
    preset, owner, _ = find_preset(host, predictor.manifest["preset"])
    with TemporaryDirectory(prefix="acclimate-") as temporary:
        rows = inputs.read(
            host, owner, preset, str(source), columns, Path(temporary) / "rows", part="rows", labelled=False
        )
        predictions = predictor.predict(list(rows[preset.modality]))
        return [
            {"id": id, "label": prediction.label, "probabilities": dict(prediction.probabilities)}
            for id, prediction in zip(rows["id"], predictions, strict=True)
        ]
