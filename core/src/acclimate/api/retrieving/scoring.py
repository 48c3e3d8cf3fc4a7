"""Scores of a search: rankings of test queries by this model and by simpler ones, on the same queries."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acclimate import evaluation
from acclimate.api import scoring
from acclimate.api.inputs import Part
from acclimate.api.request import Request
from acclimate.api.retrieving.index import Index, ranked
from acclimate.contracts import Analysis, DataError, Finding, Metric, Miss, Score, Search
from acclimate.data import Collection
from acclimate.plugins import Host

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]
Rankings = Sequence[Sequence[int]]

# Places beyond this one count as not ranked: 1 / place is below a thousandth there.
DEPTH = 1000
SHOWN, _CUT = 10, 300
_COLUMNS = 2  # of the statistics of every metric of rankings: the score of a query, and 1


def metrics_of(host: Host, request: Request) -> dict[str, Metric]:
    """Return the metrics of a request by name, the deciding one first.

    Raises:
        OptionError: for one that is not for a search.
    """
    return checked(host, request.owner, request.settings.metrics or request.preset.metrics)


def checked(host: Host, owner: str, names: Sequence[str]) -> dict[str, Metric]:
    """Return metrics by name; see `metrics_of`."""
    return scoring.counted_metrics_of(host, owner, names, task="sentence-similarity", of="rankings")


def functions_of_rows(host: Host, metrics: Mapping[str, Metric]) -> dict[str, Callable[[Any, Any, Any], float]]:
    """Return functions of (truth, scores, weights) whose scores are the statistics of all metrics side by side."""
    return scoring.functions_of_columns(host, metrics, dict.fromkeys(metrics, _COLUMNS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Test queries with what answers them: `read` as a model reads them, `right` by place in the documents."""

    part: Part
    texts: Sequence[str]
    read: Sequence[str]
    right: Sequence[Sequence[int]]
    moments: Floats | None


def asked(collection: Collection, part: Part, members: Sequence[int]) -> Asked:
    """Return the queries of a part."""
    rows = collection.queries.select(members)
    return Asked(
        part=part,
        texts=rows["text"][:],
        read=rows["read"][:],
        right=[collection.right[query] for query in members],
        moments=limits(collection, members),
    )


def limits(collection: Collection, members: Sequence[int]) -> Floats | None:
    """Return the time of each query that its documents may not pass; None where documents have no times."""
    if collection.moments is None or not collection.documents.dated:
        return None
    return collection.moments[list(members)]


def rankings(index: Index, queries: Asked, vectors: Vectors) -> Rankings:
    """Return the places of the best documents of each query, at most `DEPTH`."""
    return [row for scores in index.scores(vectors, queries.read, queries.moments) for row in ranked(scores, DEPTH)]


def word_rankings(index: Index, words: evaluation.BM25, queries: Asked) -> Rankings:
    """Return the rankings of BM25 alone; documents that share no word with a query follow in their order."""
    found: list[list[int]] = []
    for start in range(0, len(queries.read), 128):
        some = slice(start, start + 128)
        scores = words.scores(queries.read[some])
        if queries.moments is not None:
            scores[index.documents.moments[None, :] > queries.moments[some, None]] = -np.inf
        found += ranked(scores, DEPTH)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What test queries say: scores of this model and of the others, the statistics [queries, columns] of each.

    `first` is by query the place of the document that this model ranks first, None where it ranks none.
    """

    metrics: Mapping[str, Score]
    baselines: Mapping[str, Mapping[str, Score]]
    statistics: Mapping[str, Mapping[str, Floats]]
    analysis: Analysis
    findings: tuple[Finding, ...]
    first: Sequence[int | None]

    @property
    def scores(self) -> Floats:
        """The statistics of this model for all metrics side by side, as a comparison of runs wants them."""
        return np.concatenate(list(self.statistics[""].values()), axis=1)


def measure(
    host: Host,
    metrics: Mapping[str, Metric],
    tables: Mapping[str, Rankings],
    queries: Asked,
    index: Index,
    *,
    seed: int,
    shown: bool,
) -> Measured:
    """Return what test queries say of the rankings of each table; "" is this model.

    Raises:
        DataError: when no query has a right document.
    """
    if not any(queries.right):
        raise DataError("No test query has a right document.", "Add pairs to the test part.")
    truth = [dict.fromkeys(found, 1.0) for found in queries.right]
    groups = queries.part.groups
    statistics = {
        table: {name: host.load(metric, "statistics")(truth, found) for name, metric in metrics.items()}
        for table, found in tables.items()
    }
    functions = {name: host.load(metric) for name, metric in metrics.items()}
    scored = {
        table: evaluation.score_statistics(counted, functions, groups=groups, seed=seed)
        for table, counted in statistics.items()
    }
    first = next(iter(metrics))
    others = {name: found for name, found in scored.items() if name}
    gains = {
        name: gain(statistics[""][first], statistics[name][first], functions[first], groups=groups, seed=seed)
        for name in others
    }
    better = {first: metrics[first].better}
    return Measured(
        metrics=scored[""],
        baselines=others,
        statistics=statistics,
        analysis=Analysis(
            search=Search(
                documents=len(index.documents),
                fusion=index.fusion,
                gains=gains,
                misses=_misses(queries, tables[""], index) if shown else (),
            )
        ),
        findings=(
            *_few(queries),
            *evaluation.compare(
                {first: scored[""][first]},
                {name: {first: found[first]} for name, found in others.items()},
                better=better,
            ),
            *(_told_gain(name, found, first) for name, found in gains.items()),
        ),
        first=[row[0] if row else None for row in tables[""]],
    )


def gain(
    own: Floats,
    other: Floats,
    function: Callable[[Floats, Floats], float],
    *,
    groups: Sequence[str] | None,
    seed: int,
) -> Score:
    """Return how much more a metric is of `own` statistics than of `other`, with its paired bootstrap interval.

    Both are [queries, columns] of the same queries, which every resample draws together.
    """
    both = np.concatenate([own, other], axis=1)
    width = own.shape[1]

    def difference(statistics: Floats, weights: Floats) -> float:
        return function(statistics[:, :width], weights) - function(statistics[:, width:], weights)

    return evaluation.score_statistics({"": both}, {"": difference}, groups=groups, seed=seed)[""]


def _few(queries: Asked) -> tuple[Finding, ...]:
    found = evaluation.sample_size(queries.part.truth, ("queries",))
    return tuple(each for each in found if each.code == "small-test-set")


def _told_gain(name: str, found: Score, metric: str) -> Finding:
    sure = "more" if found.low > 0 else "less" if found.high < 0 else "neither surely more nor surely less"
    message = f"{metric} is {found.value:+.3f} [{found.low:+.3f}, {found.high:+.3f}] against {name} on the same test "
    message += f"queries (paired): {sure}."
    details = {"value": found.value, "low": found.low, "high": found.high}
    return Finding(code="gain", level="note", message=message, details={"baseline": name, **details})


def _misses(queries: Asked, found: Rankings, index: Index) -> tuple[Miss, ...]:
    """Return the queries whose right documents stand furthest down, the worst first."""
    texts = index.documents.texts
    places = [
        next((place for place, document in enumerate(row, 1) if document in set(right)), None)
        for row, right in zip(found, queries.right, strict=True)
    ]
    worst = sorted(range(len(places)), key=lambda row: -(places[row] or DEPTH + 1))
    return tuple(
        Miss(
            id=queries.part.ids[row],
            query=queries.texts[row][:_CUT],
            right=texts[queries.right[row][0]][:_CUT],
            first=texts[found[row][0]][:_CUT] if found[row] else "",
            place=places[row],
        )
        for row in worst[:SHOWN]
        if places[row] != 1
    )
