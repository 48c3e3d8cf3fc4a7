"""Questions on texts with answers that stand in them: read from every usual form, checked, listed where wrong.

An answer is `(start, end)` in characters of its text, `end` the first one after it. A question without answers is
one that the text does not answer.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from acclimate.contracts import Columns
from acclimate.data.cells import as_text, missing, place
from acclimate.data.gathering import Asking, gathered, listed, text_column, unusable
from acclimate.data.read.files import LINE, UNREADABLE, name_of
from acclimate.data.table import Reader

QUESTIONS = "questions"
_FORM = Asking(
    lists=(QUESTIONS, "qas"),
    single="question",
    fields=("id", "question", "answers", "is_impossible"),
    example='{"context": "…", "questions": [{"question": "…", "answers": [{"text": "…", "answer_start": 0}]}]}',
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question with its answers in the text, none where it has none."""

    id: str
    text: str
    answers: tuple[tuple[int, int], ...] = ()


def dump_questions(questions: Iterable[Question]) -> str:
    """Return questions as the text that a table keeps."""
    return json.dumps([[each.id, each.text, list(each.answers)] for each in questions], ensure_ascii=False)


def load_questions(text: str) -> tuple[Question, ...]:
    """Return the questions that `dump_questions` wrote."""
    return tuple(
        Question(id=id, text=asked, answers=tuple((start, end) for start, end in answers))
        for id, asked, answers in json.loads(text)
    )


def with_questions(read: Reader, columns: Columns) -> Reader:
    """Return a reader whose rows have a `text`, and `questions` as `dump_questions` writes them.

    Read are a text beside a list of questions (`questions` or SQuAD's `qas`, as JSON in CSV), each with `question`,
    `answers` and perhaps `id` and `is_impossible`; and a text beside one `question` and its `answers`, where rows
    that follow each other with the same text become one. Answers are `{"text", "answer_start"}` each, or SQuAD's two
    lists of texts and starts. The text is in the column that `columns.text` names, or in `context` or `text`.

    Raises:
        DataError: while it is read, for columns that are not there; at its end one error for all questions that
            cannot be used, which it names with the reason: above all answers that are not where they are said to be.
    """

    def questioned(source: str) -> Iterator[dict[str, Any]]:
        bad: list[str] = []
        seen: set[str] = set()
        for count, row in enumerate(gathered(read(source), columns, name_of(source), _FORM), 1):
            where = as_text(row.get("id")) or place(int(row.get(LINE) or 0), count)
            yield row if UNREADABLE in row else _converted(row, where, bad, seen)
        if bad:
            raise unusable(
                bad,
                name_of(source),
                what=QUESTIONS,
                hint="answer_start counts characters of the text from 0. Correct them, or take the questions away.",
            )

    return questioned


def asked(row: Mapping[str, Any], columns: Columns) -> dict[str, Any]:
    """Return a row to predict with its `text` and its `questions`, if any, whose answers are not looked at."""
    if UNREADABLE in row:
        return dict(row)
    several = listed(row, _FORM)
    single = [row] if "question" in row and several is None else []
    found = [
        Question(id=as_text(each.get("id")) or str(number), text=as_text(each.get("question")))
        for number, each in enumerate(single or several or [], 1)
        if isinstance(each, Mapping)
    ]
    rest = {name: value for name, value in row.items() if name not in (*_FORM.lists, "question", "answers")}
    empty = [each.id for each in found if missing(each.text)]
    if empty or (several is not None and len(found) < len(several)):
        return {**rest, UNREADABLE: "it has a question without words"}
    text = text_column(list(row), columns)
    return {**rest, "text": row.get(text) if text else None, QUESTIONS: dump_questions(found)}


def _converted(row: Mapping[str, Any], where: str, bad: list[str], seen: set[str]) -> dict[str, Any]:
    """Return a row with its questions as text; what is wrong with them is added to `bad`."""
    text = row["text"] if isinstance(row["text"], str) else as_text(row["text"])
    found = []
    for number, each in enumerate(row[QUESTIONS], 1):
        question, reason = _question(each, text, f"{where}:{number}")
        if not reason and question.id in seen:
            reason = "its id is another question's too"
        if reason:
            bad.append(f"{where}, question {question.id if question.id else number}: {reason}")
        seen.add(question.id)
        found.append(question)
    return {**row, "text": text, QUESTIONS: dump_questions(found)}


def _question(value: Any, text: str, usual: str) -> tuple[Question, str]:
    """Return a question, and why it cannot be used, "" where it can."""
    if not isinstance(value, Mapping) or missing(value.get("question")):
        return Question(id="", text=""), "it has no question"
    id, words = as_text(value.get("id")) or usual, as_text(value["question"])
    given, reason = _answers(value.get("answers"), text)
    impossible = value.get("is_impossible")
    if not reason and impossible is True and given:
        reason = "is_impossible is true, and it has answers"
    if not reason and impossible is False and not given:
        reason = "is_impossible is false, and it has no answer"
    return Question(id=id, text=words, answers=tuple(sorted(set(given)))), reason


def _answers(value: Any, text: str) -> tuple[list[tuple[int, int]], str]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            return [], f"its answers are not JSON: {error}"
    if isinstance(value, Mapping):  # as the hub's tables hold them
        texts, starts = value.get("text"), value.get("answer_start")
        if not isinstance(texts, list | tuple) or not isinstance(starts, list | tuple) or len(texts) != len(starts):
            return [], "its answers are no two lists of texts and starts, of one length"
        value = [{"text": own, "answer_start": start} for own, start in zip(texts, starts, strict=True)]
    if not isinstance(value, list | tuple):
        return [], "it has no answers, which are written [] where there are none"
    found = []
    for each in value:
        own, start = (each.get("text"), each.get("answer_start")) if isinstance(each, Mapping) else (None, None)
        if not isinstance(own, str) or not own.strip() or not isinstance(start, int) or isinstance(start, bool):
            return [], f"an answer has a text and a whole number as answer_start, found {each!r}"[:200]
        if start < 0 or text[start : start + len(own)] != own:
            there = text[max(0, start) : max(0, start) + len(own)]
            return [], f"its answer {_short(own)} is not at {start}, where the text has {_short(there)}"
        inner = len(own) - len(own.lstrip())
        found.append((start + inner, start + len(own.rstrip())))
    return found, ""


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:37]}...")
