"""The commands that fetch from a server and store on it."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from acclimate_medical_imaging.commands.fetch import fetch
from acclimate_medical_imaging.commands.store import store
from pydicom import Dataset
from typer.testing import CliRunner

Make = Callable[..., list[Dataset]]
APP = typer.Typer()
APP.command()(fetch)
APP.command()(store)


def run(*arguments: str | Path) -> Any:
    return CliRunner().invoke(APP, [str(argument) for argument in arguments])


@pytest.fixture
def files(make_series: Make, tmp_path: Path) -> list[Path]:
    found = [tmp_path / "files" / f"{number}.dcm" for number in range(3)]
    found[0].parent.mkdir()
    for image, file in zip(make_series(3), found, strict=True):
        image.save_as(file, enforce_file_format=True)
    return found


def test_files_and_folders_are_sent_once_and_fetched_once(archive: Any, files: list[Path], tmp_path: Path) -> None:
    sent = run("store", archive.address, files[1], "--json")
    assert json.loads(sent.stdout) == {
        "server": archive.address.removeprefix("dicomweb+"),
        "sent": 1,
        "already": 0,
    }
    assert (
        run("store", archive.address, files[0].parent).stdout
        == "sent 2, there before 1; all of them were read back\n"
    )
    assert len(archive.held) == 3
    folder = tmp_path / "images"
    assert run("fetch", archive.address, folder).stdout == f"fetched 3, there before 0; 3 files in {folder}\n"
    assert json.loads(run("fetch", archive.address, folder, "--json").stdout)["kept"] == 3


def test_nothing_is_sent_where_one_file_is_none(archive: Any, files: list[Path]) -> None:
    (files[0].parent / "notes.txt").write_text("hello")
    for named in ([files[0].parent], [files[0], files[0].with_name("missing.dcm")], []):
        done = run("store", archive.address, *named)
        assert done.exit_code != 0
    assert (
        "Expected DICOM files: 1 are none, the first of them 'notes.txt'"
        in run("store", archive.address, files[0].parent).stderr
    )
    assert archive.asked == []


def test_an_empty_folder_is_named_as_what_it_is(archive: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = run("store", archive.address, tmp_path / "empty")
    assert (done.exit_code, "found none" in done.stderr) == (1, True)


def test_errors_end_with_a_code_and_one_json_object(archive: Any, tmp_path: Path) -> None:
    archive.answer = lambda *_: (401, {}, b"")
    done = run("fetch", archive.address, tmp_path / "images", "--json")
    error = json.loads(done.stdout)["error"]
    assert (done.exit_code, error["type"]) == (1, "ServerError")
    assert "not authorised" in error["message"]
    done = run("fetch", "https://pacs.example", tmp_path / "images", "--json")
    assert (done.exit_code, json.loads(done.stdout)["error"]["type"]) == (2, "OptionError")


def test_their_modules_are_light() -> None:
    heavy = {"pydicom", "numpy", "requests", "dicomweb_client", "highdicom"}
    code = (
        "import sys, acclimate_medical_imaging.commands.fetch, acclimate_medical_imaging.commands.store;"
        f"print(sorted({heavy!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
