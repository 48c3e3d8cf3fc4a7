"""Labelled spans are read from every form in which people keep them, and listed where they are wrong."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from acclimate import data
from acclimate.contracts import Columns, DataError, LabelNames, UnknownNameError
from acclimate.data.spans import spans_of_tags

TEXT = "Acme Inc. paid $5 to Bob"
ACME, BOB = (0, 9, "ORG"), (21, 24, "PER")


def read(file: Path, *, known: LabelNames | None = None, **columns: str) -> list[tuple[str, tuple[data.Span, ...]]]:
    readers = {".jsonl": data.jsonl_rows, ".json": data.json_rows, ".csv": data.csv_rows, ".conll": data.conll_rows}
    given = Columns(**columns)
    naming = data.Naming(data.read_label_names(given.label_names), known)
    rows = data.with_spans(readers[file.suffix], given, naming, part="train")(str(file))
    return [(row["text"], data.load_spans(row["spans"])) for row in rows]


def write(folder: Path, *rows: Any) -> Path:
    file = folder / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return file


@pytest.mark.parametrize(
    "row",
    [
        {"text": TEXT, "spans": [{"start": 0, "end": 9, "label": "ORG"}, {"start": 21, "end": 24, "label": "PER"}]},
        {"text": TEXT, "spans": [{"start": 21, "end": 24, "label": "PER"}, {"start": 0, "end": 9, "label": "ORG"}]},
        {"text": TEXT, "entities": [[0, 9, "ORG"], [21, 24, "PER"]]},
        {"text": TEXT, "label": [[0, 9, "ORG"], [21, 24, "PER"]], "id": 7},
        {"text": TEXT, "spans": [{"start": 0, "end": 9, "label": "ORG", "text": "Acme Inc.", "token_start": 0},
                                 {"start": 21, "end": 24, "label": "PER"}], "answer": "accept"},
        {"text": TEXT, "entities": [{"start_offset": 0, "end_offset": 9, "label": "ORG"},
                                    {"start_offset": 21, "end_offset": 24, "labels": ["PER"]}]},
        {"text": TEXT, "spans": json.dumps([[0, 9, "ORG"], [21, 24, "PER"]])},
        {"sentence": TEXT, "spans": [[0, 9, "ORG"], [21, 24, "PER"]]},
        {"tokens": TEXT.split(), "tags": ["B-ORG", "I-ORG", "O", "O", "O", "B-PER"]},
        {"words": TEXT.split(), "ner_tags": ["I-ORG", "I-ORG", "O", "O", "O", "I-PER"]},
        {"tokens": TEXT.split(), "tags": ["B-ORG", "E-ORG", "O", "O", "O", "S-PER"]},
        {"tokens": TEXT.split(), "tags": ["ORG", "ORG", "O", "O", "O", "PER"]},
    ],
)  # fmt: skip
def test_every_form_gives_the_same_spans(tmp_path: Path, row: dict[str, Any]) -> None:
    name = "sentence" if "sentence" in row else "text"
    rows = data.with_spans(data.jsonl_rows, Columns(), data.Naming({}, None))(str(write(tmp_path, row)))
    (found,) = rows
    assert found[name] == TEXT
    assert data.load_spans(found["spans"]) == (ACME, BOB)


def test_columns_are_those_that_are_named(tmp_path: Path) -> None:
    row = {"text": "other", "body": TEXT, "spans": [], "gold": [[0, 9, "ORG"]]}
    rows = data.with_spans(data.jsonl_rows, Columns(text="body", label="gold"), data.Naming({}, None))
    (found,) = rows(str(write(tmp_path, row)))
    assert (found["body"], data.load_spans(found["spans"])) == (TEXT, (ACME,))
    with pytest.raises(UnknownNameError, match="no column 'marks'"):
        read(write(tmp_path, row), label="marks")


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("B-A I-A O", [(0, 5, "A")]),
        ("B-A B-A O", [(0, 2, "A"), (3, 5, "A")]),
        ("I-A B-A I-A", [(0, 2, "A"), (3, 8, "A")]),
        ("I-A I-B I-B", [(0, 2, "A"), (3, 8, "B")]),
        ("B-A E-A S-A", [(0, 5, "A"), (6, 8, "A")]),
        ("B-A L-A U-A", [(0, 5, "A"), (6, 8, "A")]),
        ("S-A S-A O", [(0, 2, "A"), (3, 5, "A")]),
        ("O O O", []),
        ("A A B", [(0, 5, "A"), (6, 8, "B")]),
        ("B-x-y I-x-y O", [(0, 5, "x-y")]),
    ],
)
def test_all_schemes_of_tags_are_understood(tags: str, expected: Sequence[data.Span]) -> None:
    assert spans_of_tags(["aa", "bb", "cc"], tags.split()) == expected


BAD: list[tuple[Any, str]] = [
    ([[0, 99, "ORG"]], "0 to 99 \\(ORG\\) is not inside the text of 24 characters"),
    ([[-1, 4, "ORG"]], "-1 to 4"),
    ([[4, 4, "ORG"]], "4 to 4"),
    ([[9, 0, "ORG"]], "9 to 0"),
    ([[0, 4.5, "ORG"]], "lies between characters"),
    ([["0", 4, "ORG"]], "lies between characters"),
    ([[0, 10, "ORG"]], "begins or ends with white space"),
    ([[0, 9, "ORG"], [5, 14, "PER"]], "0 to 9 \\(ORG, 'Acme Inc.'\\) and 5 to 14 .* overlap"),
    ([[0, 9, "ORG"], [0, 9, "ORG"]], "stands there twice"),
    ([[0, 9, ""]], "the label ''"),
    ([[0, 9, None]], "the label None"),
    ([{"start": 0, "end": 9, "label": "ORG", "text": "Acme"}], "is said to be 'Acme'"),
    ([[0, 9]], "is no span"),
    ({"start": 0}, "are a dict and no list"),
    ("[[0, 9", "are not JSON"),
    (None, "has no spans, which is written \\[\\]"),
]


@pytest.mark.parametrize(("spans", "message"), BAD, ids=[row[1] for row in BAD])
def test_spans_that_cannot_be_are_listed_with_id_and_reason(tmp_path: Path, spans: Any, message: str) -> None:
    good = {"id": "a", "text": TEXT, "spans": [[0, 9, "ORG"]]}
    file = write(tmp_path, good, {"id": "b", "text": TEXT, "spans": spans}, {**good, "id": "c"})
    with pytest.raises(DataError, match=message) as error:
        read(file)
    assert "1 of 3 rows of rows.jsonl" in str(error.value)
    assert "b (line 2)" in str(error.value)


@pytest.mark.parametrize("text", ["cafe\u0301s", "a\U0001f44d\U0001f3fdb", "x\U0001f469\u200d\U0001f4bby"])
def test_a_span_cannot_cut_a_character_in_two(tmp_path: Path, text: str) -> None:
    cut = 4 if text.startswith("cafe") else 2
    with pytest.raises(DataError, match="cuts a character in two"):
        read(write(tmp_path, {"text": text, "spans": [[0, cut, "X"]]}))
    whole = {"text": text, "spans": [[0, len(text), "X"]]}
    assert read(write(tmp_path, whole)) == [(text, ((0, len(text), "X"),))]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"tokens": ["a", "b"], "tags": ["O"]}, "2 tokens and 1 tags"),
        ({"tokens": ["a", ""], "tags": ["O", "O"]}, "token 2 is ''"),
        ({"tokens": ["a", "b "], "tags": ["O", "O"]}, "token 2 is 'b '"),
        ({"tokens": ["a", "b"], "tags": [0, 1]}, "the tag 0 is no name"),
    ],
)
def test_tokens_that_do_not_fit_their_tags_are_listed(tmp_path: Path, row: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(write(tmp_path, {"tokens": ["x"], "tags": ["B-ORG"]}, row))


def test_a_table_without_spans_says_how_they_are_written(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"No column of rows\.jsonl is recognised as the spans"):
        read(write(tmp_path, {"text": TEXT, "mood": "good"}))


def test_labels_get_the_names_that_are_known(tmp_path: Path) -> None:
    known = LabelNames(order=("organisation", "person"), aliases={"ORG": "organisation", "PER": "person"})
    file = write(tmp_path, {"text": TEXT, "spans": [[0, 9, "ORG"], [21, 24, "per"]]})
    assert read(file, known=known) == [(TEXT, ((0, 9, "organisation"), (21, 24, "person")))]
    other = write(tmp_path, {"text": TEXT, "spans": [[0, 9, "TICKER"]]})
    with pytest.raises(DataError, match="'TICKER'"):
        read(other, known=known)
    assert read(other, known=known, label_names="TICKER=organisation") == [(TEXT, ((0, 9, "organisation"),))]


def test_csv_holds_spans_as_json(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text('text,spans\n"Acme Inc. paid $5 to Bob","[[0, 9, ""ORG""]]"\n', "utf-8")
    assert read(file) == [(TEXT, (ACME,))]


CONLL = """-DOCSTART- -X- O

# a comment
Acme\tNNP\tB-ORG
Inc.\tNNP\tI-ORG
paid\tVBD\tO

to\tO
Bob\tB-PER

-DOCSTART-

#\tO
1\tO
"""


def test_a_conll_file_is_texts_between_blank_lines_with_documents(tmp_path: Path) -> None:
    file = tmp_path / "rows.conll"
    file.write_text(CONLL, "utf-8")
    rows = list(data.conll_rows(str(file)))
    assert [(row["tokens"], row["tags"], row["document"], row["__line__"]) for row in rows] == [
        (["Acme", "Inc.", "paid"], ["B-ORG", "I-ORG", "O"], "1", 4),
        (["to", "Bob"], ["O", "B-PER"], "1", 8),
        (["#", "1"], ["O", "O"], "2", 13),
    ]
    assert read(file)[:2] == [("Acme Inc. paid", (ACME,)), ("to Bob", ((3, 6, "PER"),))]


def test_a_conll_line_without_a_tag_is_named(tmp_path: Path) -> None:
    file = tmp_path / "rows.conll"
    file.write_text("Acme\tB-ORG\npaid\n", "utf-8")
    with pytest.raises(DataError, match=r"rows\.conll line 2 has no token with a tag: 'paid'"):
        list(data.conll_rows(str(file)))


def task(text: str, *results: dict[str, Any], **more: Any) -> dict[str, Any]:
    found = [{"type": "labels", "to_name": "text", "value": value} for value in results]
    return {"id": 5, "data": {"text": text, "site": "north"}, "annotations": [{"result": found}], **more}


def test_a_task_of_label_studio_is_counted_in_characters_not_in_utf16_units(tmp_path: Path) -> None:
    text = "\U0001f600 Acme pays"
    utf16 = text[: text.index("Acme")].encode("utf-16-le")
    start = len(utf16) // 2
    assert start != text.index("Acme")
    file = tmp_path / "export.json"
    file.write_text(json.dumps([task(text, {"start": start, "end": start + 4, "labels": ["ORG"], "text": "Acme"})]))
    (row,) = data.json_rows(str(file))
    assert (row["id"], row["site"], row["text"]) == (5, "north", text)
    assert read(file) == [(text, ((2, 6, "ORG"),))]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([task("\U0001f600x", {"start": 1, "end": 3, "labels": ["A"]})], "lies between characters"),
        ([task("abc", {"start": 0, "end": 9, "labels": ["A"]})], "not inside the text"),
        ([task("abc", {"start": 0, "end": 1, "labels": ["A", "B"]})], "the label \\['A', 'B'\\]"),
        ([{**task("abc"), "annotations": []}], "has no spans"),
        ([{**task("abc"), "annotations": [{"result": []}, {"result": []}]}], "Task 5 has 2 annotations"),
        ({"text": "abc"}, "holds no list of objects"),
        (["abc"], "holds no list of objects"),
    ],
)
def test_what_an_export_of_label_studio_cannot_mean_is_refused(tmp_path: Path, rows: Any, message: str) -> None:
    file = tmp_path / "export.json"
    file.write_text(json.dumps(rows), "utf-8")
    with pytest.raises(DataError, match=message):
        read(file)


def test_a_cancelled_annotation_does_not_count(tmp_path: Path) -> None:
    row = task("abc", {"start": 0, "end": 1, "labels": ["A"]})
    row["annotations"].append({"was_cancelled": True, "result": []})
    file = tmp_path / "export.json"
    file.write_text(json.dumps([row]), "utf-8")
    assert read(file) == [("abc", ((0, 1, "A"),))]


def test_rows_to_predict_may_be_tokens() -> None:
    assert data.joined({"tokens": ["a", "b"], "tags": ["O", "O"], "id": "1"}, Columns()) == {"id": "1", "text": "a b"}
    assert data.joined({"text": "x", "tokens": ["a"]}, Columns()) == {"text": "x", "tokens": ["a"]}
    assert data.joined({"parts": ["a", "b"]}, Columns(text="parts")) == {"parts": "a b"}
    assert data.joined({"text": "x"}, Columns()) == {"text": "x"}
