"""The search finds a token wherever it stands, and nothing where it does not."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from acclimate.contracts import DataError, OptionError
from acclimate_medical_imaging.privacy import Leak, scan
from pydicom import dcmread, dcmwrite
from pydicom.uid import DeflatedExplicitVRLittleEndian

from .conftest import BORN, FRAME, PLANTED, SOURCE

Scan = Callable[..., Path]


def where(file: Path, token: str | bytes | date) -> list[str]:
    return [leak.place for leak in scan(file, [token])]


@pytest.mark.parametrize(
    ("token", "place"),
    [
        ("preambleword", "preamble"),
        ("SendingAETitl", "SendingApplicationEntityTitle"),
        ("familynamezq", "PatientName"),
        ("requestzqnested", "RequestAttributesSequence[0].ScheduledProcedureStepDescription"),
        ("deepzqnested", "ReferencedSeriesSequence[0].ReferencedInstanceSequence[1].TextValue"),
        ("privateonezq", "(0009,1001)"),
        (b"privatetwozq", "(7053,1009)"),
        ("overlaycommzq", "(6000,4000)"),
        ("iconpixelszq", "IconImageSequence[0].PixelData"),
        ("pixeltrailzq", "PixelData"),
        (FRAME, "FrameOfReferenceUID"),
        (SOURCE, "SourceImageSequence[0].ReferencedSOPInstanceUID"),
        ("unknownzqtag", "(0008,0099)"),
    ],
)
def test_a_token_is_found_in_its_place(planted: Path, token: str | bytes, place: str) -> None:
    assert place in where(planted, token)


def test_a_date_is_found_however_it_is_written(planted: Path, tmp_path: Path) -> None:
    assert "PatientBirthDate" in where(planted, BORN)
    assert "PatientBirthDate" in where(planted, "19610723")
    for number, text in enumerate(("1961-07-23", "23.07.1961", "07/23/1961", "1961.07.23", "23/07/1961")):
        note = tmp_path / f"{number}.txt"
        note.write_text(f"born {text}")
        assert where(note, BORN) == ["byte 5"]


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("written", ["Müller", "MÜLLER", "müller"])
def test_text_is_found_in_any_case_and_encoding(tmp_path: Path, encoding: str, written: str) -> None:
    note = tmp_path / "note.txt"
    note.write_bytes(b"name" + written.encode(encoding))
    assert where(note, "Müller") == ["byte 4"]


def test_text_is_found_in_the_character_set_of_the_file(scan_of: Scan) -> None:
    file = scan_of(
        "MRN-1", study="1.2.1", instance="1.3.1", SpecificCharacterSet="ISO_IR 144", PatientName="Люкceмбypг"
    )
    assert "люк" not in file.read_bytes().decode("utf-8", "ignore")
    assert where(file, "Люкc") == ["PatientName"]


def test_text_is_found_in_a_deflated_file(scan_of: Scan, tmp_path: Path) -> None:
    image = dcmread(scan_of("MRN-1", study="1.2.1", instance="1.3.1", StudyDescription="knee of Jane Roe"))
    image.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    file = tmp_path / "deflated"
    dcmwrite(file, image)
    assert b"Jane Roe" not in file.read_bytes()
    assert where(file, "jane roe") == ["StudyDescription"]


def test_numbers_are_found_in_binary_attributes(scan_of: Scan) -> None:
    file = scan_of("MRN-1", study="1.2.1", instance="1.3.1", ReferencedFrameNumber="", SimpleFrameList=[9, 90417755])
    assert "SimpleFrameList" in where(file, "90417755")


def test_names_of_files_and_folders_are_searched(tmp_path: Path) -> None:
    (tmp_path / "scans" / "ROE_JANE").mkdir(parents=True)
    note = tmp_path / "scans" / "ROE_JANE" / "a.txt"
    note.write_text("nothing")
    assert scan(tmp_path / "scans", ["roe_jane"]) == (Leak(file=note, token="roe_jane", place="name of the file"),)
    assert scan(tmp_path / "scans", [tmp_path.name]) == ()


def test_what_does_not_stand_is_not_found(scan_of: Scan) -> None:
    file = scan_of("MRN-1", study="1.2.1", instance="1.3.1")
    assert scan(file, [*PLANTED, date(1961, 7, 23)]) == ()


def test_tokens_that_stand_everywhere_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"has 3 characters. Give 4 or more"):
        scan(tmp_path, ["Roe"])
    with pytest.raises(DataError, match="does not exist"):
        scan(tmp_path / "nowhere", ["Jane Roe"])
