"""The command `deidentify`."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from acclimate_medical_imaging.commands.deidentify import deidentify
from click.testing import Result
from pydicom import dcmread
from typer.testing import CliRunner

from .test_deidentify import files

Scan = Callable[..., Path]


def command(*arguments: object) -> Result:
    app = typer.Typer()
    app.command()(deidentify)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def source(scan_of: Scan) -> Path:
    scan_of("MRN-1", study="1.2.1", instance="1.3.1", BurnedInAnnotation="")
    scan_of("MRN-1", study="1.2.1", instance="1.3.2", BurnedInAnnotation="YES")
    folder = scan_of("MRN-2", study="1.2.2", instance="1.3.3").parents[1]
    (folder / "notes.txt").write_text("x")
    return folder


def test_files_are_written_and_those_that_are_not_are_listed(source: Path, tmp_path: Path) -> None:
    done = command(source, "--output", tmp_path / "out", "--option", "retain_device")
    assert done.exit_code == 3
    assert len(files(tmp_path / "out")) == 2
    lines = done.stdout.splitlines()
    assert lines[0].startswith("2 files of 2 patients in 2 series; ")
    assert lines[1] == "DICOM PS3.15 2026c, basic profile, retain_device"
    assert lines[2] == "1 of them do not say whether there is text in their pixels"
    assert "left out: notes.txt: it is not a DICOM file" in lines
    assert "quarantined: MRN-1/1.3.2: Burned In Annotation is YES: there is text in the pixels" in lines
    assert lines[-1].endswith("Aids de-identification; not a certification.")


def test_json_is_one_object_and_the_secret_is_told_beside_it(source: Path, tmp_path: Path) -> None:
    done = command(source, "--output", tmp_path / "out", "--json")
    told = json.loads(done.stdout)
    assert (told["written"], told["patients"], told["edition"]) == (2, 2, "2026c")
    assert told["left_out"] == [{"path": "notes.txt", "reason": "it is not a DICOM file"}]
    assert [file["path"] for file in told["quarantined"]] == ["MRN-1/1.3.2"]
    secret = done.stderr.partition("stored nowhere: ")[2].split()[0]
    assert len(secret) == 64
    assert secret not in done.stdout


def test_a_secret_file_is_used_and_not_told(source: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    for name in ("out", "again"):
        done = command(source, "--output", tmp_path / name, "--secret-file", secret)
        assert done.exit_code == 3
        assert done.stderr == ""
    assert [file.name for file in files(tmp_path / "out")] == [file.name for file in files(tmp_path / "again")]


def test_all_files_written_is_a_success(source: Path, tmp_path: Path) -> None:
    done = command(source / "MRN-1", "--output", tmp_path / "out", "--clean-pixels", "0,0,16,16")
    assert done.exit_code == 0
    assert [dcmread(file).PixelData for file in files(tmp_path / "out")] == [bytes(512), bytes(512)]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--clean-pixels", "0,0,16"), 2, "--clean-pixels is '0,0,16'."),
        (("--clean-pixels", "0,0,a,16"), 2, "--clean-pixels is '0,0,a,16'."),
        (("--option", "retain_dates"), 2, "There is no option 'retain_dates'."),
        (("--profile", "full"), 2, "There is no profile 'full'."),
    ],
)
def test_wrong_options_are_named(
    source: Path, tmp_path: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    done = command(source, "--output", tmp_path / "out", "--json", *arguments)
    assert done.exit_code == code
    assert json.loads(done.stdout)["error"]["message"] == message
    assert not (tmp_path / "out").exists()


def test_building_the_command_line_imports_nothing_heavy() -> None:
    heavy = ("torch", "numpy", "pydicom", "dicomanonymizer")
    code = (
        "import sys, acclimate_medical_imaging.commands.deidentify; "
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
