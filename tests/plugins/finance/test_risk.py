"""Risk runs end to end: learned from a table, read off a filing or a call, each row with its place."""

import csv
from pathlib import Path

import pytest
from acclimate import adapt
from acclimate.api.predicting import predict_rows
from acclimate.contracts import DataError
from acclimate_finance.reading.filings import filing

from .test_sentiment import checkpoint

pytestmark = pytest.mark.usefixtures("brief")
SAID = {"credit": "loss falls", "market": "meeting names", "operations": "profit jumps"}
PAGE = """<html><body><p>FORM 10-Q</p><p><b>Item 1. Financial Statements</b></p><p>None.</p>
<p><b>Item 2. Management's Discussion</b></p><p>{long}</p>
<p><b>Item 4. Controls</b></p><p>They work.</p>
<p>PART II</p><p><b>Item 1A. Risk Factors</b></p><p>Loans may default.</p><p>Prices may fall (4%).</p>
<p><b>Item 6. Exhibits</b></p><p>None.</p></body></html>"""
CALL = "Operator\nWelcome.\nJane Doe -- Chief Executive Officer\nPrices fall.\n"


def test_a_run_reads_filings_and_calls_and_says_where_each_row_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCLIMATE_CACHE", str(tmp_path / "cache"))
    with (tmp_path / "rows.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label", "company"])
        for number in range(90):
            label = list(SAID)[number % 3]
            writer.writerow([f"in week {number} our {SAID[label]} again", label, f"firm {number // 5}"])
    backbone = checkpoint(tmp_path / "backbone", ("a", "b", "c"))
    run = tmp_path / "run"
    report = adapt(
        "finance/risk", tmp_path / "rows.csv", method="frozen", backbone=backbone, output=run, shown=False
    ).report
    assert "no-group" not in {finding.code for finding in report.findings}  # companies stay in one part

    folder = tmp_path / "filings"
    folder.mkdir()
    for name in ("a.htm", "b.htm"):
        (folder / name).write_text(PAGE.format(long="It went well. " * 100))
    for source, names in ((folder, ["a.htm", "a.htm", "b.htm", "b.htm"]), (folder / "b.htm", ["b.htm", "b.htm"])):
        found = list(predict_rows(run, source, reading={"items": "II-1A"}))
        assert [row["id"].rpartition(":")[0] for row in found] == [f"{name}:II-1A" for name in names]
        assert all(set(row["probabilities"]) == set(SAID) for row in found)
        assert [(row["filing"], row["item"]) for row in found] == [(name, "II-1A") for name in names]
        whole = {name: filing(folder / name).text for name in set(names)}
        assert all(whole[row["filing"]][row["start"] : row["end"]] == row["text"] for row in found)
        assert all(row["path"].startswith("Part II > Item 1A") for row in found)

    (tmp_path / "call.txt").write_text(CALL)
    found = list(predict_rows(run, tmp_path / "call.txt", reading={"role": "management"}))
    assert [row["id"].rpartition(":")[0] for row in found] == ["call.txt:2"]
    assert [(row["call"], row["role"], row["turn"]) for row in found] == [("call.txt", "management", 2)]
    (tmp_path / "broken.htm").write_text(PAGE.format(long="It went well. " * 100).replace("Item 6.", ""))
    with pytest.raises(DataError, match=r"broken\.htm lacks Item II-6"):
        list(predict_rows(run, tmp_path / "broken.htm"))
