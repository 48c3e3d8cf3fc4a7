"""The command `monitor`, from two files to a page."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HEADER = "id,score,threshold,rejected,regions,error\n"


@pytest.fixture
def shifts(tmp_path: Path) -> tuple[Path, Path]:
    """Return two shifts of 200 parts, the second of which scores higher."""
    files = tmp_path / "monday.csv", tmp_path / "tuesday.csv"
    for file, moved in zip(files, (0.0, 0.4), strict=True):
        rows = [f"{k},{k / 200 + moved},1.2,{str(k / 200 + moved > 1.2).lower()},,\n" for k in range(200)]
        file.write_text(HEADER + "".join(rows))
    return files


def test_drift_is_said_in_words_as_json_and_as_a_page(
    acclimate: Callable[..., Any], shifts: tuple[Path, Path]
) -> None:
    done = acclimate("monitor", *shifts, "--html", "drift.html")
    assert done.code == 0, done.err
    assert "rejected: 0.000 [0.000, 0.018] → 0.200 [0.1" in done.out
    assert "Scores have moved" in done.out
    page = Path("drift.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "Something has moved" in page
    found = json.loads(acclimate("monitor", *shifts, "--json").out)
    assert found["drifted"] is True
    assert found["ks"]["value"] == pytest.approx(0.4, abs=0.01)
    assert len(found["bins"]) == 10


def test_what_cannot_be_compared_fails_with_what_to_do(
    acclimate: Callable[..., Any], shifts: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "rows.csv").write_text("id,text\n1,hello\n")
    done = acclimate("monitor", shifts[0], tmp_path / "rows.csv", "--json")
    assert done.code == 1
    assert "has no scores" in json.loads(done.out)["error"]["message"]
    assert acclimate("monitor", shifts[0], shifts[1], "--bins", 1).code == 2
