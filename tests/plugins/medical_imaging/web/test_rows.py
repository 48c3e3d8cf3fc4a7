"""A server as the source of rows: the same as of the folder that its files were stored from."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acclimate.contracts import OptionError
from acclimate.plugins import default_host
from acclimate_medical_imaging.reading.rows import dicom_rows
from acclimate_medical_imaging.web import DicomWeb
from acclimate_medical_imaging.web.rows import server_rows
from acclimate_medical_imaging.web.storing import store
from pydicom import Dataset


def test_rows_of_a_server_are_those_of_the_files_it_holds(
    archive: Any, make_series: Callable[..., list[Dataset]], tmp_path: Path
) -> None:
    images = [*make_series(2, patient="p1"), *make_series(1, patient="p2")]
    for number, image in enumerate(images):
        image.save_as(tmp_path / f"{number}.dcm", enforce_file_format=True)
    store(DicomWeb(archive.address), images)
    labels = tmp_path / "labels.csv"
    labels.write_text("PatientID,label\np1,ill\np2,well\n")
    there, here = (
        {row["id"]: row for row in rows}
        for rows in (
            server_rows(archive.address, labels=str(labels)),
            dicom_rows(str(tmp_path), labels=str(labels)),
        )
    )
    assert there == here
    assert sorted(row["label"] for row in there.values()) == ["ill", "ill", "well"]


def test_a_server_is_read_by_its_scheme() -> None:
    host = default_host()
    for source in ("dicomweb://pacs.example/dicom-web", "dicomweb+http://localhost:8042/dicom-web"):
        loader = host.choose_loader("medical-imaging", source)
        assert loader is not None
        assert loader.name == "dicomweb"


@pytest.mark.parametrize("options", [{"labels": "folders"}, {"ids": "path"}])
def test_what_goes_by_path_is_refused(archive: Any, options: dict[str, str]) -> None:
    with pytest.raises(OptionError, match="no folders and no paths"):
        list(server_rows(archive.address, **options))
