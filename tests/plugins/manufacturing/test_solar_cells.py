"""The solar-cell images of elpv-dataset."""

import csv
import subprocess
import sys
from collections import Counter
from importlib.metadata import distribution
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from acclimate.contracts import Columns, DataError, MissingPackageError
from acclimate.data import image_folder_rows, load, split
from acclimate_manufacturing import defects
from acclimate_manufacturing.plugin import SOLAR_CELLS
from acclimate_manufacturing.solar_cells import read
from PIL import Image


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return list(read(SOLAR_CELLS))


def test_all_2624_cells_are_read_and_821_are_defective(rows: list[dict[str, Any]]) -> None:
    assert Counter(row["label"] for row in rows) == {"functional": 1803, "defective": 821}
    assert len({row["id"] for row in rows}) == 2624
    assert round(821 / len(rows), 4) == 0.3129


def test_labels_agree_with_the_table_of_the_package(rows: list[dict[str, Any]]) -> None:
    files = {str(file): file for file in distribution("elpv-dataset").files or ()}
    with Path(str(files["elpv_dataset/data/labels.csv"].locate())).open(encoding="utf-8") as table:
        expected = [
            (name, kind, {"0": "functional", "1": "defective"}[str(round(float(probability)))])
            for name, probability, kind in csv.reader(table, delimiter=" ", skipinitialspace=True)
        ]
    assert [(row["id"], row["cell_type"], row["label"]) for row in rows] == expected


def test_each_image_exists_and_is_300_pixels_square(rows: list[dict[str, Any]]) -> None:
    assert all(Path(row["image"]).is_absolute() and Path(row["image"]).is_file() for row in rows)
    for row in rows[::250]:
        with Image.open(row["image"]) as image:
            assert image.size == (300, 300)


def test_each_part_of_the_demo_has_the_mix_of_labels_and_cell_types(tmp_path: Path) -> None:
    table = load(
        SOLAR_CELLS, read=read, columns=Columns(), modality="image", cache=tmp_path, keep=defects.split.stratify
    )
    mix = Counter(zip(table["label"], table["cell_type"], strict=True))
    parts = split(table, defects.split, seed=3, grouped=False)
    assert len(parts["test"]) == 656
    for part in parts.values():
        dealt = Counter((table[row]["label"], table[row]["cell_type"]) for row in part)
        for stratum, count in mix.items():
            assert dealt[stratum] == pytest.approx(count * len(part) / len(table), abs=2)


def test_images_without_cell_types_are_split_too(tmp_path: Path) -> None:
    for number in range(20):
        folder = tmp_path / "parts" / ("good", "crack")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (number, 0, 0)).save(folder / f"{number}.png")
    table = load(
        str(tmp_path / "parts"),
        read=image_folder_rows,
        columns=Columns(),
        modality="image",
        cache=tmp_path,
        keep=defects.split.stratify,
    )
    parts = split(table, defects.split, seed=0, grouped=False)
    assert {name: len(rows) for name, rows in parts.items()} == {"train": 13, "validation": 2, "test": 5}


def test_a_missing_package_is_an_error_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "path_importer_cache", {})
    with pytest.raises(MissingPackageError, match=r"elpv-dataset.*pip install 'acclimate-manufacturing\[demo\]'"):
        list(read(SOLAR_CELLS))


@pytest.mark.parametrize("line", ["images/cell0002.png 1.0", "images/cell0002.png often mono", "a b c d"])
def test_a_damaged_line_of_the_table_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    folder = tmp_path / "elpv_dataset" / "data"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    (folder / "labels.csv").write_text(f"images/cell0001.png 0.0 mono\n\n{line}\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    with pytest.raises(DataError, match=rf"labels\.csv, line 3: .*found '{line}'"):
        list(read(SOLAR_CELLS))


def test_the_package_is_read_without_being_imported() -> None:
    code = """
        import sys
        from acclimate_manufacturing.solar_cells import read
        next(iter(read("package:elpv-dataset")))
        print([name for name in sys.modules if name.split(".")[0] in ("elpv_dataset", "numpy", "PIL")])
    """
    done = subprocess.run([sys.executable, "-c", dedent(code)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
