"""What a loader tells of its rows stands beside what is predicted of them, in every form."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from acclimate import data
from acclimate.api.prediction_tables import WRITERS, Form, check_format, write_csv
from acclimate.contracts import Columns, OptionError
from acclimate.data.read import UNREADABLE

TOLD: dict[str, type] = {"where": str, "page": int}
ROWS = (
    {"id": "a", "where": "7.2", "page": 3, "label": "fees", "probabilities": {"fees": 0.75, "law": 0.25}},
    {"id": "b", "where": None, "page": 4, "error": "it has no text"},
)


def read(source: str) -> Iterator[dict[str, Any]]:
    """Yield three rows: with all, with less, and one that cannot be read."""
    yield {"id": "a", "text": "one", "where": "7.2", "page": 3, "other": "x"}
    yield {"id": "b", "text": "two"}
    yield {"id": "c", "page": 9, UNREADABLE: "torn"}


def test_columns_that_are_told_come_with_their_rows_and_others_do_not() -> None:
    found = list(data.stream("x", read=read, columns=Columns(), modality="text", told=tuple(TOLD)))
    assert [dict(row.told) for row in found] == (
        [{"where": "7.2", "page": 3}, {"where": None, "page": None}, {"where": None, "page": 9}]
    )
    assert found[2].error == "torn"
    assert [dict(row.told) for row in data.stream("x", read=read, columns=Columns(), modality="text")] == [{}] * 3


@pytest.mark.parametrize("rows", [ROWS, ROWS[::-1]])
def test_tables_have_them_after_the_id_whichever_row_comes_first(rows: tuple[Any, ...], tmp_path: Path) -> None:
    form = Form(labels=("fees", "law"), several=False, told=TOLD)
    for ending in (".csv", ".jsonl", ".parquet"):
        WRITERS[ending](rows, tmp_path / f"out{ending}", form)
    with (tmp_path / "out.csv").open(newline="") as file:
        table = list(csv.reader(file))
    assert table[0] == ["id", "where", "page", "label", "probability", "error"]
    assert sorted(table[1:]) == [["a", "7.2", "3", "fees", "0.7500", ""], ["b", "", "4", "", "", "it has no text"]]
    kept = pyarrow.parquet.read_table(tmp_path / "out.parquet")
    assert [str(kept.schema.field(name).type) for name in TOLD] == ["string", "int64"]
    assert [(row["where"], row["page"]) for row in kept.to_pylist()] == [(row["where"], row["page"]) for row in rows]
    assert [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()] == list(rows)


def test_no_rows_give_a_header_alone() -> None:
    stream = io.StringIO()
    write_csv((), stream, several=False)
    assert stream.getvalue().strip() == "id,label,probability,error"


def test_another_ending_is_written_only_by_what_can(tmp_path: Path) -> None:
    check_format(tmp_path / "a.html", (), several=False, others=(".html",))
    with pytest.raises(OptionError, match=r"the suffix \.csv, \.jsonl, \.parquet; found"):
        check_format(tmp_path / "a.html", (), several=False)
