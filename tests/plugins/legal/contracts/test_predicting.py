"""A contract goes in, its clauses come out with their label and their place, and as a page to look at."""

import csv
import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pyarrow.parquet
import pytest
from acclimate import adapt
from acclimate.api import predict_rows, write_predictions
from acclimate.contracts import OptionError
from acclimate_legal.documents import read_document
from typer.testing import CliRunner

CONTRACT = """1. Fees. The customer pays the fees. <script>alert("x")</script>
2. Law. The laws of Norway & Sweden apply.
3. המחיר. הקונה ישלם.
Signed & sealed
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, brief: None) -> Path:
    """Return a run that was learned from a table."""
    folder = tmp_path_factory.mktemp("run")
    said = {"fees": "the customer pays the fees of month {}", "law": "the laws of Norway apply to part {}"}
    with (folder / "clauses.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows((said[label].format(n), label) for n in range(30) for label in said)
    adapt(
        "legal/clauses",
        folder / "clauses.csv",
        method="frozen",
        precision="float32",
        output=folder / "run",
        allow_leakage=True,
        shown=False,
    )
    return folder / "run"


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    path = tmp_path / "contract.txt"
    path.write_text(CONTRACT, encoding="utf-8")
    return path


def test_clauses_are_predicted_with_their_place_in_the_text(run: Path, contract: Path) -> None:
    found = list(predict_rows(run, contract))
    assert [row["path"] for row in found] == ["1", "2", "3"]
    text = read_document(contract).text
    for row in found:
        assert "".join(text[row["start"] : row["end"]].split()) == "".join(row["text"].split())
        assert set(row["probabilities"]) == {"fees", "law"}
        assert row["label"] in row["probabilities"]
    assert list(found[0])[:8] == ["id", "contract", "path", "heading", "page", "start", "end", "text"]


def test_tables_have_the_place_of_each_clause_with_its_label(run: Path, contract: Path, tmp_path: Path) -> None:
    for ending in ("csv", "jsonl", "parquet"):
        write_predictions(run, contract, tmp_path / f"out.{ending}")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    columns = pyarrow.parquet.read_table(tmp_path / "out.parquet").to_pylist()
    for row, line, entry in zip(table, lines, columns, strict=True):
        for name in ("path", "heading", "start", "end", "text", "label"):
            assert row[name] == str(line[name]) == str(entry[name])
        assert (row["page"], line["page"], entry["page"]) == ("", None, None)


def test_the_command_prints_them_and_tells_of_what_it_could_not_read(run: Path, contract: Path) -> None:
    from acclimate.cli.app import app

    (contract.parent / "broken.docx").write_bytes(b"no archive")
    done = CliRunner().invoke(app, ["predict", str(run), str(contract.parent)])
    assert done.exit_code == 3
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert rows[0]["id"] == "broken.docx"
    assert rows[0]["error"].startswith("broken.docx is damaged")
    assert [row["path"] for row in rows[1:]] == ["1", "2", "3"]


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_the_page_shows_the_whole_contract_escaped_and_loads_nothing(
    run: Path, contract: Path, tmp_path: Path
) -> None:
    done = write_predictions(run, contract, tmp_path / "page.html")
    assert (done.rows, done.unreadable) == (3, 0)
    written = (tmp_path / "page.html").read_text(encoding="utf-8")
    page = _Page()
    page.feed(written)
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "a", "form"}
    assert not any(name in ("src", "href", "onclick") for _, given in page.tags for name in given)
    assert not re.search(r"url\(|@import|https?:", written)
    policy = next(given["content"] for tag, given in page.tags if given.get("http-equiv"))
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"
    shown = "".join("".join(page.texts).split())
    assert all("".join(line.split()) in shown for line in CONTRACT.splitlines())
    assert html.escape('<script>alert("x")</script>') in written
    assert all(given.get("dir") == "auto" for tag, given in page.tags if given.get("class") in ("text", "rest"))
    for row in predict_rows(run, contract):
        assert f"{row['label']}</span> {row['probabilities'][row['label']]:.2f}" in written


def test_pages_are_for_sources_that_have_one(run: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("text\nthe customer pays\n")
    with pytest.raises(OptionError, match=r"the suffix \.csv, \.jsonl, \.parquet; found"):
        write_predictions(run, tmp_path / "rows.csv", tmp_path / "page.html")
