"""Texts with questions: read, checked, dealt to parts as whole texts, and divided into windows for each question."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from acclimate import data, models
from acclimate.api import dealing, inputs, long_texts
from acclimate.api.request import Request
from acclimate.contracts import DataError, Finding
from acclimate.plugins import Host

if TYPE_CHECKING:
    import datasets

    from acclimate.models import Divided

LABEL = long_texts.LABEL
_KNOWN = 200
Questions = Sequence[tuple[data.Question, ...]]
Prepare = Callable[[str], str] | None


def questions_of(rows: "datasets.Dataset") -> list[tuple[data.Question, ...]]:
    """Return the questions of each text."""
    return [data.load_questions(text) for text in rows[data.QUESTIONS][:]]


def _check_asked(rows: "datasets.Dataset", source: str) -> None:
    if not any(questions_of(rows)):
        raise DataError(f"None of the {len(rows):,} texts of {source} has a question.", "Ask some of them.")


READ = long_texts.MarkedTexts(
    marks=data.QUESTIONS,
    shaped=lambda loader, columns, _: data.with_questions(loader, columns),
    check=_check_asked,
)


def deal(host: Host, request: Request, folder: Path) -> tuple[dict[str, "datasets.Dataset"], dealing.Dealt]:
    """Return the tables of a request, and their texts dealt to parts.

    Raises:
        DataError: rows that cannot be used or split, or leak; when no text answers a question.
    """
    tables, dealt = READ.deal(host, request, folder)
    train = questions_of(dealt.parts["train"].rows)
    if not any(question.answers for questions in train for question in questions):
        raise DataError(
            f"None of the {len(train):,} training texts answers a question.",
            "Add texts that do, with their answers marked.",
        )
    return tables, dealt


def known_questions(part: inputs.Part) -> list[str]:
    """Return the questions that are asked of many texts, so that they can be asked of any; none of others."""
    asked = [question.text for questions in questions_of(part.rows) for question in questions]
    known = list(dict.fromkeys(asked))
    return known if len(known) <= _KNOWN and 2 * len(known) <= len(asked) else []


def longest_answer(part: inputs.Part, prepare: Prepare, preprocessing: models.AnswerPreprocessing) -> int:
    """Return how many tokens the longest answer of a part has."""
    texts, longest = inputs.prepared_texts(part.rows, prepare), 1
    for text, questions in zip(texts, questions_of(part.rows), strict=True):
        divided = preprocessing.divide(text)
        for question in questions:
            for answer in question.answers:
                first, last = models.tokens_of_answer(divided, *answer)
                longest = max(longest, last - first + 1)
    return longest


def overlap_for(parts: Sequence[inputs.Part], preprocessing: models.AnswerPreprocessing, longest: int) -> int:
    """Return how many tokens windows share: those of the longest answer, a quarter of a window or half of it at most.

    Raises:
        DataError: for questions that leave too little of a window to the text.
    """
    asked = {each.text for part in parts for questions in questions_of(part.rows) for each in questions}
    size = min(preprocessing.size(len(preprocessing.question(text))) for text in sorted(asked))
    return min(max(size // 4, longest), size // 2)


def examples(
    texts: Sequence[str],
    questions: Questions,
    ids: Sequence[str],
    preprocessing: models.AnswerPreprocessing,
    *,
    answered: bool,
) -> models.AnswerExamples:
    """Return prepared texts with their questions, and where these are `answered` their answers, named by all."""
    divided = [preprocessing.divide(text) for text in texts]
    tokens = {
        each.text: np.asarray(preprocessing.question(each.text), dtype=np.int32)
        for some in questions
        for each in some
    }
    return models.AnswerExamples(
        divided,
        [
            models.Asked(text=number, question=tokens[each.text], answers=_places(divided[number], each, answered))
            for number, some in enumerate(questions)
            for each in some
        ],
        ids,
        [
            sha256(f"{text} {data.dump_questions(some)}".encode()).hexdigest()
            for text, some in zip(texts, questions, strict=True)
        ],
        preprocessing=preprocessing,
    )


def of_part(part: inputs.Part, prepare: Prepare, preprocessing: models.AnswerPreprocessing) -> models.AnswerExamples:
    """Return the texts of a part with their questions and answers."""
    texts = inputs.prepared_texts(part.rows, prepare)
    return examples(texts, questions_of(part.rows), part.ids, preprocessing, answered=True)


def _places(text: "Divided", question: data.Question, answered: bool) -> tuple[tuple[int, int], ...] | None:
    if not answered:
        return None
    return tuple(dict.fromkeys(models.tokens_of_answer(text, *answer) for answer in question.answers))


def told_of_windows(examples: models.AnswerExamples, part: str) -> tuple[Finding, ...]:
    """Say how many answers no window shows wholly, so that they teach nothing and cannot be found whole."""
    shown = {
        (number, answer)
        for number, start, end in examples.windows.tolist()
        for answer in examples.asked[number].answers or ()
        if start <= answer[0] and answer[1] < end
    }
    every = sum(len(asked.answers or ()) for asked in examples.asked)
    if len(shown) == every:
        return ()
    message = f"{every - len(shown):,} of {every:,} {part} answers are longer than what two windows share, and no "
    message += "window shows them wholly. Raise max_tokens to read them."
    return (Finding(code="answers-cut", message=message),)
