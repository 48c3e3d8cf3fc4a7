"""Real scans of the packages pydicom-data and pydicom (MIT), labelled by what their own headers say they are.

No labelled set of real DICOM files installs as a package. So the label is the modality that a header names: it shows
every step from files to a report, and says nothing of how well a diagnosis is learned.
"""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acclimate.contracts import DataError, MissingPackageError

from acclimate_medical_imaging.reading import headers, rows
from acclimate_medical_imaging.reading.files import Place, places
from acclimate_medical_imaging.reading.options import OPTIONS

if TYPE_CHECKING:
    from pydicom import Dataset

# By package the folder of its files.
FOLDERS = {"pydicom-data": "data_store/data", "pydicom": "pydicom/data/test_files"}
LABELS = {"US": "ultrasound", "CT": "CT or MR", "MR": "CT or MR"}
SMALLEST = 60  # pixels of a side; the files of 16 and 10 are scans made small for tests of headers


def read(source: str) -> Iterator[dict[str, Any]]:
    """Yield one row for each ultrasound, CT or MR image of the packages, its modality being the label.

    Rows are those of `rows.dicom_rows`, but for the modality. Of files with one SOP Instance UID, which hold one
    image in several syntaxes, the first is taken, of several frames the middle one. Files that are damaged on purpose
    are passed over.

    Raises:
        MissingPackageError: when pydicom-data is not installed.
    """
    folders = [_folder(package, inside, source) for package, inside in FOLDERS.items()]
    job = rows.job_of(folders[0], OPTIONS)
    seen: set[str] = set()
    for place in chain.from_iterable(map(places, folders)):
        try:
            dataset = headers.read(place)
            with headers.damage_named():
                label = _label(dataset)
                uid = str(dataset.get("SOPInstanceUID") or "")
            if label and uid not in seen:
                frame = headers.frames(dataset) // 2
                yield _row(place, dataset, frame, job, label)
                seen.add(uid)
        except DataError:  # the packages hold files that nothing should read
            continue


def _folder(package: str, inside: str, source: str) -> Path:
    try:
        folder = Path(str(distribution(package).locate_file(inside)))
    except PackageNotFoundError:
        folder = Path()
    if not folder.name or not folder.is_dir():
        raise MissingPackageError(
            f"{source!r} needs the package {package}, which is not installed.",
            "Install it: pip install 'acclimate-medical-imaging[demo]'.",
        )
    return folder


def _label(dataset: "Dataset") -> str:
    """Return the label of an image, "" for what is none of the demo."""
    if not headers.has_pixels(dataset) or min(dataset.get("Rows") or 0, dataset.get("Columns") or 0) < SMALLEST:
        return ""
    return LABELS.get(str(dataset.get("Modality") or ""), "")


def _row(place: Place, dataset: "Dataset", frame: int, job: rows.Job, label: str) -> dict[str, Any]:
    found = rows.picture_row(place, dataset, frame, job, {"label": label})
    del found["modality"]  # it is the label, and no subgroup
    return found
