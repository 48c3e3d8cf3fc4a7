"""One row for each volume of a folder, joined to labels, or the reason why there is none."""

import csv
import io
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate.contracts import DataError, OptionError
from acclimate.data import UNREADABLE
from acclimate_medical_imaging.reading.rows import dicom_rows
from acclimate_medical_imaging.stacks.rows import volume_rows
from acclimate_medical_imaging.volumes import read_volume, write_nifti
from PIL import Image
from pydicom import dcmread
from pydicom.fileset import FileSet

Clinic = Callable[..., Path]
Write = Callable[..., None]
Noise = Callable[[int, bool, int], np.ndarray]


def pages(row: dict[str, Any]) -> list[np.ndarray]:
    with Image.open(io.BytesIO(row["image"])) as file:
        found = []
        for number in range(file.n_frames):
            file.seek(number)
            found.append(np.asarray(file).copy())
    return found


def test_each_series_is_a_row_with_its_label_and_patient(clinic: Clinic, tmp_path: Path, noise: Noise) -> None:
    rows = list(volume_rows(str(clinic(tmp_path / "scans", 4)), window="full"))
    assert len(rows) == len({row["id"] for row in rows}) == 8
    assert [row["label"] for row in rows] == ["well", "well", "ill", "ill"] * 2
    assert len({row["patient"] for row in rows}) == 4
    assert all(row["sex"] == "F" and row["scanner"] == "Maker" for row in rows)
    assert "SECRET" not in repr([{**row, "image": b""} for row in rows])
    values = noise(2, True, 10).astype(np.float64)
    expected = (values - values.min()) / (values.max() - values.min()) * 255
    np.testing.assert_allclose(np.stack(pages(rows[2])), expected, atol=0.51)


def test_slices_plane_and_window_are_options(clinic: Clinic, tmp_path: Path) -> None:
    folder = clinic(tmp_path / "scans", 2)
    (row, *_) = volume_rows(str(folder), slices="3", plane="coronal", window="lung,mediastinum,bone")
    found = pages(row)
    assert [page.shape for page in found] == [(8, 48, 3)] * 3


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("SeriesInstanceUID", [f"1.2.3.{1000 + number}" for number in range(4)]),
        ("StudyInstanceUID", [f"1.2.3.{1000 + number}.1" for number in range(4)]),
        ("path", ["p00/visit0", "p00/visit1", "p01/visit0", "p01/visit1"]),
    ],
)
def test_labels_are_joined_by_series_study_or_folder(
    clinic: Clinic, tmp_path: Path, key: str, values: list[str]
) -> None:
    folder = clinic(tmp_path / "scans", 2)
    with (folder / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([[key, "label"], *([value, f"l{place}"] for place, value in enumerate(values))])
    rows = list(volume_rows(str(folder), ids="path"))
    assert [row["label"] for row in rows] == ["l0", "l1", "l2", "l3"]
    assert [row["id"] for row in rows] == ["p00/visit0", "p00/visit1", "p01/visit0", "p01/visit1"]


def test_what_is_no_volume_is_a_row_with_the_reason(
    clinic: Clinic, tmp_path: Path, write: Write, noise: Noise
) -> None:
    folder = clinic(tmp_path / "scans", 3)
    write(folder / "p00" / "gap", noise(90, False, 9), "SECRET000", "1.2.3.2000", skip=(4,))
    next((folder / "p01" / "visit0").glob("*.dcm")).write_bytes(b"\0" * 128 + b"DICM" + b"rubbish that is no header")
    rows = {row["id"]: row for row in volume_rows(str(folder), ids="path")}
    assert "missing: 1" in rows["p00/gap"][UNREADABLE]
    assert UNREADABLE in rows["p01/visit0"]
    assert sum(UNREADABLE in row for row in rows.values()) == 2


def test_nifti_files_are_rows_called_by_their_path(tmp_path: Path, write: Write, noise: Noise) -> None:
    pytest.importorskip("nibabel")
    for number in range(4):
        write(tmp_path / "dicom" / str(number), noise(number, False, 6), "a", f"1.2.{number}")
        (tmp_path / "scans" / "ab"[number % 2]).mkdir(parents=True, exist_ok=True)
        write_nifti(
            read_volume(tmp_path / "dicom" / str(number)), tmp_path / "scans" / "ab"[number % 2] / f"{number}.nii.gz"
        )
    (tmp_path / "scans" / "b" / "broken.nii").write_bytes(b"nothing")
    *rows, broken = volume_rows(str(tmp_path / "scans"), labels="folders", window="full", plane="axial")
    assert [(row["id"], row["label"]) for row in rows] == [
        ("a/0.nii.gz", "a"),
        ("a/2.nii.gz", "a"),
        ("b/1.nii.gz", "b"),
        ("b/3.nii.gz", "b"),
    ]
    assert "not a NIfTI file" in broken[UNREADABLE]
    (of_dicom,) = volume_rows(str(tmp_path / "dicom" / "0"), window="full", plane="axial")
    np.testing.assert_array_equal(pages(rows[0]), pages(of_dicom))


@pytest.mark.parametrize(
    ("table", "options", "error", "message"),
    [
        (["SOPInstanceUID"], {}, DataError, "labels of single images"),
        (["PatientID"], {"ids": "name"}, OptionError, "ids is 'pseudonym' or 'path'"),
        (["PatientID"], {}, DataError, "4 files have no row"),
    ],
)
def test_labels_that_do_not_fit_are_refused(
    clinic: Clinic, tmp_path: Path, table: list[str], options: dict[str, str], error: type[Exception], message: str
) -> None:
    folder = clinic(tmp_path / "scans", 2)
    with (folder / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([[*table, "label"], ["somebody", "ill"]])
    with pytest.raises(error, match=message):
        list(volume_rows(str(folder), **options))


def test_what_holds_no_volumes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(DataError, match="no volumes"):
        list(volume_rows(str(tmp_path)))
    with pytest.raises(DataError, match="no file or folder"):
        list(volume_rows(str(tmp_path / "a.zip")))
    (tmp_path / "a.zip").write_bytes(b"PK\3\4 and nothing more")
    with pytest.raises(DataError, match=r"a\.zip cannot be unpacked"):
        list(volume_rows(str(tmp_path / "a.zip")))


def test_an_archive_is_read_as_the_folder_that_was_packed(
    clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = clinic(tmp_path / "scans", 2)
    shutil.make_archive(str(tmp_path / "packed"), "zip", folder)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    packed = list(volume_rows(str(tmp_path / "packed.zip"), ids="path"))
    assert packed == list(volume_rows(str(folder), ids="path"))
    assert len(packed) == 4
    assert not list((tmp_path / "temporary").iterdir())


def test_an_archive_that_would_grow_beyond_what_is_safe_is_not_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.dcm", bytes(2**24))
    with pytest.raises(DataError, match=r"zeros\.dcm in the archive would unpack .* not safe"):
        list(volume_rows(str(tmp_path / "bomb.zip")))


def test_an_index_names_the_files_that_are_read(clinic: Clinic, tmp_path: Path) -> None:
    folder = clinic(tmp_path / "scans", 2)
    medium = FileSet()
    for number in range(2):  # the second visits are on the disc, and not in its index
        for file in sorted((folder / f"p0{number}" / "visit0").iterdir()):
            dataset = dcmread(file)
            dataset.PatientName, dataset.StudyDate, dataset.StudyTime = "", "20200101", "120000"
            dataset.StudyID, dataset.SeriesNumber, dataset.InstanceNumber = "1", 1, 1
            medium.add(dataset)
    medium.write(tmp_path / "disc")
    (tmp_path / "disc" / "labels.csv").write_bytes((folder / "labels.csv").read_bytes())
    shutil.copytree(folder / "p00" / "visit1", tmp_path / "disc" / "more")
    rows = list(volume_rows(str(tmp_path / "disc" / "DICOMDIR")))
    both = {row["id"]: row for row in volume_rows(str(folder))}
    assert len(rows) == 2
    for row in rows:
        assert [page.tolist() for page in pages(row)] == [page.tolist() for page in pages(both[row["id"]])]
        assert row["label"] == both[row["id"]]["label"]
    single = list(dicom_rows(str(tmp_path / "disc" / "DICOMDIR"), labels=""))
    assert len(single) == sum(len(pages(row)) for row in rows)
    named = sorted(file for file in (tmp_path / "disc").rglob("*") if file.is_file() and file.parent.name[:2] == "SE")
    named[0].unlink()
    for source in (volume_rows, dicom_rows):
        with pytest.raises(DataError, match=rf"1 of {len(single)} files that DICOMDIR names are not there: PT"):
            list(source(str(tmp_path / "disc" / "DICOMDIR")))
