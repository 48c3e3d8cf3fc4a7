"""The licence texts of licensedcode-data: which are read, and which belong together."""

import re
import sys
from collections import Counter
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from acclimate.contracts import DataError, MissingPackageError
from acclimate_legal import licences
from acclimate_legal.plugin import LICENCES
from acclimate_legal.prepare import normalise
from scipy.sparse import csr_array


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return list(licences.read(LICENCES))


@pytest.fixture(scope="module")
def files() -> dict[str, tuple[dict[str, Any], str]]:
    """Every entry of the package by key, read another way than the loader does."""
    found = {}
    for name in distribution("licensedcode-data").files or ():
        if name.match("licensedcode/data/licenses/*.LICENSE"):
            content = Path(str(name.locate())).read_text("utf-8")
            header, text = re.fullmatch(r"---\n(.*?)\n---(?:\n(.*))?", content, re.DOTALL).groups()
            values = yaml.load(header, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
            found[values["key"]] = (values, text or "")
    return found


def test_what_is_left_out_is_what_the_docstring_says(
    rows: list[dict[str, Any]], files: dict[str, tuple[dict[str, Any], str]]
) -> None:
    deprecated = {key for key, (header, _) in files.items() if header.get("is_deprecated")}
    empty = {key for key, (_, text) in files.items() if not text.strip()} - deprecated
    short = {key for key, (_, text) in files.items() if len(text.split()) < 20} - deprecated - empty
    usable = set(files) - deprecated - empty - short
    rare = {key for key in usable if files[key][0]["category"] == "Unstated License"}
    assert {row["id"] for row in rows} == usable - rare
    stated = {int(number.replace(",", "")) for number in re.findall(r"\b\d[\d,]*\b", licences.read.__doc__ or "")}
    assert {len(files), len(deprecated), len(empty), len(short), len(rare), len(rows)} <= stated


def test_each_row_has_the_text_and_category_of_its_file(
    rows: list[dict[str, Any]], files: dict[str, tuple[dict[str, Any], str]]
) -> None:
    for row in rows:
        header, text = files[row["id"]]
        assert (row["text"], row["label"], row["name"]) == (text.strip("\n"), header["category"], header["name"])


def test_the_ten_categories_have_texts_for_each_part(rows: list[dict[str, Any]]) -> None:
    assert Counter(row["label"] for row in rows) == {
        "Permissive": 846,
        "Proprietary Free": 472,
        "Copyleft Limited": 313,
        "Copyleft": 149,
        "Commercial": 105,
        "Free Restricted": 98,
        "Source-available": 73,
        "Public Domain": 30,
        "Patent License": 19,
        "CLA": 17,
    }


def test_near_identical_texts_share_their_group(rows: list[dict[str, Any]]) -> None:
    """Exact Jaccard similarity of five-word runs, on every pair of texts."""
    runs = [_five_word_runs(normalise(row["text"])) for row in rows]
    number = {run: place for place, run in enumerate(set().union(*runs))}
    columns = [number[run] for found in runs for run in found]
    ends = np.cumsum([0, *map(len, runs)])
    member = csr_array((np.ones(len(columns)), columns, ends), shape=(len(rows), len(number)))
    common = (member @ member.T).tocoo()
    sizes = np.diff(ends)
    similarity = common.data / (sizes[common.row] + sizes[common.col] - common.data)
    near = [
        (rows[first], rows[second])
        for first, second, similar in zip(common.row, common.col, similarity, strict=True)
        if first < second and similar >= 0.8
    ]
    assert len(near) > 300
    assert [(one["id"], other["id"]) for one, other in near if one["group"] != other["group"]] == []


def _five_word_runs(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return set(zip(*(words[start:] for start in range(5)), strict=False))


def test_texts_that_have_nothing_in_common_are_in_groups_of_their_own(rows: list[dict[str, Any]]) -> None:
    group = {row["id"]: row["group"] for row in rows}
    assert len({group[key] for key in ("mit", "gpl-3.0", "mpl-2.0", "cc0-1.0", "wtfpl-2.0")}) == 5
    assert all(isinstance(number, str) for number in group.values())


def test_a_missing_package_is_an_error_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "path_importer_cache", {})
    with pytest.raises(MissingPackageError, match=r"licensedcode-data.*pip install 'acclimate-legal\[demo\]'"):
        list(licences.read(LICENCES))


@pytest.mark.parametrize("content", ["", "key: mit\n", "---\nkey: mit\n"])
def test_a_file_without_its_header_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    folder = tmp_path / "licensedcode" / "data" / "licenses"
    folder.mkdir(parents=True)
    (folder / "mit.LICENSE").write_text(content)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    with pytest.raises(DataError, match=r"mit\.LICENSE does not start with a header"):
        list(licences.read(LICENCES))


def test_the_package_is_read_without_being_imported(rows: list[dict[str, Any]]) -> None:
    assert rows
    assert [name for name in sys.modules if name.partition(".")[0] == "licensedcode"] == []
