"""A saved run at work: what new texts say to hypotheses."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from acclimate import data, models
from acclimate.api.entailing.deciding import EntailRule
from acclimate.api.entailing.given import Given, said
from acclimate.api.passages.dividing import Place, examples, places_of
from acclimate.api.saved_run import SavedRun
from acclimate.contracts import DataError, EntailmentPrediction, FoundAnswer
from acclimate.plugins import Host


class EntailPredictor(SavedRun[models.Entailer, models.EntailPreprocessing]):
    """What `load` returns of a run that judges hypotheses; `hypotheses` are those that it learned to judge.

    They are empty where every training text had hypotheses of its own.
    """

    def __init__(self, folder: Path, host: Host) -> None:
        super().__init__(folder, host, models.Entailer, models.EntailPreprocessing)
        self.rule = EntailRule.of_manifest(self.manifest["entailment"])
        self.hypotheses: tuple[str, ...] = tuple(self.manifest["entailment"]["hypotheses"])

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of entailment, contradiction and neither."""
        return self.model.labels

    def predict(
        self, texts: Sequence[str], hypotheses: Sequence[str] | None = None
    ) -> list[tuple[EntailmentPrediction, ...]]:
        """Return what each text, of any length, says to each hypothesis, with the passages that say it.

        `hypotheses` are put to every text; those that the run has learned where they are left out.

        Raises:
            DataError: for a single text instead of a list, for what is no text or an empty one, and where no
                hypothesis is given and the run has none.
        """
        if isinstance(texts, str) or isinstance(hypotheses, str):
            raise DataError("predict takes lists, found a single text.", "Write predict([text], [hypothesis]).")
        asked = self.asked(hypotheses)
        return self.judge(texts, [asked] * len(texts))

    def asked(self, hypotheses: Sequence[str] | None = None) -> data.Hypotheses:
        """Return hypotheses, those of the run by default, as they are put to a text.

        Raises:
            DataError: for none at all.
        """
        wanted = self.hypotheses if hypotheses is None else tuple(hypotheses)
        if not wanted:
            raise DataError(
                "No hypothesis was given, and this run has none of its own: its training texts had each their own.",
                "Give hypotheses.",
            )
        numbered = enumerate(wanted, 1)
        return data.Hypotheses(asked=tuple(data.Hypothesis(id=str(number), text=text) for number, text in numbered))

    def judge(self, texts: Sequence[str], asked: Sequence[data.Hypotheses]) -> list[tuple[EntailmentPrediction, ...]]:
        """Return what each text says to its own hypotheses; see `predict`."""
        words = [each.text for some in asked for each in some.asked]
        for what, every in (("texts", texts), ("hypotheses", words)):
            strange = [text for text in every if not isinstance(text, str) or not text.strip()]
            if strange:
                raise DataError(
                    f"{len(strange):,} of {len(every):,} {what} are empty or no text, such as {strange[0]!r}.",
                    "Leave them out.",
                )
        if not words:
            return [() for _ in texts]
        prepared = [self.prepare(text) if self.prepare else text for text in texts]
        places = [
            places_of(text, some.passages, self.preprocessing) for text, some in zip(prepared, asked, strict=True)
        ]
        of_text = [number for number, some in enumerate(asked) for _ in some.asked]
        passages = self.passages(prepared, places, of_text, words)
        logits = self.rule.logits(passages)
        judged = iter(
            said(places[number], own, each, self.rule)
            for number, own, each in zip(of_text, logits, passages, strict=True)
        )
        return [
            tuple(self._told(text, each, next(judged)) for each in some.asked)
            for text, some in zip(texts, asked, strict=True)
        ]

    def passages(
        self,
        texts: Sequence[str],
        places: Sequence[tuple[Place, ...]],
        of_text: Sequence[int],
        hypotheses: Sequence[str],
    ) -> list[NDArray[np.float32]]:
        """Return of each hypothesis the logits [passages, 3] of the passages of its prepared text."""
        windows = examples(
            texts,
            places,
            of_text,
            hypotheses,
            [None] * len(hypotheses),
            [str(number) for number in range(len(texts))],
            self.preprocessing,
        )
        return models.passage_logits(self.model, windows, precision=self.precision)

    def _told(self, text: str, hypothesis: data.Hypothesis, given: Given) -> EntailmentPrediction:
        found = tuple(
            FoundAnswer(start=start, end=end, text=text[start:end], probability=probability)
            for start, end, probability in given.ranked
        )
        return EntailmentPrediction(
            id=hypothesis.id,
            hypothesis=hypothesis.text,
            label=self.labels[given.label],
            probabilities=dict(zip(self.labels, given.probabilities, strict=True)),
            evidence=found[: given.given],
            candidates=found,
        )


def load(folder: Path, host: Host) -> EntailPredictor:
    """Return a saved run that judges hypotheses, ready to predict."""
    return EntailPredictor(folder, host)
