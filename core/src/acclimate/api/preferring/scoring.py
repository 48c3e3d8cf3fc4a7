"""Scores of a model that learned preferences: of the rewards it implies, of wanted replies, of what it writes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acclimate import evaluation, models
from acclimate.api import scoring
from acclimate.api.generating import scoring as writing
from acclimate.api.generating.testing import Measured
from acclimate.contracts import PREFERENCE, Finding, Metric, OptionError, Score, Standing
from acclimate.plugins import Host

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
LONGER = "longer_reply"
# Metrics that pairs do not have.
SINGLE = ("reward_auroc",)
_FIRST = "implicit_accuracy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """The metrics of a run by name: those of rewards, and those of replies and of what is written."""

    rewards: Mapping[str, Metric]
    texts: Mapping[str, Metric]

    @property
    def every(self) -> dict[str, Metric]:
        """All of them, those of rewards first."""
        return {**self.rewards, **self.texts}

    def of(self, replies: models.Replies) -> "Metrics":
        """Return those that there are for pairs, or for single replies."""
        if not replies.paired:
            return self
        kept = {name: metric for name, metric in self.rewards.items() if name not in SINGLE}
        return Metrics(rewards=kept, texts=self.texts)


def metrics_of(host: Host, owner: str, names: Sequence[str], *, written: bool) -> Metrics:
    """Return metrics by name; those of written replies only where replies are to be written.

    Raises:
        OptionError: for one that is not for preferences; where none is of rewards.
    """
    found = scoring.metrics_of(host, owner, names, task=PREFERENCE, multilabel=False)
    rewards = {name: metric for name, metric in found.items() if metric.statistics is None}
    if not set(rewards) - set(SINGLE):
        raise OptionError(f"{', '.join(names)} say nothing of what is preferred.", f"Add one of rewards: {_FIRST}.")
    texts = {
        name: metric
        for name, metric in found.items()
        if metric.statistics is not None and (written or name in writing.OF_LOSSES)
    }
    return Metrics(rewards=rewards, texts=texts)


def rewards(replies: models.Replies, ratios: Floats, beta: float) -> tuple[Integers, Floats]:
    """Return truth [rows] and scores [rows, 2] of rewards, from how much likelier the model made replies, [replies].

    The second column is the reward of a row's first reply. The first is that of the rejected one, and the truth 1; of
    single replies it is 0, their rewards being those above what stray replies gained, and the truth whether they are
    approved. A model that changed nothing is never right on pairs: a tie counts for the first column.
    """
    if replies.paired:
        return np.ones(len(ratios) // 2, dtype=np.int64), beta * np.stack([ratios[1::2], ratios[0::2]], axis=1)
    gone = max(float(ratios[replies.standings == Standing.STRAY].mean()), 0.0)
    own = beta * (ratios[0::2] - gone)
    return replies.standings[0::2].copy(), np.stack([np.zeros(len(own)), own], axis=1)


def score(
    host: Host,
    metrics: Metrics,
    replies: models.Replies,
    measured: Measured,
    reference: Floats | None,
    *,
    beta: float,
    groups: Sequence[str] | None,
    seed: int,
) -> dict[str, Score]:
    """Return the metrics with their intervals, by row or by group.

    Without a `reference` [replies] they are those of the untuned model, which has no rewards: where rows are pairs,
    its implicit accuracy is the share of them whose chosen reply it finds likelier.
    """
    found: dict[str, Score] = {}
    ours = -measured.losses[:, 0]
    if reference is not None:
        truth, scores = rewards(replies, ours - reference, beta)
        found = _of_classes(host, metrics.rewards, truth, scores, groups, seed)
    elif replies.paired:
        truth, scores = rewards(replies, ours, 1.0)
        found = _of_classes(host, _first(metrics), truth, scores, groups, seed)
    if metrics.texts:
        found |= writing.score(
            host, metrics.texts, wanted(replies, measured.losses), measured.answers, groups=groups, seed=seed
        )
    return found


def longer(
    host: Host, metrics: Metrics, replies: models.Replies, *, groups: Sequence[str] | None, seed: int
) -> dict[str, Score]:
    """Return what comes of taking the longer reply of each pair, by its tokens; nothing for single replies."""
    if not replies.paired:
        return {}
    tokens = np.array([sum(replies.row(number).supervised) for number in range(len(replies))], dtype=np.float64)
    truth, scores = rewards(replies, tokens, 1.0)
    return _of_classes(host, _first(metrics), truth, scores, groups, seed)


def wanted(replies: models.Replies, losses: Floats) -> Floats:
    """Return the losses [rows, 2] of each row's wanted reply; a row that has none adds nothing."""
    first = replies.standings[0::2] == Standing.CHOSEN
    found: Floats = losses[0::2] * first[:, None]
    return found


def findings(
    rows: int, values: Mapping[str, Score], baselines: Mapping[str, Mapping[str, Score]], metrics: Metrics
) -> tuple[Finding, ...]:
    """Return what scores say: test rows that are too few, chance that is not excluded, baselines that are better."""
    better = {name: metric.better for name, metric in metrics.every.items()}
    found = evaluation.sample_size(np.zeros(rows, dtype=np.int64), (PREFERENCE,))[: int(rows < evaluation.FEW_ROWS)]
    first = values.get(_FIRST)
    if first is not None and not first.low > 0.5:
        message = (
            f"The implicit accuracy of {first} is not above chance, 0.5: the preference was not learned, or the "
        )
        message += "test rows are too few to tell. Train longer, with a higher learning_rate, or on more rows."
        found = (*found, Finding(code="preference-not-learned", message=message))
    compared = {name: score for name, score in values.items() if name == _FIRST}
    return (*found, *evaluation.compare(compared, baselines, better=better))


def length_ratio(before: Measured, after: Measured, groups: Sequence[str] | None, seed: int) -> Score | None:
    """Return how many times as many words the model writes as the untuned one; None where neither wrote any."""
    if before.answers is None or after.answers is None or not before.answers.places:
        return None
    counts = [[len(text.split()) for text in each.answers.written] for each in (after, before) if each.answers]
    statistics = np.array(counts, dtype=np.float64).T
    own = groups_of(groups, after)
    return evaluation.score_statistics({"": statistics}, {"": evaluation.ratio}, groups=own, seed=seed)[""]


def groups_of(groups: Sequence[str] | None, measured: Measured) -> list[str] | None:
    """Return the groups of the rows that were replied to."""
    assert measured.answers is not None
    return None if groups is None else [groups[place] for place in measured.answers.places]


def _first(metrics: Metrics) -> dict[str, Metric]:
    return {name: metric for name, metric in metrics.rewards.items() if name == _FIRST}


def _of_classes(
    host: Host,
    metrics: Mapping[str, Metric],
    truth: Integers,
    scores: Floats,
    groups: Sequence[str] | None,
    seed: int,
) -> dict[str, Score]:
    return scoring.score(host, truth, {"": scores}, metrics, groups=groups, seed=seed)[""] if metrics else {}
