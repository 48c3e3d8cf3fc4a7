"""`acclimate clauses` lists what is read of contracts, to look at or to label."""

import csv
import json
from pathlib import Path

import pytest
from acclimate.cli.app import app
from acclimate_legal.contracts.options import TOLD
from typer.testing import CliRunner


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text('1. Parties. Acme (the "Seller").\n2. Law. <b>Norwegian</b> law.\n')
    (tmp_path / "in" / "b.txt").write_text("1. Term. Two years.\n")
    return tmp_path / "in"


def run(*arguments: object) -> tuple[int, str, str]:
    """Return exit code, output and messages of the command."""
    done = CliRunner().invoke(app, ["clauses", *map(str, arguments)])
    return done.exit_code, done.stdout, done.stderr


def test_clauses_are_a_table_with_a_column_to_fill_in(folder: Path, tmp_path: Path) -> None:
    code, shown, _ = run(folder)
    rows = list(csv.DictReader(shown.splitlines()))
    assert code == 0
    assert list(rows[0]) == ["id", *TOLD, "label"]
    assert [(row["contract"], row["path"], row["label"]) for row in rows] == (
        [("a.txt", "1", ""), ("a.txt", "2", ""), ("b.txt", "1", "")]
    )
    assert run(folder, "--output", tmp_path / "out.csv")[1] == f"3 clauses, saved in {tmp_path / 'out.csv'}\n"
    assert list(csv.DictReader((tmp_path / "out.csv").open(newline=""))) == rows
    run(folder, "--output", tmp_path / "out.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [(line["id"], line["label"]) for line in lines] == [(row["id"], None) for row in rows]


def test_json_has_clauses_terms_and_what_could_not_be_read(folder: Path) -> None:
    (folder / "c.pdf").write_bytes(b"%PDF-1.4 and no more")
    code, shown, told = run(folder, "--json")
    found = json.loads(shown)
    assert code == 3
    assert [(term["contract"], term["term"], term["path"]) for term in found["terms"]] == [("a.txt", "Seller", "1")]
    assert [row["id"] for row in found["unread"]] == ["c.pdf"]
    assert "c.pdf: c.pdf is damaged" in told


def test_the_page_shows_contracts_without_labels_escaped(folder: Path, tmp_path: Path) -> None:
    assert run(folder, "--output", tmp_path / "out.html")[0] == 0
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;Norwegian&lt;/b&gt; law." in page
    assert "no label" not in page
    assert page.count('class="clause"') == 3


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--read", "units=item"), 2, "The reader of contracts has no option 'units'. Did you mean 'unit'?"),
        (("--read", "unit=page"), 2, "unit is clause, item, sentence, found 'page'."),
        (("--output", "out.docx"), 2, "Clauses are written to .csv, .jsonl or .html"),
        (("--output", "a.csv"), 1, "exists"),
    ],
)
def test_what_cannot_work_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, said: str
) -> None:
    monkeypatch.chdir(folder)
    (folder / "a.csv").write_text("here already")
    found, _, told = run(folder / "a.txt", *arguments)
    assert found == code
    assert said in " ".join(told.split())
    assert (folder / "a.csv").read_text() == "here already"
