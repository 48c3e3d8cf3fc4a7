"""One self-contained page from the content of report.json: no network, no script, all text from data escaped."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from acclimate.report.charts import Line, bars, plot
from acclimate.report.templates import rendered
from acclimate.report.worth import worth

Plain = Mapping[str, Any]
Drawn = tuple[Markup, str]

_LABELS = 25  # a confusion table of more labels is no longer read
_UNIT = (0.0, 1.0)


def page(report: Plain) -> str:
    """Return the page of a report, given as the plain content of report.json."""
    analysis, first = report["analysis"], next(iter(report["metrics"]))
    charts = {
        "scores": _scores(report, first),
        "curves": _curves(analysis["curves"]),
        "trust": _trust(analysis),
        "worth": [worth(curve) for curve in analysis.get("decision_curves", ())],
        "learning": _learning(report["history"]),
    }
    findings = report["findings"]
    confusion = _confusion(report)
    return rendered(
        "page.html.j2",
        report={"by_label": {}, **report, "modality": _modality(report["task"])},
        point=analysis["operating"],
        inspection=analysis.get("inspection"),
        sets=analysis["conformal"],
        answered=analysis["answered"],
        scope=analysis["scope"],
        costs=analysis.get("costs"),
        charts=charts,
        first_metric=first,
        urgent=[finding for finding in findings if finding["level"] != "note"],
        other=[finding for finding in findings if finding["level"] == "note"],
        confusion=confusion,
        hidden_labels=len(confusion) < len(report["labels"]),
        mistakes=[{**each, "pieces": _pieces(each["text"], each["marks"])} for each in analysis["mistakes"]],
        marked=[
            {
                "id": each["id"],
                "true": _spans(each["text"], each["true"]),
                "given": _spans(each["text"], each["given"]),
            }
            for each in _with_texts(analysis)["worst"]
        ],
        settings=_flat(report["settings"]),
        sections=_sections(report, charts),
    )


def _with_texts(analysis: Plain) -> Plain:
    """Return what is told of test texts with marks in them, where anything is."""
    found: Plain = analysis["spans"] or analysis.get("answers") or analysis.get("hypotheses") or {"worst": ()}
    return found


def _modality(task: str) -> str:
    return "image" if task.startswith("image-") or task == "anomaly-detection" else "text"


def _sections(report: Plain, charts: Plain) -> list[tuple[str, str]]:
    analysis = report["analysis"]
    shown = [
        ("scores", "Scores", True),
        ("operating", "Operating point", analysis["operating"]),
        ("scope", "Out of scope", analysis["scope"]),
        ("worth", "Net benefit", charts["worth"]),
        ("curves", "Ranking", charts["curves"]),
        ("trust", "Probabilities", charts["trust"]),
        ("masks", "Masks", analysis["masks"]),
        ("spans", "Spans", analysis["spans"]),
        ("questions", "Questions", analysis.get("answers")),
        ("hypotheses", "Hypotheses", analysis.get("hypotheses")),
        ("summaries", "Summaries", analysis.get("summaries")),
        ("search", "Search", analysis["search"]),
        ("inspection", "Inspection", analysis.get("inspection")),
        ("answers", "Answers", analysis["language"]),
        ("errors", "Labels", report.get("by_label") or report.get("confusion")),
        ("slices", "Subgroups", analysis["slices"]),
        ("mistakes", "Mistakes", analysis["mistakes"]),
        ("learning", "Learning", charts["learning"]),
        ("data", "Data and limits", True),
        ("use", "Use", True),
    ]
    return [(id, name) for id, name, there in shown if there]


def _scores(report: Plain, metric: str) -> Markup:
    scores = {"this model": report["metrics"][metric]}
    scores |= {name: found[metric] for name, found in report["baselines"].items() if metric in found}
    rows = [
        (name, _number(score["value"]), _number(score["low"]), _number(score["high"]))
        for name, score in scores.items()
    ]
    known = [value for row in rows for value in row[1:] if math.isfinite(value)]
    low, high = min([0.0, *known]), max([1.0, *known])
    title = f"{metric}: " + ", ".join(f"{row[0]} {row[1]:.3f}" for row in rows)
    return bars(rows, title=title, bounds=(low, high))


def _curves(curves: Sequence[Plain]) -> list[Drawn]:
    if not curves:
        return []
    roc = [Line(name=curve["label"], points=[tuple(point) for point in curve["roc"]]) for curve in curves]
    precision = [
        Line(name=curve["label"], points=[tuple(point) for point in curve["precision_recall"]]) for curve in curves
    ]
    of = f"of {curves[0]['label']}" if len(curves) == 1 else "of each label against the rest"
    return [
        (
            plot(roc, title=f"ROC curve {of}", across="false positive rate", up="sensitivity", diagonal=True),
            f"ROC curve {of}: how many are found, against how many others are flagged. The dashed line is chance.",
        ),
        (
            plot(precision, title=f"Precision against recall {of}", across="recall", up="precision"),
            f"Precision against recall {of}: of those flagged, the share that is right.",
        ),
    ]


def _trust(analysis: Plain) -> list[Drawn]:
    drawn = []
    if analysis["reliability"]:
        lines = [
            Line(
                name=f"{name} calibration",
                points=[(each["confidence"], each["accuracy"]["value"]) for each in bins],
                whiskers=_whiskers(bins) if name == "after" else (),
                dots=True,
            )
            for name, bins in sorted(analysis["reliability"].items())
        ]
        chart = plot(
            lines, title="Accuracy against confidence", across="confidence", up="share that is right", diagonal=True
        )
        caption = "Of the rows it is so sure of, so many are right. On the dashed line confidence is what it says."
        drawn.append((chart, caption))
    if analysis["coverage"]:
        points = analysis["coverage"]
        lines = [
            Line(
                name="accuracy",
                points=[(each["coverage"], each["accuracy"]["value"]) for each in points],
                whiskers=_whiskers(points),
                dots=True,
            )
        ]
        known = [bound for low_high in lines[0].whiskers for bound in low_high if math.isfinite(bound)]
        low = min([*known, *(each["accuracy"]["value"] for each in points)])
        chart = plot(
            lines,
            title="Accuracy against the share of rows that is answered",
            across="share of rows answered",
            up="accuracy",
            y=(int(10 * low) / 10, 1.0),
        )
        drawn.append((chart, "Accuracy when only the rows it is surest of are answered and a person takes the rest."))
    return drawn


def _whiskers(points: Sequence[Plain]) -> list[tuple[float, float]]:
    """Return the bounds of each point's accuracy, nan where a single group leaves them undefined."""
    return [(_number(each["accuracy"]["low"]), _number(each["accuracy"]["high"])) for each in points]


def _learning(history: Sequence[Plain]) -> list[Drawn]:
    if len(history) < 2:
        return []
    drawn = []
    last = max(each["epoch"] for each in history)
    losses = [
        Line(name=name, points=[(each["epoch"], each[key]) for each in history if key in each], dots=True)
        for name, key in (
            ("validation rows", "log_loss"),
            ("validation rows", "loss"),
            ("training rows", "training_loss"),
        )
        if any(key in each for each in history)
    ]
    top = max(point[1] for line in losses for point in line.points)
    chart = plot(losses, title="Loss by epoch", across="epoch", up="loss", x=(0, last), y=(0, top * 1.05))
    start = "the untuned model" if "perplexity" in history[0] else "the head on frozen features"
    drawn.append((chart, f"Loss after each epoch; epoch 0 is {start}."))
    for key in ("accuracy", "micro_f1", "pixel_dice", "span_f1", "mrr"):
        points = [(each["epoch"], each[key]) for each in history if key in each]
        if points:
            chart = plot(
                [Line(name=key, points=points, dots=True)], title=key, across="epoch", up=key, x=(0, last), y=_UNIT
            )
            drawn.append((chart, f"{key} on the validation rows."))
    return drawn


def _confusion(report: Plain) -> list[dict[str, Any]]:
    """Return the rows of the confusion table; of many labels those with most mistakes."""
    table, labels = report.get("confusion") or [], report["labels"]
    wrong = [sum(row) + sum(other[k] for other in table) - 2 * row[k] for k, row in enumerate(table)]
    kept = sorted(sorted(range(len(table)), key=lambda k: -wrong[k])[:_LABELS])
    return [
        {
            "label": labels[k],
            "cells": [
                {"count": table[k][j], "share": table[k][j] / max(1, sum(table[k])), "right": j == k} for j in kept
            ],
        }
        for k in kept
    ]


def _pieces(text: str, marks: Sequence[Sequence[Any]]) -> list[tuple[str, float]]:
    """Return a text in pieces, each with the weight of its mark, 0 where it has none."""
    pieces: list[tuple[str, float]] = []
    at = 0
    for start, end, weight in sorted(map(tuple, marks)):
        if start < at:
            continue
        pieces += [(text[at:start], 0.0), (text[start:end], weight)]
        at = end
    return [piece for piece in [*pieces, (text[at:], 0.0)] if piece[0]]


def _spans(text: str, spans: Sequence[Sequence[Any]]) -> list[tuple[str, str]]:
    """Return a text in pieces, each with the label of its span, "" where it is in none."""
    pieces: list[tuple[str, str]] = []
    at = 0
    for start, end, label in spans:
        pieces += [(text[at:start], ""), (text[start:end], label)]
        at = end
    return [piece for piece in [*pieces, (text[at:], "")] if piece[0]]


def _flat(settings: Plain) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, value in settings.items() if value not in (None, "", [], {}, False)]


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
