"""A model measured on the test texts: what it scores, label by label, and which texts it marks worst."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acclimate import evaluation, models
from acclimate.api.inputs import Part
from acclimate.api.marked_evaluating import TestedTexts
from acclimate.api.tagging import scoring
from acclimate.api.tagging.predicting import found_in
from acclimate.api.tagging.rows import spans_of
from acclimate.contracts import Analysis, Finding, FoundSpans, MarkedText, Metric, Score
from acclimate.plugins import Host

MODEL, LIKELIEST, FROZEN = "", "likeliest_tags", "frozen_linear"
DICTIONARY, WORDS = "training_dictionary", "majority_tag"
SHOWN, LONGEST = 12, 1_500


def baselines(train: Part, test: Part) -> dict[str, scoring.Spans]:
    """Return the spans of the test texts by a dictionary of the training spans, and by the usual tag of each word."""
    texts, spans = train.rows["text"][:], spans_of(train.rows)
    finders: dict[str, evaluation.SpanDictionary | evaluation.WordTags] = {
        DICTIONARY: evaluation.SpanDictionary(texts, spans),
        WORDS: evaluation.WordTags(texts, spans),
    }
    return {name: [finder.find(text) for text in test.rows["text"][:]] for name, finder in finders.items()}


def measure(
    host: Host,
    part: Part,
    examples: models.TagExamples,
    logits: NDArray[np.float32],
    metrics: Mapping[str, Metric],
    labels: Sequence[str],
    *,
    outside: float,
    outside_share: float,
    others: Mapping[str, scoring.Spans],
    seed: int,
    shown: bool,
) -> TestedTexts:
    """Return what the texts of a part say of a model with these logits [units, tags].

    `others` are the spans of baselines; where something is added for no span, the model without it is one more.
    `shown` puts the texts with most wrong spans into the analysis.
    """
    truth = spans_of(part.rows)

    def given(added: float) -> scoring.Spans:
        return [[span[:3] for span in spans] for spans in found_in(examples, logits, labels, added)]

    own = given(outside)
    tables = {MODEL: own, **others, **({LIKELIEST: given(0.0)} if outside else {})}
    statistics = {name: scoring.counted(host, metrics, truth, spans, labels) for name, spans in tables.items()}
    scored = {name: scoring.score(host, metrics, found, part.groups, seed) for name, found in statistics.items()}
    values = scored.pop(MODEL)
    found = FoundSpans(
        by_label=scoring.by_label(host, metrics, part, truth, own, labels, seed),
        units=examples.preprocessing.units,
        outside=outside,
        outside_share=outside_share,
        worst=_worst(part, truth, own) if shown else (),
    )
    test_rows = evaluation.ScoredRows(
        ids=part.ids,
        truth=np.array([int(bool(spans)) for spans in truth], dtype=np.int64),
        groups=part.groups,
        scores=np.concatenate(list(statistics[MODEL].values()), axis=1),
    )
    return TestedTexts(
        metrics=values,
        baselines=scored,
        analysis=Analysis(spans=found),
        findings=_findings(part, found, values, scored, metrics, examples, truth),
        test_rows=test_rows,
        records={"ids": part.ids, "truth": truth, "predicted": own, "texts": part.rows["text"][:]},
    )


def _worst(part: Part, truth: scoring.Spans, given: scoring.Spans) -> tuple[MarkedText, ...]:
    wrong = np.array([len(set(true) ^ set(own)) for true, own in zip(truth, given, strict=True)])
    rows = [int(row) for row in (-wrong).argsort(kind="stable")[:SHOWN] if wrong[row]]
    texts = part.rows["text"]
    return tuple(_marked(part.ids[row], texts[row], sorted(truth[row]), sorted(given[row])) for row in rows)


def _marked(id: str, text: str, true: Sequence[Any], given: Sequence[Any]) -> MarkedText:
    """Return a text with its spans, of a long one the part that begins a little before the first wrong span."""
    first = min(span[0] for span in set(true) ^ set(given))
    start = max(0, first - 200) if len(text) > LONGEST else 0
    end = min(len(text), start + LONGEST)

    def inside(spans: Sequence[Any]) -> tuple[tuple[int, int, str], ...]:
        return tuple((a - start, b - start, label) for a, b, label in spans if a >= start and b <= end)

    return MarkedText(id=id, text=text[start:end], true=inside(true), given=inside(given))


def _findings(
    part: Part,
    found: FoundSpans,
    values: Mapping[str, Score],
    others: Mapping[str, Mapping[str, Score]],
    metrics: Mapping[str, Metric],
    examples: models.TagExamples,
    truth: scoring.Spans,
) -> tuple[Finding, ...]:
    """Return what the scores say: texts that are too few, a label never found, a baseline that is better."""
    first = next(iter(metrics))
    never = tuple(
        Finding(
            code="label-never-found",
            level="problem",
            message=f"None of the {own.true:,} test spans of {label!r} was found.",
        )
        for label, own in found.by_label.items()
        if own.true and not own.right and not own.near
    )
    decisive = {first: values[first]}
    rivals = {name: {first: scores[first]} for name, scores in others.items() if name != LIKELIEST}
    cut = sum(len(text.misplaced(list(spans))) for text, spans in zip(examples.texts, truth, strict=True))
    unreachable: tuple[Finding, ...] = ()
    if cut:
        message = f"{cut:,} test spans begin or end inside what gets one tag, and count as missed whatever is found."
        unreachable = (Finding(code="spans-cut", message=message),)
    return (
        *evaluation.sample_size(part.truth, tuple(found.by_label)),
        *never,
        *unreachable,
        *evaluation.compare(decisive, rivals, better={first: metrics[first].better}),
    )
