"""A model measured on the test texts: its summaries beside those that people wrote, and simpler ones."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from acclimate import evaluation
from acclimate.api import scoring
from acclimate.api.marked_evaluating import TestedTexts
from acclimate.api.summarising.deciding import choose_count, summaries
from acclimate.api.summarising.rows import ASKED, Summarised
from acclimate.contracts import (
    SUMMARIES,
    Analysis,
    Finding,
    Metric,
    Score,
    Summaries,
    SummarisedText,
)
from acclimate.plugins import Host

LEAD, NEAREST = "lead", "nearest_words"
SHOWN, _LONGEST = 8, 1_500


def checked(host: Host, owner: str, names: Sequence[str]) -> dict[str, Metric]:
    """Return metrics of summaries by name.

    Raises:
        OptionError: for one that is not for them.
    """
    return scoring.counted_metrics_of(host, owner, names, task=SUMMARIES, of="texts")


def columns(host: Host, metrics: Mapping[str, Metric]) -> dict[str, int]:
    """Return how many columns the statistics of each metric have."""
    one = [evaluation.Reference.of("a", "a")], ["a"]
    return {name: host.load(metric, "statistics")(*one).shape[1] for name, metric in metrics.items()}


def baselines(parts: Mapping[str, Summarised]) -> dict[str, list[str]]:
    """Return test summaries of first sentences, and of those whose words are nearest to the best training ones.

    How many sentences they have is chosen on the validation texts, as it is for the model.
    """
    train = parts["train"]
    best = [
        sentence
        for row, marks in enumerate(train.best)
        for sentence, there in zip(train.sentences(row), marks, strict=True)
        if there
    ]
    search = evaluation.PassageSearch(train.texts, {ASKED: best})

    def lead(own: Summarised) -> list[list[float]]:
        return [[-float(place) for place in range(len(each))] for each in own.places]

    def near(own: Summarised) -> list[list[float]]:
        pairs = zip(own.texts, own.places, strict=True)
        return [search.nearness(text, places, [ASKED])[0].tolist() for text, places in pairs]

    found = {}
    for name, scores in ((LEAD, lead), (NEAREST, near)):
        count, _ = choose_count(parts["validation"], scores(parts["validation"]))
        found[name] = summaries(parts["test"], scores(parts["test"]), count)
    return found


def measure(
    host: Host,
    own: Summarised,
    given: Sequence[str],
    metrics: Mapping[str, Metric],
    *,
    sentences: int,
    window: int,
    others: Mapping[str, Sequence[str]],
    seed: int,
    shown: bool,
) -> TestedTexts:
    """Return what the texts of a part say of the summaries of `sentences` sentences that were made of them.

    `others` are those of baselines; `shown` puts the worst into the analysis. Intervals are by bootstrap over whole
    texts, or over the groups that they are in.
    """
    statistics = {name: host.load(metric, "statistics")(own.references, given) for name, metric in metrics.items()}
    values = _scored(host, own, given, metrics, seed)
    scored = {name: _scored(host, own, texts, metrics, seed) for name, texts in others.items()}
    ceiling = [
        "\n".join(sentence for sentence, there in zip(own.sentences(row), marks, strict=True) if there)
        for row, marks in enumerate(own.best)
    ]
    first = next(iter(metrics))
    about = Summaries(
        sentences=sentences,
        window=window,
        passages=sum(map(len, own.places)),
        text_words=_words(own.texts),
        reference_words=_words(own.references),
        words=_words(given),
        ceiling=_scored(host, own, ceiling, metrics, seed),
        worst=_worst(own, given, statistics[first]) if shown else (),
    )
    return TestedTexts(
        metrics=values,
        baselines=scored,
        analysis=Analysis(summaries=about),
        findings=(
            *_few(own),
            *evaluation.compare(
                {first: values[first]},
                {name: {first: each[first]} for name, each in scored.items()},
                better={first: metrics[first].better},
            ),
        ),
        test_rows=evaluation.ScoredRows(
            ids=own.ids,
            truth=np.zeros(len(own.ids), dtype=np.int64),
            groups=own.groups,
            scores=np.concatenate(list(statistics.values()), axis=1),
        ),
        records={
            "ids": own.ids,
            "truth": [str(each) for each in own.references],
            "predicted": list(given),
            "texts": own.texts,
        },
    )


def _scored(
    host: Host, own: Summarised, given: Sequence[str], metrics: Mapping[str, Metric], seed: int
) -> dict[str, Score]:
    return scoring.score_rows(host, own.references, given, metrics, groups=own.groups, seed=seed)


def _words(texts: Sequence[str]) -> float:
    return float(np.mean([len(text.split()) for text in texts]))


def _few(own: Summarised) -> tuple[Finding, ...]:
    texts = len(set(own.groups))
    if texts >= evaluation.FEW_ROWS:
        return ()
    message = f"The test has {texts:,} texts or groups of them: the intervals are wide."
    return (Finding(code="few-test-rows", message=message),)


def _worst(own: Summarised, given: Sequence[str], statistics: NDArray[np.float64]) -> tuple[SummarisedText, ...]:
    scores = statistics[:, 0]
    return tuple(
        SummarisedText(
            id=own.ids[row],
            reference=own.references[row][:_LONGEST],
            given=given[row][:_LONGEST],
            score=float(scores[row]),
        )
        for row in np.argsort(scores, kind="stable")[:SHOWN].tolist()
    )
