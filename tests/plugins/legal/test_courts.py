"""Courts of a table: found by name, abbreviation and id, never guessed, and used to split and to slice."""

import csv
import json
from pathlib import Path

import pytest
from acclimate import adapt
from acclimate.cli.app import app
from acclimate.contracts import DataError, OptionError, OutputError
from acclimate_legal.court_tables import write_courts
from acclimate_legal.courts import find_courts, read_mapping
from typer.testing import CliRunner

ROWS = (
    ("Supreme Court of the United States", "scotus", "United States", "federal", "highest"),
    ("9th Cir.", "ca9", "United States", "federal", "appellate"),
    ("United States Court of Appeals for the Ninth Circuit", "ca9", "United States", "federal", "appellate"),
    ("S.D.N.Y.", "nysd", "United States", "federal", "trial"),
    ("S. D. N. Y.", "nysd", "United States", "federal", "trial"),
    ("Bankr. S.D.N.Y.", "nysb", "United States", "federal", "bankruptcy"),
    ("cal", "cal", "California", "state", "highest"),
    ("Supreme Court of California", "cal", "California", "state", "highest"),
    ("Ill. App. Ct.", "illappct", "Illinois", "state", "appellate"),
)


@pytest.mark.parametrize(("name", "id", "jurisdiction", "system", "level"), ROWS)
def test_a_court_is_found_by_each_way_to_write_it(
    name: str, id: str, jurisdiction: str, system: str, level: str
) -> None:
    (found,) = find_courts(name)
    assert (found.court_id, found.jurisdiction, found.court_system, found.court_level) == (
        id,
        jurisdiction,
        system,
        level,
    )


@pytest.mark.parametrize("name", ["Court of Appeals", "High Court of Justice", "the Ninth"])
def test_a_part_of_a_name_is_not_guessed_from(name: str) -> None:
    assert len(find_courts(name)) != 1


def table(folder: Path, *courts: str, dates: tuple[str, ...] = ()) -> Path:
    file = folder / "cases.csv"
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["text", "court", *(["decided"] if dates else [])])
        for number, court in enumerate(courts):
            writer.writerow([f"case {number}", court, *dates[number : number + 1]])
    return file


def read(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_the_rows_stay_in_order_and_unknown_courts_are_counted_by_reason(tmp_path: Path) -> None:
    source = table(tmp_path, "9th Cir.", "", "Court of Nowhere", "9th Cir.", "Cal. Ct. App.")
    found = write_courts(source, tmp_path / "out.csv")
    assert [row["court_id"] for row in read(tmp_path / "out.csv")] == ["ca9", "", "", "ca9", "calctapp"]
    assert [row["text"] for row in read(tmp_path / "out.csv")] == [f"case {number}" for number in range(5)]
    assert found.jurisdictions == {"United States": 2, "California": 1}
    assert found.unknown == {"no court is named": 1, "no court is known by the name 'Court of Nowhere'": 1}
    assert found.rows == 5


def test_a_court_that_did_not_sit_on_the_date_is_not_taken(tmp_path: Path) -> None:
    eleventh = "United States Court of Appeals for the Eleventh Circuit"  # split from the Fifth in 1981
    source = table(tmp_path, eleventh, eleventh, dates=("1975-06-01", "1985-06-01"))
    found = write_courts(source, tmp_path / "out.csv", time="decided")
    assert [row["court_id"] for row in read(tmp_path / "out.csv")] == ["", "ca11"]
    assert found.unknown == {f"{eleventh!r} did not sit then": 1}


def test_courts_of_other_countries_come_from_a_mapping_and_go_first(tmp_path: Path) -> None:
    mapping = tmp_path / "own.csv"
    mapping.write_text(
        "name,jurisdiction,court_level\nHigh Court of Justice,England and Wales,trial\nCAL,Calabria,\n", "utf-8"
    )
    source = table(tmp_path, "high court  of JUSTICE", "cal", "9th Cir.")
    write_courts(source, tmp_path / "out.jsonl", mapping=mapping)
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [row["jurisdiction"] for row in rows] == ["England and Wales", "Calabria", "United States"]
    assert [row["court_level"] for row in rows] == ["trial", "", "appellate"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,place\na,b\n", "place is no column"),
        ("name,court_level\na,trial\n", "jurisdiction is missing"),
        ("name,jurisdiction\nA b,x\na  B,y\n", "line 3: 'a b' is there twice"),
    ],
)
def test_a_mapping_that_cannot_be_meant_is_refused(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text(text, "utf-8")
    with pytest.raises(DataError, match=message):
        read_mapping(file)


def test_what_cannot_work_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    source = table(tmp_path, "9th Cir.", "9th Cir.", dates=("1990-01-01", "last May"))
    with pytest.raises(DataError, match=r"Line 3: 'last May' is no date"):
        write_courts(source, tmp_path / "out.csv", time="decided")
    with pytest.raises(DataError, match="no column 'tribunal'"):
        write_courts(source, tmp_path / "out.csv", column="tribunal")
    with pytest.raises(OptionError, match=r"\.csv or \.jsonl"):
        write_courts(source, tmp_path / "out.xlsx")
    write_courts(source, tmp_path / "out.csv")
    with pytest.raises(DataError, match="'court_id' already"):
        write_courts(tmp_path / "out.csv", tmp_path / "again.csv")
    with pytest.raises(OutputError, match="exists"):
        write_courts(source, tmp_path / "out.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cases.csv", "out.csv"]


def test_the_command_tells_jurisdictions_and_exits_with_3_for_unknown_courts(tmp_path: Path) -> None:
    source = table(tmp_path, "9th Cir.", "Court of Nowhere")
    done = CliRunner().invoke(app, ["courts", str(source), "--output", str(tmp_path / "out.csv")])
    assert done.exit_code == 3
    assert "1  United States" in done.stdout
    assert "no court is known by the name 'Court of Nowhere'" in done.stdout
    done = CliRunner().invoke(app, ["courts", str(source), "--output", str(tmp_path / "other.csv"), "--json"])
    assert done.exit_code == 3
    assert json.loads(done.stdout)["rows"] == 2


@pytest.mark.slow
def test_jurisdictions_split_and_slice_what_is_learned(tmp_path: Path) -> None:
    names = ("cal", "nysd", "illappct", "tex", "fla", "ohio", "mass", "ga", "wash", "ariz")
    source = tmp_path / "cases.csv"
    with source.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "text", "label", "court"])
        for number in range(120):
            kind = ("lease", "loan", "sale")[number % 3]
            text = f"{kind} matter {number} on the {kind} of lot {number * 7}"
            writer.writerow([f"case-{number}", text, kind, names[number % 10]])
    write_courts(source, tmp_path / "with.csv")
    run = adapt(
        "legal/clauses",
        tmp_path / "with.csv",
        group="jurisdiction",
        slices=("court_level",),
        method="frozen",
        allow_leakage=True,
        output=tmp_path / "run",
        shown=False,
    )
    places = {row["id"]: row["jurisdiction"] for row in read(tmp_path / "with.csv")}
    tested = {places[id.rpartition(":")[2]] for id in run.test_rows.ids}
    assert 0 < len(tested) < len(names)
    assert run.report.rows["test"] == sum(place in tested for place in places.values())
    assert set(run.report.analysis.slices) == {"court_level"}
