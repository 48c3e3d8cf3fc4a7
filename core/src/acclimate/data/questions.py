"""Questions on texts with answers that stand in them: read from every usual form, checked, listed where wrong.

An answer is `(start, end)` in characters of its text, `end` the first one after it. A question without answers is
one that the text does not answer.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from acclimate.contracts import Columns, DataError
from acclimate.data.cells import as_text, missing, place
from acclimate.data.read.files import LINE, UNREADABLE, name_of
from acclimate.data.table import Reader

QUESTIONS = "questions"
_TEXTS = ("context", "text", "contract", "document")
_LISTS = (QUESTIONS, "qas")
_SHOWN = 10


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
        for count, row in enumerate(_whole(read(source), columns, name_of(source)), 1):
            where = as_text(row.get("id")) or place(int(row.get(LINE) or 0), count)
            yield row if UNREADABLE in row else _converted(row, where, bad, seen)
        if bad:
            raise _unusable(bad, name_of(source))

    return questioned


def asked(row: Mapping[str, Any], columns: Columns) -> dict[str, Any]:
    """Return a row to predict with its `text` and its `questions`, if any, whose answers are not looked at."""
    if UNREADABLE in row:
        return dict(row)
    listed = _listed(row)
    single = [row] if "question" in row and listed is None else []
    found = [
        Question(id=as_text(each.get("id")) or str(number), text=as_text(each.get("question")))
        for number, each in enumerate(single or listed or [], 1)
        if isinstance(each, Mapping)
    ]
    rest = {name: value for name, value in row.items() if name not in (*_LISTS, "question", "answers")}
    empty = [each.id for each in found if missing(each.text)]
    if empty or (listed is not None and len(found) < len(listed)):
        return {**rest, UNREADABLE: "it has a question without words"}
    text = _text_column(list(row), columns)
    return {**rest, "text": row.get(text) if text else None, QUESTIONS: dump_questions(found)}


def _whole(rows: Iterable[Mapping[str, Any]], columns: Columns, source: str) -> Iterator[dict[str, Any]]:
    """Yield rows with a `text` and a list of `questions`; those of one question that share a text become one."""

    def key(numbered: tuple[int, Mapping[str, Any]]) -> Any:
        number, row = numbered
        flat = UNREADABLE not in row and not any(name in row for name in _LISTS)
        return row.get(_named(row, columns, source)) if flat else number

    for _, group in groupby(enumerate(rows), key=key):
        found = [row for _, row in group]
        first = found[0]
        if UNREADABLE in first:
            yield dict(first)
            continue
        name = _named(first, columns, source)
        listed = _listed(first)
        if listed is None and "question" not in first:
            raise DataError(
                f"No column of {source} is recognised as the questions; its columns are "
                f"{', '.join(name for name in first if name != LINE)}.",
                'A row has "context": "…", "questions": [{"question": "…", "answers": [{"text": "…", "answer_start": '
                "0}]}], or one question and its answers.",
            )
        left = (name, *_LISTS, *(("id", "question", "answers", "is_impossible") if listed is None else ()))
        rest = {key: value for key, value in first.items() if key not in left}
        yield {**rest, "text": first.get(name), QUESTIONS: found if listed is None else listed}


def _named(row: Mapping[str, Any], columns: Columns, source: str) -> str:
    found = _text_column(list(row), columns)
    if not found:
        raise DataError(
            f"No column of {source} is recognised as the text; its columns are "
            f"{', '.join(name for name in row if name != LINE)}.",
            'Name it: text="COLUMN" (--text COLUMN).',
        )
    return found


def _text_column(names: Sequence[str], columns: Columns) -> str:
    wanted = (columns.text,) if columns.text else _TEXTS
    return next((name for name in wanted if name in names), "")


def _listed(row: Mapping[str, Any]) -> list[Any] | None:
    """Return the list of questions of a row; None where it has none."""
    value = next((row[name] for name in _LISTS if not missing(row.get(name))), None)
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return [None]  # no question, which is told of where questions are read
    return list(value) if isinstance(value, list | tuple) else None if value is None else [None]


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


def _unusable(bad: Sequence[str], source: str) -> DataError:
    rest = [f"and {len(bad) - _SHOWN:,} more"] if len(bad) > _SHOWN else []
    return DataError(
        "\n  ".join([f"{len(bad):,} questions of {source} cannot be used:", *bad[:_SHOWN], *rest]) + "\n",
        "answer_start counts characters of the text from 0. Correct them, or take the questions away.",
    )
