"""Preferences looked at before training: whether they may be swapped, contradict each other, or are of length."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acclimate import data, evaluation
from acclimate.api import inputs
from acclimate.api.preferring.rows import paired
from acclimate.contracts import CardScores, DataError, Finding, Preset, Score, Settings
from acclimate.plugins import Host

Floats = NDArray[np.float64]
_MOST = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """What scores replies from 0 to 1, by the card that the user named or, where `card` is "", the plugin's own."""

    score: Callable[[Sequence[str], str], Sequence[float]]
    card: str

    def scores(self, replies: Sequence[str]) -> Floats:
        """Return the score of each reply, [replies]."""
        return np.asarray(self.score(replies, self.card), dtype=np.float64)


def judge_of(host: Host, preset: Preset, card: str) -> Judge | None:
    """Return what scores replies for a preset, after it read its card; None where its plugin has nothing that does.

    Raises:
        AcclimateError: for a card that cannot be used.
    """
    score = host.load(preset, "judge")
    if score is None:
        return None
    score((), card)
    return Judge(score=score, card=card)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What was found in the rows: how far the wanted and the other replies are as a card says, and what to tell."""

    chosen: Score | None
    rejected: Score | None
    findings: tuple[Finding, ...]

    def scores(self, judge: Judge, written: Mapping[str, Score]) -> CardScores:
        """Return what a report tells of a card, with the scores of `written` replies by name."""
        assert self.chosen is not None
        assert self.rejected is not None
        return CardScores(card=Path(judge.card).name, chosen=self.chosen, rejected=self.rejected, **written)


def look_at(judge: Judge | None, parts: Mapping[str, inputs.Part], settings: Settings) -> Looked:
    """Return what is to be told of preferences, before anything is computed.

    Raises:
        DataError: by the user's card the wanted replies are worse than the others in most pairs that it tells apart,
            beyond chance, and swapped pairs are not allowed.
    """
    wanted, others, matched = _sides(parts)
    found: list[Finding] = [*_length(wanted, others, matched), *_contradictions(parts)]
    if judge is None:
        return Looked(chosen=None, rejected=None, findings=tuple(found))
    scores = judge.scores(wanted), judge.scores(others)
    found += _swapped(judge, settings.swapped, *scores, matched=matched)
    chosen, rejected = (mean_of(each, None, settings.seed) for each in scores)
    return Looked(chosen=chosen, rejected=rejected, findings=tuple(found))


def mean_of(values: Floats, groups: Sequence[str] | None, seed: int) -> Score:
    """Return the mean of values [rows] with its interval."""
    statistics = np.stack([values, np.ones(len(values))], axis=1)
    return evaluation.score_statistics({"": statistics}, {"": evaluation.ratio}, groups=groups, seed=seed)[""]


def _sides(parts: Mapping[str, inputs.Part]) -> tuple[list[str], list[str], bool]:
    """Return the replies that are wanted and those that are not, and whether they are pair by pair."""
    wanted: list[str] = []
    others: list[str] = []
    for part in parts.values():
        if paired(part.rows):
            wanted += part.rows[data.CHOSEN][:]
            others += part.rows[data.REJECTED][:]
        else:
            for reply, approved in zip(part.rows[data.REPLY], part.rows[data.APPROVED], strict=True):
                (wanted if approved == "yes" else others).append(reply)
    return wanted, others, paired(next(iter(parts.values())).rows)


def _worse(wanted: Floats, others: Floats, *, matched: bool) -> tuple[int, int]:
    """Return in how many pairs the wanted reply scores less, and in how many the two differ.

    Single replies are put together as they come, each once.
    """
    count = min(len(wanted), len(others))
    leads = (wanted - others) if matched else (wanted[:count] - others[:count])
    return int((leads < 0).sum()), int((leads != 0).sum())


def _swapped(judge: Judge, policy: str, wanted: Floats, others: Floats, *, matched: bool) -> tuple[Finding, ...]:
    worse, apart = _worse(wanted, others, matched=matched)
    if not apart or evaluation.proportion(worse, apart).low <= 0.5:
        return ()
    what = "chosen" if matched else "approved"
    by = f"the card {Path(judge.card).name}" if judge.card else "the usual card"
    message = f"By {by} the {what} replies are worse than the others in {worse:,} of {apart:,} that it tells apart"
    if judge.card and policy == "error":
        raise DataError(
            f"{message}: they may be swapped.",
            "Look at some rows and swap the columns or mend the card, or go on as they are: swapped='allow' "
            "(--swapped allow).",
        )
    return (Finding(code="swapped", message=f"{message}: look at some rows; they may be swapped."),)


def _length(wanted: Sequence[str], others: Sequence[str], matched: bool) -> tuple[Finding, ...]:
    """Say where the length alone tells most wanted replies from the others."""
    lengths = [np.array([len(reply.split()) for reply in each], dtype=np.float64) for each in (wanted, others)]
    shorter, apart = _worse(*lengths, matched=matched)
    share = shorter / apart if apart else 0.5
    if max(share, 1 - share) < _MOST:
        return ()
    than, most = ("shorter", share) if share > 0.5 else ("longer", 1 - share)
    message = (
        f"{most:.0%} of the wanted replies are {than} than the others: the model may learn length and little else. "
        "Compare the length of what it writes."
    )
    return (Finding(code="length-tells", message=message, details={"share": most, "pairs": apart}),)


def _contradictions(parts: Mapping[str, inputs.Part]) -> tuple[Finding, ...]:
    """Say where the same reply to the same question is wanted and not."""
    wanted: set[tuple[str, str, str]] = set()
    others: set[tuple[str, str, str]] = set()
    for part in parts.values():
        for row in part.rows:
            if data.CHOSEN in row:
                pair = row[data.CHOSEN], row[data.REJECTED]
                wanted.add((row[data.MESSAGES], *pair))
                others.add((row[data.MESSAGES], *pair[::-1]))
            else:
                (wanted if row[data.APPROVED] == "yes" else others).add((row[data.MESSAGES], row[data.REPLY], ""))
    both = len(wanted & others)
    if not both:
        return ()
    message = f"{both:,} preferences are contradicted by another row with the same question and the same replies."
    return (Finding(code="contradicted", message=message),)


def written(
    judge: Judge, before: Sequence[str], after: Sequence[str], groups: Sequence[str] | None, seed: int
) -> dict[str, Any]:
    """Return the scores of replies written before and after to the same rows, and the rise."""
    scores = judge.scores(before), judge.scores(after)
    values = {"before": scores[0], "after": scores[1], "rise": scores[1] - scores[0]}
    return {name: mean_of(each, groups, seed) for name, each in values.items()}
