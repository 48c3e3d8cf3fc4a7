"""What a search refuses, before anything is computed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acclimate.api import Run, adapt
from acclimate.contracts import DataError, OptionError, UnknownNameError

from .conftest import pair_rows, write_rows

Rows = list[dict[str, str]]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"method": "auto"}, "not for a search"),
        ({"method": "contrastive"}, "does not do sentence-similarity"),
        ({"label": "document"}, "A search has a query and a document"),
        ({"positive": "x"}, "An operating point"),
        ({"classes": "a,b"}, "for masks, and not for sentence-similarity"),
        ({"fusion": "much"}, "fusion is 'auto' or the weight"),
        ({"fusion": 1.5}, "fusion is 'auto' or the weight"),
        ({"alike": 0}, "alike is a cosine"),
        ({"split_by": "row"}, "split_by is 'document' or 'query'"),
        ({"hard_negatives": -1}, "hard_negatives is a whole number"),
        ({"rows_at_once": 0}, "rows_at_once is a whole number"),
        ({"group": "asker", "time": "asker"}, "split by time and kept in groups at once"),
        ({"metrics": "accuracy"}, "is for text-classification"),
    ],
)
def test_an_option_that_a_search_does_not_have_is_refused(
    options: dict[str, Any], told: str, short: Callable[..., Run]
) -> None:
    with pytest.raises(OptionError, match=told):
        short(**options)


def test_options_of_a_search_are_refused_where_rows_have_labels(pairs: Path, tmp_path: Path) -> None:
    for option in ({"hard_negatives": 3}, {"document": "document"}, {"corpus": "more.csv"}):
        with pytest.raises(OptionError, match="is for a search"):
            adapt("general/text-classification", pairs, output=tmp_path / "run", shown=False, **option)


def _alone(rows: Rows) -> Rows:
    return [{"words": row["query"], "more": row["document"], "third": "x"} for row in rows]


def _one_document(rows: Rows) -> Rows:
    return [{**row, "document": "one and the same"} for row in rows]


def _blank(rows: Rows) -> Rows:
    return [{**row, "document": "" if number == 3 else row["document"]} for number, row in enumerate(rows)]


def _two_texts(rows: Rows) -> Rows:
    return [{**row, "document_id": "d1"} for row in rows]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_alone, "No column of rows.csv is recognised as the query"),
        (_one_document, "There is 1 document, and a search needs two or more"),
        (_blank, "1 of 81 rows of rows.csv have no document: line 5"),
        (_two_texts, "the document 'd1' has another text than before"),
    ],
)
def test_rows_that_are_no_pairs_are_refused(
    change: Callable[[Rows], Rows], told: str, short: Callable[..., Run], tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=told):
        short(source=write_rows(tmp_path / "rows.csv", change(pair_rows())))


def test_a_column_that_is_not_there_is_refused_with_a_guess(short: Callable[..., Run]) -> None:
    with pytest.raises(UnknownNameError, match="no column 'documents'"):
        short(document="documents")


def test_queries_that_hang_together_by_one_document_are_not_split(short: Callable[..., Run], tmp_path: Path) -> None:
    rows = [{**row, "query": f"{row['query']} {number}"} for number, row in enumerate(pair_rows())]
    rows += [{**rows[number], "document": rows[0]["document"]} for number in range(9)]
    with pytest.raises(DataError, match=r"hang together in 1 piece"):
        short(source=write_rows(tmp_path / "rows.csv", rows), split_by="document")


def test_a_test_file_that_repeats_training_queries_is_refused(
    pairs: Path, short: Callable[..., Run], tmp_path: Path
) -> None:
    test = write_rows(tmp_path / "test.csv", pair_rows()[:12])
    with pytest.raises(DataError, match="12 of 12 test queries repeat a query of another part"):
        short(test=test)
    run = short(test=test, allow_leakage=True)
    assert "leak" in {finding.code for finding in run.report.findings}
