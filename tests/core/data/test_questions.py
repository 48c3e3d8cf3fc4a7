"""Questions in every usual form are the same rows, and those whose answers stand elsewhere are listed."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from acclimate.contracts import Columns, DataError
from acclimate.data import QUESTIONS, asked, csv_rows, json_rows, jsonl_rows, load_questions, with_questions

TEXT = "Acme pays Bob. Edna signs."
ANSWERS = [{"text": "Acme", "answer_start": 0}]
QAS = [
    {"id": "p", "question": "who pays", "answers": ANSWERS, "is_impossible": False},
    {"id": "s", "question": "who sings", "answers": [], "is_impossible": True},
]
EXPECTED = [("p", "who pays", ((0, 4),)), ("s", "who sings", ())]


def write(folder: Path, value: Any, name: str = "rows.jsonl") -> str:
    file = folder / name
    lines = "".join(json.dumps(row) + "\n" for row in value) if name.endswith("l") else json.dumps(value)
    file.write_text(lines, "utf-8")
    return str(file)


def read(source: str, reader: Any = jsonl_rows, columns: Columns = Columns()) -> list[dict[str, Any]]:  # noqa: B008
    return list(with_questions(reader, columns)(source))


def told(row: dict[str, Any]) -> list[tuple[str, str, tuple[tuple[int, int], ...]]]:
    return [(each.id, each.text, each.answers) for each in load_questions(row[QUESTIONS])]


def test_squads_json_is_a_row_for_each_paragraph(tmp_path: Path) -> None:
    none: list[Any] = []
    loan = [{"context": TEXT, "qas": none}, {"context": "x", "qas": none}]
    data = {
        "data": [
            {"title": "lease", "paragraphs": [{"context": TEXT, "qas": QAS}]},
            {"title": "loan", "paragraphs": loan},
        ]
    }
    rows = read(write(tmp_path, data, "cuad.json"), json_rows)
    assert [row["id"] for row in rows] == ["lease", "loan [1]", "loan [2]"]
    assert [row["title"] for row in rows] == ["lease", "loan", "loan"]
    assert rows[0]["text"] == TEXT
    assert told(rows[0]) == EXPECTED
    assert told(rows[1]) == []


def test_lists_of_questions_stand_beside_a_text(tmp_path: Path) -> None:
    (row,) = read(write(tmp_path, [{"id": "c1", "text": TEXT, "questions": QAS}]))
    assert (row["id"], row["text"]) == ("c1", TEXT)
    assert told(row) == EXPECTED
    file = tmp_path / "rows.csv"
    cell = json.dumps(QAS).replace('"', '""')
    file.write_text(f'contract,qas\n"{TEXT}","{cell}"\n', "utf-8")
    (row,) = read(str(file), csv_rows)
    assert told(row) == EXPECTED
    (row,) = read(str(file), csv_rows, Columns(text="contract"))
    assert row["text"] == TEXT


def test_rows_of_one_question_that_share_a_text_become_one(tmp_path: Path) -> None:
    flat = [
        {"id": "p", "context": TEXT, "question": "who pays", "answers": {"text": ["Acme"], "answer_start": [0]}},
        {"id": "s", "context": TEXT, "question": "who sings", "answers": {"text": [], "answer_start": []}},
        {"id": "o", "context": "Other.", "question": "who pays", "answers": []},
    ]
    flat = [{"title": "t", **row} for row in flat]
    rows = read(write(tmp_path, flat))
    assert [told(row) for row in rows] == [EXPECTED, [("o", "who pays", ())]]
    assert [row["title"] for row in rows] == ["t", "t"]


def test_white_space_at_the_ends_of_an_answer_is_not_part_of_it(tmp_path: Path) -> None:
    qas = [{"question": "who signs", "answers": [{"text": " Edna ", "answer_start": 14}]}]
    (row,) = read(write(tmp_path, [{"text": TEXT, "qas": qas}]))
    ((_, _, ((start, end),)),) = told(row)
    assert TEXT[start:end] == "Edna"


BAD: list[tuple[dict[str, Any], str]] = [
    ({"answers": [{"text": "Acme", "answer_start": 3}]}, r"its answer 'Acme' is not at 3, where the text has 'e pa'"),
    ({"answers": [{"text": "Acme", "answer_start": -1}]}, "is not at -1"),
    ({"answers": [{"text": "signs.!", "answer_start": 20}]}, r"'signs.!' is not at 20"),
    ({"answers": [{"text": " ", "answer_start": 4}]}, "an answer has a text and a whole number"),
    ({"answers": [{"text": "Acme", "answer_start": True}]}, "whole number as answer_start"),
    ({"answers": "Acme"}, "its answers are not JSON"),
    ({"answers": {"text": ["Acme"], "answer_start": []}}, "no two lists of texts and starts"),
    ({}, r"it has no answers, which are written \[\]"),
    ({"answers": ANSWERS, "is_impossible": True}, "is_impossible is true, and it has answers"),
    ({"answers": [], "is_impossible": False}, "is_impossible is false, and it has no answer"),
    ({"question": " ", "answers": []}, "it has no question"),
    ({"id": "p", "answers": []}, "its id is another question's too"),
]


@pytest.mark.parametrize(("change", "reason"), BAD, ids=[str(number) for number in range(len(BAD))])
def test_questions_that_cannot_be_used_are_listed_with_the_reason(
    tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    bad = {"id": "bad", "question": "who pays", **change}
    source = write(tmp_path, [{"id": "c1", "text": TEXT, "questions": [*QAS, bad]}])
    with pytest.raises(DataError, match=re.compile(rf"1 questions of .*cannot be used:.*c1.*{reason}", re.DOTALL)):
        read(source)


def test_all_bad_questions_are_counted_and_ten_are_shown(tmp_path: Path) -> None:
    bad = [{"question": "who pays", "answers": [{"text": "Nobody", "answer_start": 0}]}] * 14
    with pytest.raises(DataError, match=r"14 questions") as error:
        read(write(tmp_path, [{"text": TEXT, "questions": bad}]))
    assert str(error.value).count("'Nobody'") == 10
    assert "and 4 more" in str(error.value)


@pytest.mark.parametrize(
    ("row", "message"),
    [({"text": TEXT, "label": "x"}, "recognised as the questions"), ({"body": TEXT, "qas": QAS}, "as the text")],
)
def test_columns_that_are_not_there_are_named(tmp_path: Path, row: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(write(tmp_path, [row]))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([{"title": "t"}], "Entry 1 of cuad.json has no list `paragraphs`"),
        ([{"title": "t", "paragraphs": [{"qas": []}]}], "Paragraph 1 of 't' in cuad.json has no text `context`"),
        ([{"title": "t", "paragraphs": [{"context": "x"}]}], "has no list `qas`"),
    ],
)
def test_what_is_not_squads_form_is_named(tmp_path: Path, data: list[Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(write(tmp_path, {"data": data}, "cuad.json"), json_rows)


def test_rows_to_predict_may_have_questions_or_none() -> None:
    nested = asked({"context": TEXT, "qas": [{"id": "p", "question": "who pays"}]}, Columns())
    assert nested["text"] == TEXT
    assert told(nested) == [("p", "who pays", ())]
    flat = asked({"context": TEXT, "question": "who pays"}, Columns())
    assert told(flat) == [("1", "who pays", ())]
    assert told(asked({"text": TEXT}, Columns())) == []
    assert "without words" in asked({"text": TEXT, "qas": [{"question": ""}]}, Columns())["__unreadable__"]
