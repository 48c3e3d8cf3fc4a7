"""Names and amounts of filings, by labels of any scheme, with what the amounts come to."""

import csv
import json
from pathlib import Path

import pytest
from acclimate.api import Run, adapt, load, predict_rows, write_predictions
from acclimate.contracts import DataError
from acclimate_finance import ENTITIES

NAMES = ("Acme", "Borealis", "Cygnus")
pytestmark = pytest.mark.usefixtures("brief")


@pytest.fixture(scope="module")
def filings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of 40 sentences, three of four with a name and an amount."""
    lines = []
    for number in range(40):
        name, amount = NAMES[number % 3], f"${number}.5 million"
        text = f"On day {number} {name} paid {amount}." if number % 4 else f"Nothing was paid on day {number}."
        spans = [(text.index(part), label) for part, label in ((name, "ORG"), (amount, "MONEY")) if part in text]
        sizes = {"ORG": len(name), "MONEY": len(amount)}
        marked = [[start, start + sizes[label], label] for start, label in spans]
        lines.append(json.dumps({"id": f"s{number}", "text": text, "spans": marked, "filing": f"f{number // 2}"}))
    file = tmp_path_factory.mktemp("filings") / "filings.jsonl"
    file.write_text("\n".join(lines), "utf-8")
    return file


@pytest.fixture(scope="module")
def run(filings: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACCLIMATE_CACHE", str(tmp_path_factory.mktemp("cache")))
        output = tmp_path_factory.mktemp("entities") / "run"
        return adapt("finance/entities", filings, method="frozen", output=output, precision="float32", shown=False)


def test_labels_stand_under_their_names_and_filings_stay_in_one_part(run: Run, filings: Path) -> None:
    assert run.report.labels == ("organisation", "money")
    parts = json.loads((run.output / "rows.json").read_text("utf-8"))
    by_id = {row["id"]: row["filing"] for row in map(json.loads, filings.read_text("utf-8").splitlines())}
    of = {part: {by_id[id] for id in ids} for part, ids in parts.items()}
    assert not of["train"] & of["test"]
    assert not of["train"] & of["validation"]


def test_what_an_amount_comes_to_stands_beside_it(run: Run, filings: Path, tmp_path: Path) -> None:
    assert run.report.metrics["span_f1"].value > 0.5
    rows = {row["id"]: row for row in predict_rows(run.output, filings)}
    money = [span for row in rows.values() for span in row["spans"] if span["label"] == "money"]
    whole = [span for span in money if span["text"].startswith("$") and span["text"].endswith("million")]
    assert len(whole) > 10
    for span in whole:
        assert span["value"] == span["text"][1:].removesuffix(".5 million").lstrip("0") + "500000"
        assert (span["unit"], span["currency"], span["period"]) == ("", "USD", "")
    write_predictions(run.output, filings, tmp_path / "found.csv")
    with (tmp_path / "found.csv").open(newline="", encoding="utf-8") as stream:
        lines = list(csv.DictReader(stream))
    assert list(lines[0])[6:] == ["value", "unit", "currency", "period", "error"]
    assert {line["value"] for line in lines if line["label"] == "money"} == {span["value"] for span in money}
    assert {line["value"] for line in lines if line["label"] == "organisation"} <= {""}


def test_a_loaded_run_tells_the_same(run: Run) -> None:
    (found,) = load(run.output).predict(["On day 7 Acme paid $13.5 million."])
    money = [span for span in found.spans if span.label == "money"]
    assert [(span.text, span.columns["value"]) for span in money] == [("$13.5 million", "13500000")]


def test_a_label_that_no_one_knows_is_refused_until_it_is_named(filings: Path, tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(filings.read_text("utf-8").replace("MONEY", "Revenue"), "utf-8")
    with pytest.raises(DataError, match="'Revenue'"):
        adapt("finance/entities", file, method="frozen", output=tmp_path / "run", shown=False)


def test_the_labels_of_usual_schemes_are_known() -> None:
    usual = {"PER": "person", "ORG": "organisation", "GPE": "location", "MISC": "miscellaneous", "PERCENT": "percent"}
    assert {label: ENTITIES.find(label) for label in usual} == usual
    assert ENTITIES.find("LABEL_1") is None
