"""Nothing that names the patient is left, and what is left is the same image."""

import json
import os
import re
from collections.abc import Callable, Iterator
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate.contracts import DataError, OptionError, OutputError
from acclimate_medical_imaging.privacy import Deidentified, deidentify, scan
from highdicom._standard_utils import get_iod_module_map, get_module_attribute_map, get_sop_class_iod_map
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from .conftest import DATES, INSTANCE, OTHER, PLANTED, SERIES, STUDY, UIDS

SECRET = "a secret of this test, not of a hospital"
EVERYTHING = ("retain_longitudinal_modified_dates", "retain_patient_characteristics", "retain_device")
Scan = Callable[..., Path]


def run(source: Path, output: Path, **chosen: Any) -> Deidentified:
    return deidentify(source, output, **{"secret": SECRET, **chosen})


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.dcm"))


def only(folder: Path) -> Dataset:
    (file,) = files(folder)
    return dcmread(file)


def unmet(dataset: Dataset) -> set[tuple[str, ...]]:
    """Return the attributes that the mandatory modules of the object require and that are absent or empty."""
    name = get_sop_class_iod_map()[dataset.SOPClassUID]
    modules = [module["key"] for module in get_iod_module_map()[name] if module["usage"] == "M"]
    rows = [row for module in modules for row in get_module_attribute_map()[module]]
    return {
        (*row["path"], row["keyword"])
        for row in rows
        for place in places(dataset, row["path"])
        if (row["type"] in "12" and row["keyword"] not in place) or (row["type"] == "1" and not filled(place, row))
    }


def places(dataset: Dataset, path: list[str]) -> Iterator[Dataset]:
    if not path:
        yield dataset
    elif path[0] in dataset:
        for inside in dataset[path[0]].value:
            yield from places(inside, path[1:])


def filled(place: Dataset, row: dict[str, Any]) -> bool:
    return row["keyword"] in place and not place[row["keyword"]].is_empty


@pytest.mark.parametrize("options", [(), EVERYTHING])
def test_no_planted_word_uid_or_date_is_left(planted: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    kept = {"serialzq", "stationzq"} if options else set()
    tokens = [*PLANTED, *UIDS, *DATES]
    assert {leak.token for leak in scan(planted, tokens)} == set(tokens)  # each was there
    run(planted.parent, tmp_path / "out", options=options)
    assert {leak.token for leak in scan(tmp_path / "out", tokens)} == kept


@pytest.mark.parametrize("options", [(), EVERYTHING])
def test_the_object_stays_valid_and_its_pixels_the_same(
    planted: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    before = dcmread(planted)
    assert [path for path in unmet(before) if len(path) == 1] == []  # items that do not stay may be incomplete
    run(planted, tmp_path / "out", options=options)
    after = only(tmp_path / "out")
    assert unmet(after) == set()
    assert after.SOPInstanceUID == after.file_meta.MediaStorageSOPInstanceUID
    assert after.SOPClassUID == after.file_meta.MediaStorageSOPClassUID == before.SOPClassUID
    assert after.file_meta.TransferSyntaxUID == before.file_meta.TransferSyntaxUID
    assert after.PixelData == np.arange(256, dtype="<u2").tobytes()
    assert [e.tag for e in after.iterall() if e.tag.is_private or e.tag.group >> 8 in (0x50, 0x60)] == []
    kept = ("KVP", "PixelSpacing", "ImagePositionPatient", "RescaleIntercept", "Manufacturer", "SeriesNumber")
    assert [after[keyword].value for keyword in kept] == [before[keyword].value for keyword in kept]


def test_every_uid_is_replaced_the_same_everywhere_and_classes_stay(planted: Path, tmp_path: Path) -> None:
    run(planted, tmp_path / "out")
    after = only(tmp_path / "out")
    image, series = after.ReferencedImageSequence[0], after.ReferencedSeriesSequence[0]
    inside, again = series.ReferencedInstanceSequence
    assert inside.ReferencedSOPInstanceUID == after.SOPInstanceUID  # both were INSTANCE
    assert series.SeriesInstanceUID == after.SeriesInstanceUID
    assert image.ReferencedSOPInstanceUID == again.ReferencedSOPInstanceUID  # both were OTHER
    new = {
        *(after.StudyInstanceUID, after.SeriesInstanceUID, after.SOPInstanceUID, after.FrameOfReferenceUID),
        *(image.ReferencedSOPInstanceUID, after.SourceImageSequence[0].ReferencedSOPInstanceUID),
    }
    assert len(new) == 6
    assert all(re.fullmatch(r"2\.25\.[1-9]\d{0,38}", uid) for uid in new)
    assert image.ReferencedSOPClassUID == after.SOPClassUID == "1.2.840.10008.5.1.4.1.1.2"


def test_the_file_says_what_was_done_with_it(planted: Path, tmp_path: Path) -> None:
    run(planted, tmp_path / "out", options=EVERYTHING, clean_pixels=[(0, 0, 4, 2)])
    after = only(tmp_path / "out")
    assert after.PatientIdentityRemoved == "YES"
    assert after.LongitudinalTemporalInformationModified == "MODIFIED"
    assert after.DeidentificationMethod[1] == "DICOM PS3.15 2026c Basic Profile"
    assert all(len(text) <= 64 for text in after.DeidentificationMethod)
    said = {(code.CodeValue, code.CodeMeaning) for code in after.DeidentificationMethodCodeSequence}
    named = (
        codes.DCM.BasicApplicationConfidentialityProfile,
        codes.DCM.RetainLongitudinalTemporalInformationModifiedDatesOption,
        codes.DCM.RetainPatientCharacteristicsOption,
        codes.DCM.RetainDeviceIdentityOption,
        codes.DCM.CleanPixelDataOption,
    )
    assert said == {(code.value, code.meaning) for code in named}
    assert after.preamble == bytes(128)


def test_without_options_only_the_profile_is_claimed(planted: Path, tmp_path: Path) -> None:
    run(planted, tmp_path / "out")
    after = only(tmp_path / "out")
    assert [code.CodeValue for code in after.DeidentificationMethodCodeSequence] == ["113100"]
    assert after.LongitudinalTemporalInformationModified == "REMOVED"
    assert "PatientAge" not in after
    assert after.PatientSex == ""
    assert after.StudyDate == ""


def test_patient_characteristics_are_kept_and_ages_above_89_are_one_group(planted: Path, tmp_path: Path) -> None:
    run(planted, tmp_path / "out", options=["retain_patient_characteristics"])
    after = only(tmp_path / "out")
    assert (after.PatientAge, after.PatientSex, after.PatientSize, after.PatientWeight) == ("090Y", "F", 1.71, 64)
    assert after.PatientBirthDate == ""


def test_days_between_dates_stay_and_birth_dates_go(scan_of: Scan, tmp_path: Path) -> None:
    for number, (first, then) in enumerate((("20200229", "20200301"), ("20210103", "20211231"))):
        scan_of("MRN-1", study=f"1.2.{number}", instance=f"1.3.{number}", StudyDate=first, SeriesDate=then)
    source = scan_of("MRN-1", study="1.2.9", instance="1.3.9", StudyDate="20200229", StudyTime="235959").parents[1]
    run(source, tmp_path / "out", options=["retain_longitudinal_modified_dates"])
    found = [dcmread(file) for file in files(tmp_path / "out")]
    pairs = {(day(one.StudyDate), day(one.SeriesDate)) for one in found if "SeriesDate" in one}
    (early, early_then), (late, late_then) = sorted(pairs)
    assert (early_then - early).days == 1
    assert (late_then - late).days == (date(2021, 12, 31) - date(2021, 1, 3)).days
    assert (late - early).days == (date(2021, 1, 3) - date(2020, 2, 29)).days
    assert date(2020, 2, 29) - early in [date(2020, 2, 29) - day(one.StudyDate) for one in found]
    assert 1 <= (date(2020, 2, 29) - early).days <= 3652
    assert "235959" in {one.StudyTime for one in found}


def day(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def test_one_patient_stays_one_and_two_stay_two(scan_of: Scan, tmp_path: Path) -> None:
    scan_of("MRN-1", study="1.2.1", instance="1.3.1")
    scan_of("MRN-1", study="1.2.1", instance="1.3.2")
    source = scan_of("MRN-2", study="1.2.2", instance="1.3.3").parents[1]
    done = run(source, tmp_path / "out")
    assert (done.written, done.patients, done.series) == (3, 2, 2)
    patients: dict[str, list[Dataset]] = {}
    for file in files(tmp_path / "out"):
        found = dcmread(file)
        assert file.name == f"{found.SOPInstanceUID}.dcm"
        assert found.PatientName == found.PatientID
        patients.setdefault(found.PatientID, []).append(found)
    one, two = sorted(patients.values(), key=len)
    assert (len(one), len(two)) == (1, 2)
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"):
        assert len({found[keyword].value for found in two}) == 1
        assert one[0][keyword].value != two[0][keyword].value
    assert len({found.SOPInstanceUID for found in two}) == 2


def test_files_without_a_patient_id_are_one_patient_a_study(scan_of: Scan, tmp_path: Path) -> None:
    scan_of("a", study="1.2.1", instance="1.3.1", PatientID="")
    scan_of("b", study="1.2.1", instance="1.3.2", PatientID=" ")
    source = scan_of("c", study="1.2.2", instance="1.3.3", PatientID="").parents[1]
    assert run(source, tmp_path / "out").patients == 2


def test_the_same_secret_gives_the_same_files_and_another_gives_others(planted: Path, tmp_path: Path) -> None:
    for name, secret in (("first", SECRET), ("second", SECRET), ("third", SECRET + ".")):
        run(planted, tmp_path / name, secret=secret, options=EVERYTHING)
    first, second, third = (files(tmp_path / name)[0] for name in ("first", "second", "third"))
    assert first.relative_to(tmp_path / "first") == second.relative_to(tmp_path / "second")
    assert first.read_bytes() == second.read_bytes()
    one, other = dcmread(first), dcmread(third)
    for keyword in ("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "StudyDate"):
        assert one[keyword].value != other[keyword].value
    assert first.parent.name != third.parent.name


def test_a_secret_that_is_made_is_told_once_and_stored_nowhere(planted: Path, tmp_path: Path) -> None:
    done = deidentify(planted, tmp_path / "out")
    assert done.secret is not None
    assert len(done.secret) >= 32
    assert done.secret not in repr(done)
    assert scan(tmp_path, [done.secret]) == ()
    again = deidentify(planted, tmp_path / "again", secret=done.secret)
    assert again.secret is None
    assert [file.name for file in files(tmp_path / "again")] == [file.name for file in files(tmp_path / "out")]


def test_a_secret_file_is_made_for_its_owner_only_and_read_again(planted: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    done = deidentify(planted, tmp_path / "out", secret_file=secret)
    assert done.secret is None
    assert secret.stat().st_mode & 0o777 == 0o600
    deidentify(planted, tmp_path / "again", secret_file=secret)
    assert [file.name for file in files(tmp_path / "again")] == [file.name for file in files(tmp_path / "out")]
    assert scan(tmp_path / "out", [secret.read_text().strip()]) == ()


def test_what_is_no_dicom_file_or_cut_off_is_reported(scan_of: Scan, tmp_path: Path) -> None:
    good = scan_of("MRN-1", study="1.2.1", instance="1.3.1")
    source = good.parents[1]
    (source / "notes.txt").write_text("Name^MRN-1")
    (source / "empty").touch()
    whole = scan_of("MRN-1", study="1.2.1", instance="1.3.2")
    whole.write_bytes(whole.read_bytes()[:-40])
    scan_of("MRN-1", study="1.2.1", instance="1.3.4", PixelData=bytes(300))
    scan_of("MRN-1", study="1.2.1", instance="1.3.5", SOPClassUID="1.2.840.10008.5.1.4.1.1.88.22")
    scan_of("MRN-1", study="1.2.1", instance="1.3.6", EncapsulatedDocument=b"%PDF")
    (source / "copy").write_bytes(good.read_bytes())
    os.mkfifo(source / "pipe")
    (source / "gone").symlink_to(source / "nowhere")
    done = run(source, tmp_path / "out")
    assert done.written == 1
    assert {file.path: file.reason for file in done.left_out} == {
        "MRN-1/1.3.2": "it is cut off",
        "MRN-1/1.3.4": "it is cut off: fewer bytes of pixels than its rows, columns and frames need",
        "MRN-1/1.3.5": "it is a structured report: its content is text",
        "MRN-1/1.3.6": "it holds a document, such as a PDF, that cannot be searched for names",
        "copy": "it repeats the SOP Instance UID of another file",
        "empty": "it is not a DICOM file",
        "gone": "it is not a regular file",
        "notes.txt": "it is not a DICOM file",
        "pipe": "it is not a regular file",
    }


def test_the_summary_beside_the_files_names_no_path(scan_of: Scan, tmp_path: Path) -> None:
    source = scan_of("MRN-0047-ROE", study="1.2.1", instance="1.3.1").parents[1]
    (source / "MRN-0047-ROE.txt").write_text("")
    run(source, tmp_path / "out", options=EVERYTHING)
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["left_out"] == {"it is not a DICOM file": 1}
    assert summary["profile"] == "DICOM PS3.15 2026c, basic"
    assert summary["statement"] == "Aids de-identification; not a certification."
    assert (summary["written"], summary["options"]) == (1, list(EVERYTHING))
    assert scan(tmp_path / "out", ["MRN-0047-ROE", SECRET, str(source)]) == ()


def test_nothing_is_said_of_values_that_pydicom_warns_of(
    scan_of: Scan, tmp_path: Path, capfd: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    file = scan_of("MRN-1", study="1.2.1", instance="1.3.1", StudyDate="20200102")
    written = file.read_bytes().replace(b"20200102", b"ZQJaneRo").replace(b"1.2.1.6\0", b"Jane.Roe")
    file.write_bytes(written)
    dcmread(file).FrameOfReferenceUID  # noqa: B018 - reading it warns, with the value
    assert "Jane.Roe" in str(recwarn.pop().message)
    run(file.parents[1], tmp_path / "out", options=EVERYTHING)
    assert [str(warning.message) for warning in recwarn] == []
    printed = capfd.readouterr()
    assert printed.out + printed.err == ""
    assert only(tmp_path / "out").StudyDate == ""


def test_nothing_is_overwritten_or_left_behind(scan_of: Scan, tmp_path: Path) -> None:
    source = scan_of("MRN-1", study="1.2.1", instance="1.3.1", BurnedInAnnotation="YES").parents[1]
    before = {file: file.read_bytes() for file in source.rglob("*") if file.is_file()}
    (tmp_path / "out").mkdir()
    with pytest.raises(OutputError, match="exists"):
        run(source, tmp_path / "out")
    with pytest.raises(OptionError, match="lies inside the source"):
        run(source, source / "out")
    with pytest.raises(DataError, match=r"None of 1 files can be written \(1: Burned In Annotation is YES"):
        run(source, tmp_path / "other")
    with pytest.raises(DataError, match="does not exist"):
        run(tmp_path / "nowhere", tmp_path / "other")
    with pytest.raises(OptionError, match="lies in the output folder"):
        deidentify(source, tmp_path / "other", secret_file=tmp_path / "other" / "secret")
    assert {file: file.read_bytes() for file in source.rglob("*") if file.is_file()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "source"]


def test_an_interrupt_leaves_nothing(scan_of: Scan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan_of("MRN-1", study="1.2.1", instance="1.3.1")
    source = scan_of("MRN-1", study="1.2.1", instance="1.3.2").parents[1]
    from acclimate_medical_imaging.privacy import instance

    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(instance, "dcmwrite", stop)
    with pytest.raises(KeyboardInterrupt):
        run(source, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_the_method_names_the_versions(planted: Path, tmp_path: Path) -> None:
    run(planted, tmp_path / "out")
    method = only(tmp_path / "out").DeidentificationMethod
    assert method[0] == f"Acclimate {version('acclimate-medical-imaging')}"
    assert method[2] == f"Tables of dicom-anonymizer {version('dicom-anonymizer')}"


def test_the_counts_are_of_what_was_done(planted: Path, tmp_path: Path) -> None:
    done = run(planted, tmp_path / "out")
    assert (done.written, done.patients, done.series, done.not_claimed) == (1, 1, 1, 0)
    assert done.uids == len({STUDY, SERIES, INSTANCE, OTHER, *UIDS}) - 1  # the UID of the file meta is not mapped
    assert (done.profile, done.edition, done.options) == ("basic", "2026c", ())
