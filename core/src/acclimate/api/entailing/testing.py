"""A model measured on the test texts: what it says of each hypothesis, by which passages, and where it is wrong."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acclimate import evaluation
from acclimate.api import scoring
from acclimate.api.answering.testing import marked
from acclimate.api.entailing.deciding import EntailRule, Logits, evidence_scores
from acclimate.api.entailing.given import Given
from acclimate.api.entailing.rows import Judged
from acclimate.api.marked_evaluating import TestedTexts
from acclimate.contracts import (
    INFERENCE,
    Analysis,
    Curve,
    Finding,
    JudgedHypotheses,
    JudgedHypothesis,
    MarkedText,
    Metric,
    Score,
)
from acclimate.plugins import Host

SHOWN, HYPOTHESES = 12, 100
Scores = NDArray[np.float64]
Evidence = Sequence[evaluation.GivenEvidence]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a model or baseline says: `labels` are scores [hypotheses, 3], `evidence` those of passages, if any."""

    labels: Scores | None = None
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested(TestedTexts):
    """What test texts say of a model.

    `test_rows` hold of each hypothesis the scores of its labels before what its passages add to the metrics;
    `confusion` counts hypotheses by what is true and what was said.
    """

    confusion: Mapping[str, Any]


def checked(host: Host, owner: str, names: Sequence[str]) -> dict[str, Metric]:
    """Return metrics of hypotheses by name.

    Raises:
        OptionError: for one that is not for them.
    """
    return scoring.metrics_of(host, owner, names, task=INFERENCE, multilabel=False)


def functions(host: Host, metrics: Mapping[str, Metric]) -> dict[str, Callable[[Any, Any, Any], float]]:
    """Return the functions of metrics for `Tested.test_rows`."""
    labels, counted = _kinds(metrics)
    one = [evaluation.TrueEvidence(marks=np.ones(1, dtype=bool))], [evaluation.GivenEvidence(scores=np.zeros(1))]
    columns = {name: host.load(metric, "statistics")(*one).shape[1] for name, metric in counted.items()}
    of_columns = scoring.functions_of_columns(host, counted, columns, first=3)
    of_labels = scoring.functions_of(host, labels, multilabel=False)
    found = {name: _OfLabels(function) for name, function in of_labels.items()} | of_columns
    return {name: found[name] for name in metrics}


def measure(
    host: Host,
    own: Judged,
    passages: Logits,
    rule: EntailRule,
    metrics: Mapping[str, Metric],
    *,
    labels: tuple[str, ...],
    window: int,
    others: Mapping[str, Answers],
    seed: int,
    shown: bool,
) -> Tested:
    """Return what the hypotheses of a part say of the model, whose passages have these logits.

    `others` are baselines; `shown` puts texts with wrong answers into the analysis. Intervals are by bootstrap over
    whole texts, or over the groups that they are in.
    """
    logits = rule.logits(passages)
    evidence = [evaluation.GivenEvidence(scores=each) for each in evidence_scores(passages)]
    model = Answers(labels=scoring.ranked(logits, None), evidence=evidence)
    values = _scored(host, own, model, metrics, seed)
    scored = {name: _scored(host, own, each, metrics, seed) for name, each in others.items()}
    _, counted = _kinds(metrics)
    statistics = [host.load(metric, "statistics")(_truth(own), evidence) for metric in counted.values()]
    given = [Given.of(own, row, logits[row], each, rule) for row, each in enumerate(passages)]
    probabilities = scoring.probabilities_of(logits, multilabel=False)
    return Tested(
        metrics=values,
        baselines=scored,
        analysis=Analysis(
            curves=_curves(own, logits, labels),
            reliability={"after": evaluation.reliability(own.truth, probabilities, own.groups)},
            coverage=evaluation.coverage(own.truth, probabilities, own.groups),
            hypotheses=_about(own, given, evidence, rule, labels, window, shown),
        ),
        findings=(
            *_few(own),
            *scoring.findings(own.truth, logits, labels, values, scored, metrics),
        ),
        confusion=scoring.tables_of_errors(own.truth, logits, labels, None),
        test_rows=evaluation.ScoredRows(
            ids=own.ids,
            truth=own.truth,
            groups=own.groups,
            scores=np.concatenate([scoring.ranked(logits, None), *statistics], axis=1),
        ),
        records={
            **scoring.records(own.ids, own.truth, logits, labels, None),
            "hypotheses": own.hypotheses,
            "texts": [own.texts[number] for number in own.of_text],
            "evidence": [each.places for each in given],
        },
    )


@dataclass(frozen=True, slots=True)
class _OfLabels:
    """A function of the first three columns of `Tested.test_rows`."""

    score: Callable[[Any, Any, Any], float]

    def __call__(self, truth: Any, scores: Scores, weights: Scores) -> float:
        return self.score(truth, scores[:, :3], weights)


def _kinds(metrics: Mapping[str, Metric]) -> tuple[dict[str, Metric], dict[str, Metric]]:
    """Return the metrics of labels, and those of evidence."""
    counted = {name: metric for name, metric in metrics.items() if metric.statistics is not None}
    return {name: metric for name, metric in metrics.items() if name not in counted}, counted


def _truth(own: Judged) -> list[evaluation.TrueEvidence]:
    return [evaluation.TrueEvidence(marks=marks) for marks in own.evidence]


def _scored(host: Host, own: Judged, said: Answers, metrics: Mapping[str, Metric], seed: int) -> dict[str, Score]:
    labels, counted = _kinds(metrics)
    found: dict[str, Score] = {}
    if said.labels is not None and labels:
        found |= scoring.score(host, own.truth, {"": said.labels}, labels, groups=own.groups, seed=seed)[""]
    if said.evidence is not None and counted:
        found |= scoring.score_rows(host, _truth(own), said.evidence, counted, groups=own.groups, seed=seed)
    return {name: found[name] for name in metrics if name in found}


def _few(own: Judged) -> tuple[Finding, ...]:
    texts = len(set(own.groups))
    if texts >= evaluation.FEW_ROWS:
        return ()
    message = f"The test has {texts:,} texts or groups of them: the intervals are wide."
    return (Finding(code="few-test-rows", message=message),)


def _curves(own: Judged, logits: Scores, labels: tuple[str, ...]) -> tuple[Curve, ...]:
    found = (
        evaluation.curve(label, own.truth == place, evaluation.log_odds(logits, place))
        for place, label in enumerate(labels)
    )
    return tuple(each for each in found if each is not None)


def _about(
    own: Judged,
    given: Sequence[Given],
    evidence: Evidence,
    rule: EntailRule,
    labels: tuple[str, ...],
    window: int,
    shown: bool,
) -> JudgedHypotheses:
    about = JudgedHypotheses(
        by_hypothesis=_by_hypothesis(own, given, evidence, labels),
        threshold=rule.evidence.threshold,
        window=window,
        passages=sum(map(len, own.places)),
    )
    return replace(about, worst=_worst(own, given, labels)) if shown else about


def _by_hypothesis(
    own: Judged, given: Sequence[Given], evidence: Evidence, labels: tuple[str, ...]
) -> dict[str, JudgedHypothesis]:
    """Return the counts of each hypothesis by its words, where it is asked of several texts."""
    rows_of: dict[str, list[int]] = {}
    for row, text in enumerate(own.hypotheses):
        rows_of.setdefault(text, []).append(row)
    if len(rows_of) > HYPOTHESES or 2 * len(rows_of) > len(own.hypotheses):
        return {}
    ranking = evaluation.ranking_statistics(_truth(own), evidence)
    found = {}
    for text, rows in rows_of.items():
        precision, held = ranking[rows].sum(axis=0)
        found[text] = JudgedHypothesis(
            texts=len(rows),
            labels={label: int((own.truth[rows] == place).sum()) for place, label in enumerate(labels)},
            right=sum(given[row].label == int(own.truth[row]) for row in rows),
            evidence_map=float(precision / held) if held else None,
        )
    return found


def _worst(own: Judged, given: Sequence[Given], labels: tuple[str, ...]) -> tuple[MarkedText, ...]:
    """Return the wrong hypotheses of which the model is surest, from a little before their first evidence on."""
    rows = [row for row, each in enumerate(given) if each.label != own.truth[row]]
    rows.sort(key=lambda row: -given[row].probability)
    found = []
    for row in rows:
        number = own.of_text[row]
        true = [place for place, there in zip(own.places[number], own.evidence[row], strict=True) if there]
        said = sorted(given[row].places)
        if true or said:
            head = (
                f"{own.ids[row]}: {own.hypotheses[row]} ({labels[own.truth[row]]}, told {labels[given[row].label]})"
            )
            found.append(marked(head, own.texts[number], true, said, "evidence"))
    return tuple(found[:SHOWN])
