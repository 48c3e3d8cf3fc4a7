"""The commands on texts with spans, as they are typed."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Acclimate = Callable[..., Any]
NAMES = ("Acme", "Borealis", "Cygnus")


@pytest.fixture
def filings(tmp_path: Path) -> Path:
    """Return a file of 40 sentences, three of four with a name and an amount."""
    lines = []
    for number in range(40):
        name, amount = NAMES[number % 3], f"${number}.5 million"
        text = f"On day {number} {name} paid {amount}." if number % 4 else f"Nothing was paid on day {number}."
        spans = [[text.index(name), text.index(name) + len(name), "ORG"]] if number % 4 else []
        spans += [[text.index(amount), text.index(amount) + len(amount), "MONEY"]] if number % 4 else []
        lines.append(json.dumps({"id": f"s{number}", "text": text, "spans": spans}))
    (tmp_path / "filings.jsonl").write_text("\n".join(lines), "utf-8")
    return tmp_path / "filings.jsonl"


def test_spans_are_adapted_to_evaluated_and_written_by_commands(acclimate: Acclimate, filings: Path) -> None:
    done = acclimate(
        "adapt", "general/token-classification", filings, "--method", "frozen", "--precision", "float32",
        "--allow-leakage", "--output", "run", "--json",
    )  # fmt: skip
    assert done.code == 0, done.out
    report = json.loads(done.out)
    assert list(report["analysis"]["spans"]["by_label"]) == ["MONEY", "ORG"]
    assert report["metrics"]["span_f1"]["value"] > 0.5

    measured = acclimate("evaluate", "run", filings, "--json")
    assert measured.code == 0, measured.out
    assert json.loads(measured.out)["rows"]["test"] == 40

    shown = acclimate("predict", "run", filings)
    table = list(csv.DictReader(io.StringIO(shown.out)))
    assert {row["id"] for row in table} == {f"s{number}" for number in range(40)}
    assert "$13.5 million" in {row["text"] for row in table if row["label"] == "MONEY"}

    written = acclimate("predict", "run", filings, "--output", "found.csv")
    assert written.code == 0, written.err
    assert Path("found.csv").read_text("utf-8").splitlines() == shown.out.splitlines()

    whole = acclimate("predict", "run", filings, "--json")
    rows = json.loads(whole.out)["predictions"]
    assert len(rows) == 40
    assert sum(len(row["spans"]) for row in rows) == sum(bool(row["start"]) for row in table)
