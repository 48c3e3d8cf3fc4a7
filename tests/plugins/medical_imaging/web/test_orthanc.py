"""A real archive: Orthanc with its DICOMweb plugin, as Debian packages them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate.contracts import Prediction
from acclimate_medical_imaging.results import (
    ModelIdentity,
    Segment,
    read_report,
    read_segmentation,
    write_report,
    write_segmentation,
)
from acclimate_medical_imaging.web import DicomWeb, ServerError, Stored, download, store
from pydicom import Dataset, dcmread
from pydicom.uid import generate_uid

Make = Callable[..., list[Dataset]]
Connect = Callable[..., DicomWeb]


@pytest.mark.parametrize("segments", [1, 9])
def test_images_masks_and_predictions_come_back_as_they_were_stored(
    orthanc: Any, connect: Connect, make_series: Make, segments: int
) -> None:
    study = generate_uid()
    images = make_series(2, study=study)
    assert store(connect(orthanc), images) == Stored(sent=2, already=0)

    found = list(connect(orthanc, f"?StudyInstanceUID={study}&Modality=CT").iter_instances())
    by_uid = {image.SOPInstanceUID: image for image in images}
    assert {image.SOPInstanceUID for image in found} == set(by_uid)
    for image in found:
        np.testing.assert_array_equal(image.pixel_array, by_uid[image.SOPInstanceUID].pixel_array)

    masks = np.random.default_rng(0).integers(0, segments + 1, (2, 128, 128))
    prediction = Prediction(label="b", probabilities={"a": 1 / 3, "b": 2 / 3}, labels=("b",))
    model = ModelIdentity(name="model", version="1", bundle_sha256="0a" * 32)
    named = [Segment(label=f"part {number}") for number in range(segments)]
    segmentation = write_segmentation(found, masks, named, model=model)
    report = write_report(found, prediction, model=model, segmentation=segmentation)
    assert store(connect(orthanc), [segmentation, report]) == Stored(sent=2, already=0)
    assert store(connect(orthanc), [segmentation, report]) == Stored(sent=0, already=2)

    [stored] = connect(orthanc, f"?StudyInstanceUID={study}&Modality=SEG").iter_instances()
    back = read_segmentation(stored, images)
    order = [[image.SOPInstanceUID for image in found].index(image.SOPInstanceUID) for image in images]
    np.testing.assert_array_equal(back.masks, masks[order][..., None] == np.arange(1, segments + 1))
    [stored] = connect(orthanc, f"?StudyInstanceUID={study}&Modality=SR").iter_instances()
    assert read_report(stored).prediction == prediction
    assert read_report(stored).segmentations == (segmentation.SOPInstanceUID,)


def test_more_series_than_a_page_holds_come_each_once(orthanc: Any, connect: Connect, make_series: Make) -> None:
    study = generate_uid()
    series = [make_series(3, patient="paged", study=study) for _ in range(5)]
    store(connect(orthanc), [image for images in series for image in images])
    wanted = {images[0].SeriesInstanceUID for images in series}
    for query in (f"?StudyInstanceUID={study}", "?PatientID=paged"):
        server = connect(orthanc, query, page=2)
        assert [found.series_uid in wanted for found in server.iter_series()] == [True] * 5
        assert {found.series_uid for found in server.iter_series()} == wanted
        uids = [image.SOPInstanceUID for image in server.iter_instances()]
        assert sorted(uids) == sorted(image.SOPInstanceUID for images in series for image in images)


def test_attributes_choose_series(orthanc: Any, connect: Connect, make_series: Make) -> None:
    patients = ["chosen one", "chosen two", "chosen-two"]
    series = [make_series(1, patient=patient)[0] for patient in patients]
    series[1].PatientName, series[1].SpecificCharacterSet = "Müller^Jörg", "ISO_IR 192"
    store(connect(orthanc), series)
    uids = "%2C".join(image.StudyInstanceUID for image in series)
    for query, expected in (
        ("PatientID=chosen%20two", ["chosen two"]),
        ("PatientID=chosen+t*&Modality=CT", ["chosen two"]),
        ("PatientID=chosen?t*", ["chosen two", "chosen-two"]),
        ("PatientName=m%C3%BCller*", ["chosen two"]),
        (f"StudyInstanceUID={uids}", patients),
        ("PatientID=chosen*&Modality=MR", []),
    ):
        found = connect(orthanc, f"?{query}").iter_instances()
        assert sorted(image.PatientID for image in found) == sorted(expected), query


def test_a_wrong_password_is_refused(orthanc: Any, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(orthanc).ping()
    monkeypatch.setenv("ACCLIMATE_DICOMWEB_PASSWORD", "wrong")
    with pytest.raises(ServerError, match=r"not authorised \(HTTP 401\)"):
        connect(orthanc).ping()
    with pytest.raises(ServerError, match="not authorised"):
        list(connect(orthanc).iter_series())


@pytest.mark.parametrize("path", ["", "/nothing", "/app/explorer.html", "/instances"])
def test_another_path_of_the_server_is_no_dicomweb_root(orthanc: Any, path: str) -> None:
    with pytest.raises(ServerError, match="no DICOMweb root"):
        DicomWeb(orthanc.address.replace("/dicom-web", path), pauses_seconds=()).ping()


def test_a_download_goes_on_after_the_server_was_killed(
    orthanc: Any, connect: Connect, make_series: Make, tmp_path: Path
) -> None:
    (tmp_path / "server").mkdir()
    server = type(orthanc)(tmp_path / "server")
    server.start()
    images = make_series(6)
    store(connect(server), images)

    class Killing(DicomWeb):
        def retrieve(self, *asked: Any) -> Dataset:
            if len(list(tmp_path.rglob("*.dcm"))) == 2:
                server.kill()
            return super().retrieve(*asked)

    with pytest.raises(ServerError, match="does not answer"):
        download(Killing(server.address, pauses_seconds=()), tmp_path / "images")
    files = [file for file in (tmp_path / "images").rglob("*") if file.is_file()]
    assert [file.suffix for file in files] == [".dcm", ".dcm"]
    server.start()
    try:
        done = download(connect(server), tmp_path / "images")
    finally:
        server.kill()
    assert (done.fetched, done.kept) == (4, 2)
    assert {file.stem for file in done.files} == {image.SOPInstanceUID for image in images}
    assert sorted(done.files) == sorted(file for file in (tmp_path / "images").rglob("*") if file.is_file())
    for file in done.files:
        [image] = [image for image in images if image.SOPInstanceUID == file.stem]
        np.testing.assert_array_equal(dcmread(file).pixel_array, image.pixel_array)
