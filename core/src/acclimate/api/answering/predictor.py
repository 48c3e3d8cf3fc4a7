"""A saved run at work: the answers of new texts."""

from collections.abc import Sequence
from pathlib import Path

from acclimate import data, evaluation, models
from acclimate.api.answering import rows
from acclimate.api.answering.predicting import AnswerRule
from acclimate.api.saved_run import SavedRun
from acclimate.contracts import AnswerPrediction, DataError, FoundAnswer
from acclimate.plugins import Host


class AnswerPredictor(SavedRun[models.Answerer, models.AnswerPreprocessing]):
    """What `load` returns of a run that answers questions; `questions` are those that it learned to answer.

    They are empty where every training text had questions of its own.
    """

    def __init__(self, folder: Path, host: Host) -> None:
        super().__init__(folder, host, models.Answerer, models.AnswerPreprocessing)
        self.rule = AnswerRule.of_manifest(self.manifest["answers"])
        self.longest = int(self.manifest["answers"]["longest"])
        self.questions: tuple[str, ...] = tuple(self.manifest["answers"]["questions"])

    def predict(
        self, texts: Sequence[str], questions: Sequence[str] | None = None
    ) -> list[tuple[AnswerPrediction, ...]]:
        """Return what each text, of any length, answers to each question, with offsets in its characters.

        `questions` are asked of every text; those that the run has learned where they are left out.

        Raises:
            DataError: for a single text instead of a list, for what is no text or an empty one, and where no question
                is given and the run has none.
        """
        if isinstance(texts, str) or isinstance(questions, str):
            raise DataError("predict takes lists, found a single text.", "Write predict([text], [question]).")
        asked = self.asked(questions)
        return self.answers(texts, [asked] * len(texts))

    def asked(self, questions: Sequence[str] | None = None) -> tuple[data.Question, ...]:
        """Return questions, those of the run by default, as they are asked of a text.

        Raises:
            DataError: for none at all.
        """
        wanted = self.questions if questions is None else tuple(questions)
        if not wanted:
            raise DataError(
                "No question was asked, and this run has none of its own: its training texts had each their own.",
                "Give questions.",
            )
        return tuple(data.Question(id=str(number), text=text) for number, text in enumerate(wanted, 1))

    def answers(
        self, texts: Sequence[str], questions: Sequence[tuple[data.Question, ...]]
    ) -> list[tuple[AnswerPrediction, ...]]:
        """Return what each text answers to its own questions; see `predict`."""
        for what, every in (("texts", texts), ("questions", [each.text for some in questions for each in some])):
            strange = [text for text in every if not isinstance(text, str) or not text.strip()]
            if strange:
                raise DataError(
                    f"{len(strange):,} of {len(every):,} {what} are empty or no text, such as {strange[0]!r}.",
                    "Leave them out.",
                )
        given = iter(self.given(texts, questions))
        return [tuple(_told(each, next(given)) for each in some) for some in questions]

    def given(
        self, texts: Sequence[str], questions: Sequence[tuple[data.Question, ...]]
    ) -> list[evaluation.GivenAnswers]:
        """Return for each question, one text after the other, its passages with their probabilities."""
        if not any(questions):
            return []
        prepared = [self.prepare(text) if self.prepare else text for text in texts]
        names = [str(number) for number in range(len(texts))]
        examples = rows.examples(prepared, questions, names, self.preprocessing, answered=False)
        pairs = models.find_answers(self.model, examples, precision=self.precision, longest=self.longest)
        asked = [text for text, some in zip(texts, questions, strict=True) for _ in some]
        return [self.rule.apply(text, each) for text, each in zip(asked, pairs, strict=True)]


def _told(question: data.Question, given: evaluation.GivenAnswers) -> AnswerPrediction:
    found = tuple(
        FoundAnswer(start=start, end=end, text=text, probability=probability)
        for (start, end, text), probability in zip(given.ranked, given.probabilities, strict=True)
    )
    return AnswerPrediction(id=question.id, question=question.text, answers=found[: given.given], candidates=found)


def load(folder: Path, host: Host) -> AnswerPredictor:
    """Return a saved run that answers questions, ready to predict."""
    return AnswerPredictor(folder, host)
