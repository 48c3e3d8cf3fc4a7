"""Every counted metric of core keeps the laws of weights, and its interval is a bootstrap of whole rows or groups."""

import math

import numpy as np
import pytest
from acclimate.api import scoring
from acclimate.contracts import DataError, Metric, Ref
from acclimate.evaluation import (
    GivenAnswers,
    GivenEvidence,
    Mask,
    Reference,
    TrueAnswers,
    TrueEvidence,
    score_statistics,
)
from acclimate.evaluation.totals import ratio
from acclimate.plugins import Host
from hypothesis import given, settings
from hypothesis import strategies as st

HOST = Host(discover=False)
COUNTED = {name: metric for name, metric in HOST.metrics().items() if metric.statistics}
ROWS = 7
LENGTHS = {"hd95", "hd95_pixels"}
LOSSES = {"cross_entropy", "perplexity"}


def rows_for(metric: Metric, seed: int) -> tuple[list, list]:
    """Rows of the kind that a metric reads, some of them empty."""
    rng = np.random.default_rng(seed)
    if metric.tasks == ("token-classification",):
        truth, predicted = (
            [
                list(
                    {
                        (int(at), int(at) + 2, str(rng.choice(["A", "B"])))
                        for at in rng.integers(9, size=4 * (row > 0))
                    }
                )
                for row in range(ROWS)
            ]
            for _ in range(2)
        )
        return truth, predicted
    if metric.tasks == ("question-answering",):
        return [asked(rng, row) for row in range(ROWS)], [
            replied(asked(rng, row), rng.random(9)) for row in range(ROWS)
        ]
    if metric.tasks == ("natural-language-inference",):
        marks = [rng.random(9) < 0.2 * (row > 0) for row in range(ROWS)]
        scores = [rng.integers(5, size=9).astype(float) for _ in range(ROWS)]
        return [TrueEvidence(marks=own) for own in marks], [GivenEvidence(scores=own) for own in scores]
    if metric.tasks == ("sentence-similarity",):
        return (
            [{int(at): float(rng.integers(3)) for at in rng.integers(15, size=3 * (row > 0))} for row in range(ROWS)],
            [rng.permutation(15).tolist() for _ in range(ROWS)],
        )
    if metric.tasks == ("image-segmentation",):
        masks = rng.random((2, ROWS, 5, 6)) < np.array([0, 0.1, 0.5, 0.9, 0.4, 0.3, 0.2])[None, :, None, None]
        return [Mask(inside=each, spacing_millimetres=(1.0, 2.5)) for each in masks[0]], list(masks[1])
    if metric.tasks == ("anomaly-detection",):
        return list(rng.random((ROWS, 6, 6)) < 0.1), list(rng.integers(9, size=(ROWS, 6, 6)) / 8)
    if metric.name in LOSSES:  # tokens and the losses of all of them
        return rng.integers(1, 9, size=ROWS).tolist(), (3 * rng.random(ROWS)).tolist()
    if metric.name == "stop_rate":
        return [True] * ROWS, (rng.random(ROWS) < 0.5).tolist()
    words = ["net", "sales", "5", "12%", "1,200", "rose"]
    truth, predicted = ([" ".join(rng.choice(words, size=3 * (row > 0))) for row in range(ROWS)] for _ in range(2))
    if metric.name == "number_faithfulness":  # each with what it is of
        truth = [Reference.of(each, f"{each} {rng.choice(words)}") for each in truth]
    return truth, predicted


def asked(rng: np.random.Generator, row: int) -> TrueAnswers:
    """A question with up to two answers in a text of nine words."""
    words = ["net", "sales", "of", "Acme", "rose", "by", "5", "per", "cent"]
    found = [(10 * int(at), 10 * int(at) + 5, words[int(at)]) for at in rng.permutation(9)[: int(rng.integers(3))]]
    return TrueAnswers(id=f"q{row}", answers=tuple(found))


def replied(question: TrueAnswers, sure: np.ndarray) -> GivenAnswers:
    """The answers of a question as those that are given, all of them from a half on."""
    probabilities = tuple(sorted(sure[: len(question.answers)].tolist(), reverse=True))
    given_ = sum(p >= 0.5 for p in probabilities)
    return GivenAnswers(ranked=question.answers, probabilities=probabilities, given=given_)


def measure(name: str, truth: list, predicted: list, weights: np.ndarray) -> float:
    statistics = HOST.load(COUNTED[name], "statistics")(truth, predicted)
    assert statistics.dtype == np.float64
    assert len(statistics) == len(truth)
    return HOST.load(COUNTED[name])(statistics, weights)


def test_core_counts_every_task_that_has_no_classes() -> None:
    assert {task for metric in COUNTED.values() for task in metric.tasks} == {
        "token-classification",
        "question-answering",
        "natural-language-inference",
        "summarization",
        "text-generation",
        "preference",
        "sentence-similarity",
        "image-segmentation",
        "anomaly-detection",
    }


@pytest.mark.parametrize("name", COUNTED)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), data=st.data())
def test_integer_weights_count_like_repeated_rows(name: str, seed: int, data: st.DataObject) -> None:
    truth, predicted = rows_for(COUNTED[name], seed)
    counts = data.draw(st.lists(st.integers(0, 3), min_size=ROWS, max_size=ROWS).filter(any))
    repeated = [
        [row for row, count in zip(rows, counts, strict=True) for _ in range(count)] for rows in (truth, predicted)
    ]
    expected = measure(name, *repeated, np.ones(sum(counts)))
    assert measure(name, truth, predicted, np.array(counts, dtype=float)) == pytest.approx(
        expected, abs=1e-12, nan_ok=True
    )


@pytest.mark.parametrize("name", COUNTED)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), order=st.permutations(range(ROWS)))
def test_the_order_of_rows_does_not_matter(name: str, seed: int, order: list[int]) -> None:
    truth, predicted = rows_for(COUNTED[name], seed)
    weights = np.random.default_rng(seed).random(ROWS)
    turned = [truth[row] for row in order], [predicted[row] for row in order], weights[order]
    assert measure(name, *turned) == pytest.approx(measure(name, truth, predicted, weights), abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("name", COUNTED)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_scores_lie_in_their_range(name: str, seed: int) -> None:
    found = measure(name, *rows_for(COUNTED[name], seed), np.ones(ROWS))
    assert math.isnan(found) or 0 <= found <= (math.inf if name in LENGTHS | LOSSES else 1)


@pytest.mark.parametrize("name", [name for name in COUNTED if not name.startswith("number") and name not in LOSSES])
def test_what_is_all_right_has_the_best_score(name: str) -> None:
    truth, _ = rows_for(COUNTED[name], 3)
    if COUNTED[name].tasks == ("sentence-similarity",):
        predicted = [sorted(row, key=lambda document: -row[document]) for row in truth]
    elif COUNTED[name].tasks == ("question-answering",):
        predicted = [replied(row, np.ones(9)) for row in truth]
    elif COUNTED[name].tasks == ("natural-language-inference",):
        predicted = [GivenEvidence(scores=row.marks * 1.0) for row in truth]
    elif COUNTED[name].tasks == ("image-segmentation",):
        predicted = [mask.inside for mask in truth]
    else:
        predicted = [row * 1.0 if isinstance(row, np.ndarray) else row for row in truth]
    if name in ("rouge_1", "rouge_2", "rouge_l"):
        truth, predicted = truth[1:], predicted[1:]  # a text without words shares none
    best = 0.0 if COUNTED[name].better == "lower" else 1.0
    if name.startswith("recall_at_"):  # no more than so many of several right documents can stand so high
        counts = [count for row in truth if (count := sum(grade > 0 for grade in row.values()))]
        best = float(np.mean([min(1.0, int(name.removeprefix("recall_at_")) / count) for count in counts]))
    assert measure(name, truth, predicted, np.ones(len(truth))) == pytest.approx(best)


def test_each_metric_has_an_interval_of_the_same_resamples() -> None:
    for task, names in {
        "spans": ["span_f1", "span_f1_partial"],
        "masks": ["dice", "hd95"],
        "texts": ["rouge_l", "number_recall"],
    }.items():
        truth, predicted = rows_for(COUNTED[names[0]], 8)
        metrics = {name: COUNTED[name] for name in names}
        together = scoring.score_rows(HOST, truth, predicted, metrics, groups=None, seed=4)
        for name in names:
            alone = scoring.score_rows(HOST, truth, predicted, {name: COUNTED[name]}, groups=None, seed=4)
            assert alone[name] == together[name], task
            assert together[name].low <= together[name].value <= together[name].high
            assert together[name].low < together[name].high


def test_the_interval_of_a_ratio_has_the_width_of_its_linear_approximation() -> None:
    rng = np.random.default_rng(0)
    given, right = rng.poisson(6, size=400) + 1.0, np.zeros(400)
    right = rng.binomial(given.astype(int), 0.7).astype(float)
    counted = np.column_stack([right, given])
    found = score_statistics({"ratio": counted}, {"ratio": ratio}, resamples=4000)["ratio"]
    value = right.sum() / given.sum()
    spread = np.std(right - value * given, ddof=1) / given.mean() / np.sqrt(400)
    assert found.value == pytest.approx(value)
    assert found.high - found.low == pytest.approx(2 * 1.96 * spread, rel=0.06)


def test_rows_of_a_group_are_drawn_together() -> None:
    counted = np.column_stack([np.repeat(np.arange(20) % 2, 10), np.ones(200)]).astype(float)
    groups = [str(row // 10) for row in range(200)]
    alone, grouped = (
        score_statistics({"mean": counted}, {"mean": ratio}, groups=each)["mean"] for each in (None, groups)
    )
    assert (grouped.high - grouped.low) / (alone.high - alone.low) == pytest.approx(math.sqrt(10), rel=0.25)


@pytest.mark.parametrize(
    ("statistics", "groups", "message"),
    [
        ({"a": np.zeros((0, 2))}, None, r"at least one, found \{'a': 0\}"),
        ({"a": np.zeros((2, 2)), "b": np.zeros((3, 2))}, None, r"found \{'a': 2, 'b': 3\}"),
        ({"a": np.zeros((2, 2))}, ["g"], r"found \{'a': 2, 'groups': 1\}"),
        ({"a": np.array([[0.0, np.nan]])}, None, r"of a, found \[1, 2\] with 1 that are not finite"),
        ({"a": np.zeros(3)}, None, r"found \[3\]"),
    ],
)
def test_statistics_that_cannot_be_drawn_are_named(statistics, groups, message: str) -> None:
    with pytest.raises(DataError, match=message):
        score_statistics(statistics, dict.fromkeys(statistics, ratio), groups=groups)


def test_a_counted_metric_has_no_other_code() -> None:
    code = Ref("acclimate.evaluation.totals:ratio")
    with pytest.raises(ValueError, match="'both': with statistics it has neither multilabel nor interval"):
        Metric(name="both", summary="Both.", tasks=("text-generation",), score=code, statistics=code, interval=code)
