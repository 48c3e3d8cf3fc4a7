"""Files that real scanners and other programs wrote: each is written and can be read, or is reported."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from acclimate_medical_imaging.privacy import deidentify, scan
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from .test_deidentify import EVERYTHING, SECRET, files, unmet

pytestmark = pytest.mark.filterwarnings("ignore")  # pydicom warns of what is wrong in these files
# Those that the package of pydicom has itself; no network.
LOCAL = (
    *("CT_small.dcm", "MR_small.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm", "MR_small_implicit.dcm"),
    *(
        "MR_small_jp2klossless.dcm",
        "MR_small_jpeg_ls_lossless.dcm",
        "JPEG2000.dcm",
        "image_dfl.dcm",
    ),
    *("693_J2KI.dcm", "rtdose.dcm", "rtplan.dcm", "waveform_ecg.dcm", "examples_palette.dcm"),
    *("examples_ybr_color.dcm", "SC_rgb_rle_2frame.dcm", "SC_ybr_full_422_uncompressed.dcm"),
)


def local(name: str) -> Path:
    found = get_testdata_file(name, download=False)
    assert isinstance(found, str)
    return Path(found)


def names_of(dataset: Dataset) -> list[str]:
    """Return the values that name the patient and the study, where they are long enough to search for."""
    keywords = ("PatientID", "PatientName", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
    values = [str(dataset.get(keyword, "")).strip() for keyword in keywords]
    return [value for value in values if len(value) > 5 and value != "anonymous"]


def same_pixels(before: Dataset, after: Dataset) -> bool:
    if "PixelData" not in before:
        return "PixelData" not in after
    return np.array_equal(before.pixel_array, after.pixel_array)


@pytest.mark.parametrize("name", LOCAL)
def test_a_file_of_pydicom_keeps_its_pixels_and_what_its_modules_require(name: str, tmp_path: Path) -> None:
    before = dcmread(local(name))
    done = deidentify(local(name), tmp_path / "out", secret=SECRET, burned_in="keep", options=EVERYTHING)
    assert done.written == 1
    after = dcmread(*files(tmp_path / "out"))
    assert same_pixels(before, after)
    lost = unmet(after) - unmet(before)
    assert [path for path in lost if len(path) == 1] == []
    assert scan(tmp_path / "out", names_of(before)) == ()


def test_all_files_of_pydicom_are_written_or_reported(tmp_path: Path) -> None:
    source = local("CT_small.dcm").parent
    count = sum(path.is_file() for path in source.rglob("*"))
    done = deidentify(source, tmp_path / "out", secret=SECRET)
    assert done.written + len(done.left_out) + len(done.quarantined) == count
    assert done.written == len(files(tmp_path / "out")) > 10
    why = {Path(file.path).name: file.reason for file in done.left_out}
    assert why["MR_truncated.dcm"] == why["rtplan_truncated.dcm"] == "it is cut off"
    assert why["test-SR.dcm"] == "it is a structured report: its content is text"
    assert why["no_meta.dcm"] == "it is not a DICOM file"
    assert why["priv_SQ.dcm"] == "it has no SOPClassUID"


@pytest.mark.slow
@pytest.mark.shared_data
@pytest.mark.parametrize("options", [(), EVERYTHING])
def test_every_shared_file_is_written_and_readable_or_reported(
    shared_dicom: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    count = sum(path.is_file() for path in shared_dicom.rglob("*"))
    done = deidentify(shared_dicom, tmp_path / "out", secret=SECRET, burned_in="keep", options=options)
    assert done.written + len(done.left_out) + len(done.quarantined) == count
    assert done.written == len(files(tmp_path / "out"))
    vague = [file.reason for file in done.left_out if "damaged" in file.reason or "encoded" in file.reason]
    assert len(vague) <= 0.02 * count
    for file in files(tmp_path / "out"):
        found = dcmread(file)
        assert found.SOPInstanceUID == found.file_meta.MediaStorageSOPInstanceUID
        assert not [element.tag for element in found.iterall() if element.tag.is_private]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert found.PatientID.startswith("P-")
