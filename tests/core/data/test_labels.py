"""How label sets are read, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
from acclimate.contracts import Columns, DataError
from acclimate.data import check_classes, check_known_labels, indicators, is_multilabel, label_sets, load, read
from acclimate.data.checks import check_alike, check_trained
from datasets import Dataset

BARS = Columns(label_separator="|")


def loaded(folder: Path, text: str, kind: str, columns: Columns = Columns(), part: str = "") -> Dataset:  # noqa: B008
    source = folder / f"{part or 'rows'}.{kind}"
    source.write_text(text)
    reader: Any = {"csv": read.csv_rows, "jsonl": read.jsonl_rows}[kind]
    return load(str(source), read=reader, columns=columns, modality="text", cache=folder / "cache", part=part)


def test_text_is_parted_at_the_separator_and_an_empty_cell_is_no_label(tmp_path: Path) -> None:
    rows = loaded(tmp_path, "text,label\nm,b | a\nn,\no,a\n", "csv", BARS)
    assert is_multilabel(rows)
    assert label_sets(rows) == [("a", "b"), (), ("a",)]
    assert indicators(label_sets(rows), ["a", "b"]).tolist() == [[1, 1], [0, 0], [1, 0]]


def test_lists_are_label_sets_and_the_empty_list_is_no_label(tmp_path: Path) -> None:
    lines = '{"text": "m", "label": []}\n{"text": "n", "label": [2, 1]}\n'
    assert label_sets(loaded(tmp_path, lines, "jsonl")) == [(), ("1", "2")]


def test_without_a_separator_a_bar_is_part_of_a_label(tmp_path: Path) -> None:
    rows = loaded(tmp_path, "text,label\nm,a|b\nn,a\n", "csv")
    assert not is_multilabel(rows)
    assert label_sets(rows) == [("a|b",), ("a",)]


@pytest.mark.parametrize(
    ("text", "kind", "columns", "message"),
    [
        ("text,label\nm,a|b\nn,a||b\n", "csv", BARS, r"line 3: 'a\|\|b' .*a label without a name"),
        ("text,label\nm,a|b\nn,b| b\n", "csv", BARS, r"line 3: .* the label 'b' twice"),
        ('{"text": "m", "label": ["a", ""]}', "jsonl", Columns(), r"line 1: .*a label without a name"),
        ('{"text": "m", "label": ["a", null]}', "jsonl", Columns(), r"line 1: .*a label without a name"),
        (
            '{"text": "m", "label": ["a"]}\n{"text": "n", "label": "b"}',
            "jsonl",
            Columns(),
            r"line 2: .*is plain \('b'",
        ),
        ('{"text": "m", "label": "a"}\n{"text": "n", "label": ["b"]}', "jsonl", Columns(), r"line 2: .*is a list"),
        ('{"text": "m", "label": ["a"]}', "jsonl", BARS, r"line 1: .*holds a list, and text with '\|'"),
        ('{"text": "m", "label": ["a", 1]}', "jsonl", Columns(), r"more than one type: .*'a'.* 1"),
        (
            '{"text": "m", "label": ["a"]}\n{"text": "n", "label": null}',
            "jsonl",
            Columns(),
            r"1 of 2 rows .*no label",
        ),
    ],
)
def test_labels_that_cannot_be_read_are_an_error(
    tmp_path: Path, text: str, kind: str, columns: Columns, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        loaded(tmp_path, text, kind, columns)


def test_rows_that_all_have_the_same_labels_are_an_error(tmp_path: Path) -> None:
    rows = loaded(tmp_path, "text,label\nm,a|b\nn,b|a\n", "csv", BARS)
    with pytest.raises(DataError, match=r"nothing to tell apart: all 2 rows have 'a', 'b'"):
        check_classes(rows)
    check_classes(loaded(tmp_path, "text,label\nm,a\nn,\n", "csv", BARS, part="other"))


def test_a_label_on_no_training_row_is_an_error(tmp_path: Path) -> None:
    rows = loaded(tmp_path, "text,label\nm,a|b\nn,a\no,c|b\n", "csv", BARS)
    check_trained(rows.select([0, 2]), ["a", "b", "c"], rows)
    with pytest.raises(DataError, match=r"1 of 3 labels are on no training row .*: 'c' \(1\)"):
        check_trained(rows.select([0, 1]), ["a", "b", "c"], rows)


def test_unknown_labels_of_a_set_are_named_with_their_lines(tmp_path: Path) -> None:
    rows = loaded(tmp_path, "text,label\nm,a|roze\nn,a\n", "csv", BARS)
    with pytest.raises(DataError, match=r"'roze' \(1 row, line 2; Did you mean 'rose'\?\)"):
        check_known_labels(rows, ["a", "rose"], "test")


def test_parts_must_write_their_labels_alike(tmp_path: Path) -> None:
    several = loaded(tmp_path, "text,label\nm,a|b\nn,a\n", "csv", BARS, part="train")
    one = loaded(tmp_path, "text,label\nm,a\nn,b\n", "csv", part="test")
    check_alike({"train": several, "test": several})
    with pytest.raises(DataError, match=r"several labels in train, and carry one each in test"):
        check_alike({"train": several, "test": one})


def test_a_single_class_per_set_hints_at_the_separator(table: Any) -> None:
    with pytest.raises(DataError, match=r"label_separator='\|'"):
        check_classes(table(["a", "a", "a|b"]))
