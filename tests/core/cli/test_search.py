"""The commands on queries and documents, as they are typed."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Acclimate = Callable[..., Any]
THINGS = ("lamp", "desk", "rug", "kettle", "chair", "shelf", "mirror", "clock")


@pytest.fixture
def entries(tmp_path: Path) -> Path:
    """Return a table of 16 questions, two for each of eight entries."""
    lines = ["asked,entry,number"]
    for number, thing in enumerate(THINGS):
        lines.append(f"where is my {thing},A {thing} is shipped on Monday.,{number}")
        lines.append(f"when does the {thing} come,A {thing} is shipped on Monday.,{number}")
    (tmp_path / "faq.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "faq.csv"


def test_a_search_is_adapted_evaluated_and_asked_by_commands(
    acclimate: Acclimate, entries: Path, tmp_path: Path
) -> None:
    columns = ("--query", "asked", "--document", "entry", "--document-id", "number")
    (tmp_path / "more.csv").write_text("entry,number\nWe are closed on Sunday.,99\n")
    done = acclimate(
        "adapt", "general/sentence-similarity", entries, *columns, "--method", "frozen", "--split-by", "query",
        "--corpus", "more.csv", "--fusion", 0.2, "--precision", "float32", "--output", "run", "--json",
    )  # fmt: skip
    assert done.code == 0, done.out
    report = json.loads(done.out)
    assert report["analysis"]["search"]["documents"] == 9
    assert report["analysis"]["search"]["fusion"] == 0.2
    assert {"bm25", "without_bm25"} == set(report["baselines"])

    measured = acclimate("evaluate", "run", entries, *columns, "--json")
    assert measured.code == 0, measured.out
    assert json.loads(measured.out)["rows"]["test"] == 16

    Path("new.csv").write_text("asked\nwhere is my clock\nis the shop open on Sunday\n")
    shown = acclimate("predict", "run", "new.csv", "--query", "asked")
    first = [row["document"] for row in csv.DictReader(io.StringIO(shown.out)) if row["place"] == "1"]
    assert first == ["7", "99"]

    refused = acclimate("predict", "run", "new.csv", "--query", "asked", "--output", "found.txt")
    assert (refused.code, "suffix .csv, .jsonl, .parquet" in refused.err) == (2, True)
