"""The pictures of a source, frame by frame, by their headers: which they are and where they lie."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from acclimate.contracts import DataError
from pydicom import Dataset

from acclimate_medical_imaging.masks.grids import plane_of
from acclimate_medical_imaging.reading import headers
from acclimate_medical_imaging.reading.elements import Frame, numbers, text, whole
from acclimate_medical_imaging.reading.files import Place, places
from acclimate_medical_imaging.reading.rows import WORKERS, ahead
from acclimate_medical_imaging.reading.spacing import measures
from acclimate_medical_imaging.volumes.volume import Affine

NIFTI = (".nii", ".nii.gz")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """One frame of an image: where its file is, which it is, and where it lies.

    `frame` is counted from 0; `uid` and `series` are the UIDs of image and series, `reference` that of the frame of
    reference ("" without one). `plane` is as `grids.plane_of` has it, None for what has no place in the patient.
    """

    place: Place
    frame: int
    frames: int
    uid: str
    series: str
    reference: str
    size: tuple[int, int]
    plane: Affine | None

    @property
    def name(self) -> str:
        """The file, and the frame where there are several, counted from 1."""
        return self.place.name if self.frames == 1 else f"{self.place.name} frame {self.frame + 1}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a source holds: its pictures, its segmentations and NIfTI files, and which files cannot be read."""

    pictures: tuple[Picture, ...]
    segmentations: tuple[Place, ...]
    nifti: tuple[Place, ...]
    unreadable: tuple[tuple[str, str], ...]


def contents_of(source: Path) -> Contents:
    """Return what a folder, a zip archive or a file holds, in the order of paths, by the headers of its files.

    Raises:
        DataError: when there is no such source, or an archive is damaged.
    """
    pictures: list[Picture] = []
    segmentations, nifti, unreadable = [], [], []
    with ThreadPoolExecutor(WORKERS) as pool:
        for place, found in ahead(pool, _looked_at, places(source)):
            if isinstance(found, str):
                unreadable.append((place.name, found))
            elif isinstance(found, list):
                pictures += found
            elif found:
                segmentations.append(place)
            elif place.name.lower().endswith(NIFTI):
                nifti.append(place)
    return Contents(
        pictures=tuple(pictures),
        segmentations=tuple(segmentations),
        nifti=tuple(nifti),
        unreadable=tuple(unreadable),
    )


def _looked_at(place: Place) -> tuple[Place, list[Picture] | bool | str]:
    """Return a file's pictures; True for a segmentation, False for what is neither, or why it cannot be read."""
    try:
        dataset = headers.read(place, pixels=False)
        with headers.damage_named():
            return place, headers.is_segmentation(dataset) or list(_pictures(place, dataset))
    except headers.NotDicomError:
        return place, False
    except (DataError, OSError) as error:
        return place, error.message if isinstance(error, DataError) else str(error)


def _pictures(place: Place, dataset: Dataset) -> Iterator[Picture]:
    size = (whole(dataset, "Rows", 0), whole(dataset, "Columns", 0))
    if not all(size):
        return
    placed = "PerFrameFunctionalGroupsSequence" in dataset
    count = headers.frames(dataset)
    for frame in range(count):
        groups = Frame(dataset, frame) if placed else None
        where = groups.group("PlanePositionSequence") if groups else dataset
        way = groups.group("PlaneOrientationSequence") if groups else dataset
        yield Picture(
            place=place,
            frame=frame,
            frames=count,
            uid=text(dataset, "SOPInstanceUID"),
            series=text(dataset, "SeriesInstanceUID"),
            reference=text(dataset, "FrameOfReferenceUID"),
            size=size,
            plane=plane_of(
                numbers(where, "ImagePositionPatient"),
                numbers(way, "ImageOrientationPatient"),
                numbers(measures(dataset, frame), "PixelSpacing"),
            ),
        )
