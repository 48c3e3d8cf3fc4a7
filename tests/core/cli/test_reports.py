"""Operating points, report pages, suspects and leaks, from the command line to the file."""

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Acclimate = Callable[..., Any]
ADAPT = ("adapt", "text-classification", "--label", "kind", "--method", "frozen", "--precision", "float32")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the run of these tests is kept once it was made."""
    return tmp_path_factory.mktemp("kept") / "run"


@pytest.fixture
def run(acclimate: Acclimate, table: Path, kept: Path) -> Path:
    if kept.exists():
        return shutil.copytree(kept, Path("here"))
    done = acclimate(
        *ADAPT, table, "--positive", "sea", "--operate", "sensitivity=0.8", "--prevalence", 0.2, "--output", "here",
        "--data-licence", "CC0-1.0",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "'sea' from a probability of" in done.out
    assert "where a share of 0.2 is 'sea': ppv" in done.out
    shutil.copytree("here", kept)
    return Path("here")


def test_the_page_of_a_run_and_of_new_rows(acclimate: Acclimate, table: Path, run: Path) -> None:
    page = (run / "report.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "Licence of the data: CC0-1.0." in page
    assert (run / "README.md").read_text(encoding="utf-8").startswith("---\nlibrary_name: acclimate")
    assert acclimate("report", run).out.strip() == str(run / "report.html")
    assert json.loads(acclimate("report", run, "--json").out) == json.loads((run / "report.json").read_text("utf-8"))
    assert acclimate("report", run, "--html", "again.html").out.strip() == "again.html"
    assert Path("again.html").read_text(encoding="utf-8") == page
    done = acclimate("evaluate", run, table, "--label", "kind", "--html", "later.html", "--hide-rows")
    assert done.code == 0, done.err
    assert "60 test rows" in Path("later.html").read_text(encoding="utf-8")
    failed = acclimate("report", run, "--html", "nowhere/page.html")
    assert failed.code == 1
    assert "cannot be written" in failed.err


def test_a_changed_report_is_refused(acclimate: Acclimate, run: Path) -> None:
    page = run / "report.json"
    page.write_text(page.read_text(encoding="utf-8").replace("0.", "1.", 1), encoding="utf-8")
    failed = acclimate("report", run)
    assert failed.code == 1
    assert "was changed after it was written" in failed.err


def test_predictions_say_what_is_flagged(acclimate: Acclimate, table: Path, run: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(acclimate("predict", run, table).out)))
    threshold = json.loads((run / "report.json").read_text("utf-8"))["analysis"]["operating"]["threshold"]
    assert {row["flagged"] for row in rows} == {"true", "false"}
    for row in rows:
        chance = float(row["probability"]) if row["label"] == "sea" else 1 - float(row["probability"])
        if abs(chance - threshold) > 1e-3:  # four digits are printed
            assert row["flagged"] == str(chance >= threshold).lower()


def test_suspects_are_listed_as_rows(acclimate: Acclimate, table: Path) -> None:
    done = acclimate("suspects", "text-classification", table, "--label", "kind")
    assert done.code == 0, done.err
    assert done.out.splitlines()[0] == "id,line,label,likelier,content"
    found = json.loads(acclimate("suspects", "text-classification", table, "--label", "kind", "--json").out)
    assert len(found["suspects"]) == len(done.out.splitlines()) - 1


def test_leaks_stop_a_run_unless_they_are_allowed_and_then_the_page_says_so(
    acclimate: Acclimate, table: Path
) -> None:
    stopped = acclimate(*ADAPT, table, "--test", table, "--output", "leaky")
    assert stopped.code == 1
    assert "not independent of the training rows" in stopped.err
    assert "--allow-leakage" in stopped.err
    assert not Path("leaky").exists()
    done = acclimate(*ADAPT, table, "--test", table, "--output", "leaky", "--allow-leakage")
    assert done.code == 0, done.err
    page = Path("leaky/report.html").read_text(encoding="utf-8")
    assert "do not rely on the score" in page.split("How good it is")[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--operate", "sensitivity=0.9"), "needs the label that is looked for"),
        (("--positive", "see"), "no label 'see'"),
        (("--positive", "sea", "--operate", "recall=1"), "sensitivity=0.95"),
        (("--folds", 1), "folds is 2 or more"),
    ],
)
def test_what_does_not_fit_is_bad_usage(
    acclimate: Acclimate, table: Path, options: tuple[Any, ...], message: str
) -> None:
    failed = acclimate(*ADAPT, table, *options)
    assert failed.code == 2
    assert message in failed.err
