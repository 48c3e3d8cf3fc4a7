"""A model card as the Hugging Face hub reads it: metadata in YAML, then what a person should know."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

Plain = Mapping[str, Any]
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_TASKS = (
    "text-classification",
    "image-classification",
    "image-segmentation",
    "token-classification",
    "question-answering",
    "text-generation",
    "sentence-similarity",
)


def card(report: Plain) -> str:
    """Return the README.md of a saved run, from the plain content of report.json."""
    metrics, first = report["metrics"], next(iter(report["metrics"]))
    masks, language = report["analysis"]["masks"], report["analysis"]["language"]
    metadata: dict[str, Any] = {"library_name": "acclimate", "tags": ["acclimate", report["method"]]}
    if report["task"] in _TASKS:
        metadata["pipeline_tag"] = report["task"]
    licence = report["licences"]["weights"]
    if licence and " " not in licence:  # the hub takes an identifier, and no sentence
        metadata["license"] = licence.lower()
    if _HUB_ID.fullmatch(report["backbone"]):
        metadata["base_model"] = report["backbone"]
    results = [
        {"type": name, "name": name, "value": round(score["value"], 6)}
        for name, score in metrics.items()
        if score["value"] is not None
    ]
    metadata["model-index"] = [
        {
            "name": report["preset"],
            "results": [
                {
                    "task": {"type": report["task"]},
                    "dataset": {"type": "private", "name": f"{report['rows']['test']} held-out rows"},
                    "metrics": results,
                }
            ],
        }
    ]
    lines = [
        "---",
        yaml.safe_dump(metadata, sort_keys=False, allow_unicode=True).rstrip(),
        "---",
        "",
        f"# {report['preset']}",
        "",
        f"`{report['method']}` on `{report['backbone']}`, adapted with Acclimate {report['version']} to "
        f"{report['rows']['train']:,} {_kind(report)}.",
        "",
        f"## Scores on {report['rows']['test']:,} test rows",
        "",
        f"| model | {' | '.join(metrics)} |",
        "|---|" + "---|" * len(metrics),
        f"| this model | {' | '.join(_score(score) for score in metrics.values())} |",
        *(
            f"| {name} | {' | '.join(_score(scores.get(metric)) for metric in metrics)} |"
            for name, scores in report["baselines"].items()
        ),
        "",
        "In brackets the 95 % interval, for new rows from the same source.",
        "",
        *_operating(report["analysis"]["operating"]),
        *_scope(report["analysis"]["scope"]),
        *_masks(masks, first),
        *_spans(report["analysis"]["spans"], first),
        *_inspection(report["analysis"].get("inspection")),
        *_language(language),
        "## What to know",
        "",
        *(f"- **{each['level']}**: {_line(each['message'])}" for each in report["findings"]),
        "- The figures say nothing about another site, another year or another camera.",
        f"- Licence of the pretrained weights: {report['licences']['weights'] or 'not stated'}; of the data: "
        f"{report['licences']['data'] or 'not stated'}.",
        "",
        "## Use",
        "",
        "```python",
        "from acclimate import load",
        "",
        f"load({str(report['output'])!r}).{_use(report)}",
        "```",
        "",
        f"`report.html` has the details; the figure that decides is {first}.",
        "",
    ]
    return "\n".join(lines)


def _use(report: Plain) -> str:
    return "search(query, k=5)" if report["analysis"]["search"] is not None else "predict(rows)"


def _kind(report: Plain) -> str:
    search = report["analysis"]["search"]
    if search is not None:
        return f"queries among {search['documents']:,} documents"
    if report["analysis"]["language"] is not None:
        return "chats"
    what = "labels" if report["analysis"]["masks"] is None else "classes"
    return f"rows of {len(report['labels'])} {what}"


def _operating(point: Plain | None) -> list[str]:
    if point is None:
        return []
    scores = ", ".join(f"{name} {_score(score)}" for name, score in point["scores"].items())
    return [
        "## Operating point",
        "",
        f"`{point['positive']}` from a probability of {point['threshold']:.3f} on ({point['rule']}, chosen on "
        f"validation rows): {scores}.",
        "",
    ]


def _scope(scope: Plain | None) -> list[str]:
    if scope is None:
        return []
    recall = (
        f"; of {scope['rows']['outside']:,} rows out of scope {_score(scope['recall'])} are told"
        if scope["recall"]
        else ""
    )
    return [
        "## Out of scope",
        "",
        f"A row has none of the labels below a score of {scope['threshold']:.3f} ({scope['score']}, chosen on "
        f"validation rows to keep {scope['retention']:.3g}): of the others {_score(scope['retained'])} are kept, and "
        f"{_score(scope['accuracy'])} kept and rightly labelled{recall}.",
        "",
    ]


def _masks(masks: Plain | None, metric: str) -> list[str]:
    if masks is None:
        return []
    return [
        "| class | counts from | least area | test images with it | missed in | others | found in these "
        f"| {metric} |",
        "|---|---|---|---|---|---|---|---|",
        *(
            f"| {_line(name)} | {'likeliest' if found['threshold'] is None else found['threshold']} | "
            f"{found['minimum_pixels']} | {found['images']} | {found['missed']} | {found['others']} | "
            f"{found['found']} | {_score(found['scores'].get(metric))} |"
            for name, found in masks["by_class"].items()
        ),
        "",
    ]


def _spans(spans: Plain | None, metric: str) -> list[str]:
    if spans is None:
        return []
    return [
        f"| label | true spans | given | right | overlapping | {metric} |",
        "|---|---|---|---|---|---|",
        *(
            f"| {_line(name)} | {found['true']} | {found['given']} | {found['right']} | {found['near']} | "
            f"{_score(found['scores'].get(metric))} |"
            for name, found in spans["by_label"].items()
        ),
        "",
    ]


def _inspection(found: Plain | None) -> list[str]:
    if found is None:
        return []
    counts = found["counts"]
    return [
        "## Inspection",
        "",
        f"A part is rejected above a score of {found['threshold']:.4g} ({found['rule']}, by validation parts).",
        "",
        "| defect | test parts | escaped | escape |",
        "|---|---|---|---|",
        f"| all | {counts['defective']} | {counts['escaped']} | {_score(found['escape'])} |",
        *(
            f"| {_line(kind)} | {each['parts']} | {each['escaped']} | {_score(each['escape'])} |"
            for kind, each in found["by_kind"].items()
        ),
        "",
        f"Of {counts['good']} good test parts {counts['rejected']} are rejected: {_score(found['overkill'])}.",
        "",
    ]


def _language(language: Plain | None) -> list[str]:
    if language is None or language["forgetting"] is None:
        return []
    lost = language["forgetting"]
    return [
        "## General text",
        "",
        f"Cross-entropy on {lost['texts']:,} general texts: {_score(lost['before'])} before, "
        f"{_score(lost['after'])} after, a rise of {_score(lost['rise'])} nats a token.",
        "",
    ]


def _score(score: Plain | None) -> str:
    if score is None or score["value"] is None:
        return "–"
    bounds = "" if score["low"] is None else f" [{score['low']:.3f}, {score['high']:.3f}]"
    return f"{score['value']:.3f}{bounds}"


def _line(message: str) -> str:
    """Return a message on one line, with what Markdown or HTML would take for markup shown as it is."""
    return " ".join(message.split()).replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")
