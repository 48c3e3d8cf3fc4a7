"""Pairs of queries and documents: found in any source, each kept once."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate.contracts import Columns, DataError, UnknownNameError
from acclimate.data import collect, csv_rows, find_columns, read_documents, read_pairs

Rows = list[dict[str, Any]]


def table(rows: Rows, tmp_path: Path, columns: Columns | None = None, part: str = "train") -> Any:
    def read(source: str) -> Iterable[dict[str, Any]]:
        del source
        return rows

    return read_pairs("rows.csv", read=read, columns=columns or Columns(), cache=tmp_path / part, part=part)


@pytest.mark.parametrize(
    ("names", "given", "query", "document"),
    [
        (("query", "document"), {}, "query", "document"),
        (("question", "answer", "label"), {}, "question", "answer"),
        (("Question", "Answer"), {}, "Question", "Answer"),
        (("title", "body", "when"), {}, "title", "body"),
        (("asked", "answer"), {"query": "asked"}, "asked", "answer"),
        (("a", "b"), {"query": "b", "document": "a"}, "b", "a"),
    ],
)
def test_columns_are_found_by_usual_names(
    names: tuple[str, ...], given: dict[str, str], query: str, document: str
) -> None:
    found = find_columns(
        "rows.csv", read=lambda _: [dict.fromkeys(names, "x")], columns=Columns(**given), wanted=("query", "document")
    )
    assert (found.query, found.document) == (query, document)


def test_columns_that_are_not_there_are_refused() -> None:
    def read(_: str) -> Rows:
        return [{"one": "x", "two": "y"}]

    with pytest.raises(DataError, match="recognised as the query; its columns are one, two"):
        find_columns("rows.csv", read=read, columns=Columns(), wanted=("query", "document"))
    with pytest.raises(UnknownNameError, match="no column 'tow'"):
        find_columns("rows.csv", read=read, columns=Columns(query="one", document="tow"), wanted=("query",))


def test_real_files_are_read_with_their_lines(tmp_path: Path) -> None:
    (tmp_path / "faq.csv").write_text('question,answer\n"How?","By\nhand"\nWhy?,Because\n', encoding="utf-8")
    rows = read_pairs(
        str(tmp_path / "faq.csv"), read=csv_rows, columns=Columns(), cache=tmp_path / "cache", part="train"
    )
    assert rows["text"][:] == ["How?", "Why?"]
    assert rows["document"][:] == ["By\nhand", "Because"]
    assert rows["id"][:] == [f"train:{line}" for line in rows["line"][:]]


def test_equal_documents_are_one_and_equal_queries_have_several_right_ones(tmp_path: Path) -> None:
    rows = table(
        [
            {"query": "how to reset", "document": "Press  the button."},
            {"query": "how to reset", "document": "Call us."},
            {"query": "reset how", "document": "Press the button."},
            {"query": "how  to reset", "document": "Call us."},
        ],
        tmp_path,
    )
    found, members = collect({"train": rows}, None, prepare=None)
    assert found.documents.texts == ("Press  the button.", "Call us.")
    assert found.queries["text"][:] == ["how to reset", "reset how"]
    assert found.right == ((0, 1), (0,))
    assert members == {"train": [0, 1]}
    assert found.merged == 1


def test_a_query_of_two_parts_knows_what_is_right_in_both(tmp_path: Path) -> None:
    train = table([{"query": "a", "document": "x"}, {"query": "b", "document": "y"}], tmp_path)
    test = table([{"query": "a", "document": "y"}], tmp_path, part="test")
    found, members = collect({"train": train, "test": test}, None, prepare=None)
    assert found.right[0] == (0, 1)
    assert members == {"train": [0, 1], "test": [0]}


def test_ids_name_documents_and_a_corpus_adds_to_them(tmp_path: Path) -> None:
    rows = table(
        [
            {"query": "a", "document": "x", "document_id": "7"},
            {"query": "b", "document": "x", "document_id": "7"},
            {"query": "c", "document": "x", "document_id": "8"},
        ],
        tmp_path,
    )
    corpus = read_documents(
        "more.csv",
        read=lambda _: [{"text": "z", "document_id": "9"}, {"text": "x", "document_id": "7"}],
        columns=Columns(),
        cache=tmp_path / "corpus",
    )
    found, _ = collect({"train": rows}, corpus, prepare=None)
    assert found.documents.ids == ("7", "9")
    assert found.right == ((0,), (0,), (0,))
    assert found.same_documents == 1


def test_ties_hold_repeats_groups_and_by_document_all_that_share_one(tmp_path: Path) -> None:
    rows = table(
        [
            {"query": "How do I reset it?", "document": "x"},
            {"query": "how do i reset it", "document": "y"},  # the first one again
            {"query": "something else", "document": "y"},
            {"query": "a third matter", "document": "z"},
            {"query": "a fourth topic", "document": "w"},
        ],
        tmp_path,
    )
    found, _ = collect({"train": rows}, None, prepare=None)
    alone, shared = found.ties(by_document=False), found.ties(by_document=True)
    assert alone[0] == alone[1] != alone[2]
    assert shared[0] == shared[1] == shared[2] != shared[3]
    assert len(set(shared.tolist())) == 3
    grouped = table(
        [{"query": text, "document": text, "who": who} for text, who in (("a", "1"), ("b", "2"), ("c", "1"))],
        tmp_path / "grouped",
        Columns(group="who"),
    )
    ties = collect({"train": grouped}, None, prepare=None)[0].ties(by_document=True)
    assert ties[0] == ties[2] != ties[1]


def test_what_is_right_at_another_time_is_right_where_it_was_there_already(tmp_path: Path) -> None:
    columns = Columns(time="date")
    rows = table(
        [
            {"query": "a", "document": "x", "date": "2000-01-01", "document_time": "1990-01-01"},
            {"query": "a", "document": "y", "date": "2010-01-01", "document_time": "2005-01-01"},
        ],
        tmp_path,
        columns,
    )
    found, _ = collect({"train": rows}, None, prepare=None)
    assert found.right == ((0,), (0, 1))
    assert found.documents.dated
    assert found.moments is not None
    assert np.all(found.documents.moments < found.moments[1])


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([{"query": "a", "document": "x"}], "There is 1 document, and a search needs two or more"),
        ([{"query": "a", "document": "x"}, {"query": "", "document": "y"}], "1 of 2 rows .* have no text"),
        ([{"query": "a", "document": "x"}, {"query": "b", "document": " "}], "have no document: row 2"),
        ([{"query": "a", "document": "x", "document_time": "2000-01-01"}], "its queries have none"),
    ],
)
def test_pairs_that_cannot_be_used_are_refused(rows: Rows, told: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=told):
        collect({"train": table(rows, tmp_path)}, None, prepare=None)


def test_a_text_of_which_preparation_leaves_nothing_is_refused(tmp_path: Path) -> None:
    rows = table([{"query": "...", "document": "x"}, {"query": "b", "document": "y"}], tmp_path)
    with pytest.raises(DataError, match="train row 1: preparation leaves nothing of the query"):
        collect({"train": rows}, None, prepare=lambda text: text.replace(".", ""))
