"""A server as the source of rows: the same as of the folder that its files were stored from."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pytest
from acclimate.contracts import STACKS, OptionError
from acclimate.plugins import default_host
from acclimate_medical_imaging.masks.rows import masked_rows
from acclimate_medical_imaging.reading.rows import dicom_rows
from acclimate_medical_imaging.stacks.rows import volume_rows
from acclimate_medical_imaging.web import DicomWeb
from acclimate_medical_imaging.web.rows import server_masked_rows, server_rows, server_volume_rows
from acclimate_medical_imaging.web.storing import store
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid


@pytest.mark.parametrize(
    ("web", "local", "options", "count"),
    [
        (server_rows, dicom_rows, {}, 7),
        (server_volume_rows, volume_rows, {"slices": "3"}, 2),
    ],
)
def test_rows_of_a_server_are_those_of_the_files_it_holds(
    archive: Any,
    make_series: Callable[..., list[Dataset]],
    tmp_path: Path,
    web: Callable[..., Iterator[dict[str, Any]]],
    local: Callable[..., Iterator[dict[str, Any]]],
    options: dict[str, str],
    count: int,
) -> None:
    images = [*make_series(3, patient="p1"), *make_series(4, patient="p2")]
    for number, image in enumerate(images):
        image.save_as(tmp_path / f"{number}.dcm", enforce_file_format=True)
    store(DicomWeb(archive.address), images)
    labels = tmp_path / "labels.csv"
    labels.write_text("PatientID,label\np1,ill\np2,well\n")
    there, here = (
        {row["id"]: row for row in read(source, labels=str(labels), **options)}
        for read, source in ((web, archive.address), (local, str(tmp_path)))
    )
    assert there == here
    assert len(there) == count
    assert {row["label"] for row in there.values()} == {"ill", "well"}


def test_masks_of_a_server_are_its_segmentations(
    archive: Any, make_series: Callable[..., list[Dataset]], tmp_path: Path
) -> None:
    images = [image for patient in ("p1", "p2") for image in make_series(2, patient=patient)]
    objects = [*images, *(outlined(images[first : first + 2]) for first in (0, 2))]
    for number, each in enumerate(objects):
        each.save_as(tmp_path / f"{number}.dcm", enforce_file_format=True)
    store(DicomWeb(archive.address), objects)
    classes = ("background", "tumour")
    there, here = (
        {row["id"]: row for row in rows}
        for rows in (
            server_masked_rows(archive.address, classes=classes),
            masked_rows(str(tmp_path), classes=classes),
        )
    )
    assert there == here
    assert len(there) == 4
    assert all("mask" in row for row in there.values())


def outlined(images: list[Dataset]) -> Dataset:
    """Return a segmentation of a square in each image."""
    masks = np.zeros((len(images), images[0].Rows, images[0].Columns), dtype=np.uint8)
    masks[:, 5:20, 8:30] = 1
    found: Dataset = highdicom.seg.Segmentation(
        source_images=images,
        pixel_array=masks,
        segmentation_type="BINARY",
        segment_descriptions=[
            highdicom.seg.SegmentDescription(
                segment_number=1,
                segment_label="tumour",
                segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
                segmented_property_type=codes.SCT.Neoplasm,
                algorithm_type="MANUAL",
            )
        ],
        series_instance_uid=generate_uid(),
        series_number=9,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="nobody",
        manufacturer_model_name="none",
        software_versions="0",
        device_serial_number="0",
    )
    return found


@pytest.mark.parametrize(
    ("task", "name"),
    [
        ("image-classification", "dicomweb"),
        ("image-segmentation", "dicomweb-masks"),
        (STACKS, "dicomweb-volumes"),
    ],
)
def test_a_server_is_read_by_its_scheme(task: str, name: str) -> None:
    host = default_host()
    for source in ("dicomweb://pacs.example/dicom-web", "dicomweb+http://localhost:8042/dicom-web"):
        loader = host.choose_loader("medical-imaging", source, task)
        assert loader is not None
        assert loader.name == name


@pytest.mark.parametrize("options", [{"labels": "folders"}, {"ids": "path"}])
def test_what_goes_by_path_is_refused(archive: Any, options: dict[str, str]) -> None:
    with pytest.raises(OptionError, match="no folders and no paths"):
        list(server_rows(archive.address, **options))
