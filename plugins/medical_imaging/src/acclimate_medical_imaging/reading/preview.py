"""What a folder holds, file by file, and a sheet of what a model would see of it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from acclimate.contracts import DataError
from acclimate.data import open_image
from acclimate.data.read import IMAGE_SUFFIXES
from PIL import Image

from acclimate_medical_imaging.reading import headers, pixels, rows, windows
from acclimate_medical_imaging.reading.burned_in import burned_in
from acclimate_medical_imaging.reading.files import Place, places
from acclimate_medical_imaging.reading.pseudonyms import Pseudonyms, pseudonyms
from acclimate_medical_imaging.reading.sheet import Thumbnail, check_new, write_sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One file: what became of it, and of its pixels as they are stored the shape and range.

    `status` is "decoded", "refused" with the `reason`, or "no-pixels" for DICOM objects that are no pictures. `id`,
    `patient`, `study` and `series` are pseudonyms, "" where there are none; `kind` says modality and syntax,
    `burned_in` whether text is in the pixels ("yes", "perhaps", "no", or "" where nothing is known). `shape` is
    [frames, rows, columns, colours] without those that are not there.
    """

    path: str
    status: Literal["decoded", "refused", "no-pixels"]
    reason: str = ""
    shape: tuple[int, ...] | None = None
    minimum: float | None = None
    maximum: float | None = None
    id: str = ""
    patient: str = ""
    study: str = ""
    series: str = ""
    kind: str = ""
    burned_in: str = ""


def look_at(source: str | Path, *, workers: int | None = None) -> Iterator[Seen]:
    """Yield what each file of a folder, of an archive, or a single file is, in the order of paths; none is left out.

    Raises:
        DataError: when there is no such source.
    """
    hidden = pseudonyms()
    with ThreadPoolExecutor(workers or rows.WORKERS) as pool:
        yield from rows.ahead(pool, partial(_seen, hidden=hidden), places(Path(source)))


def contact_sheet(source: str | Path, file: Path, *, window: str = "", most: int = 24) -> int:
    """Write a sheet of up to `most` pictures as a model would see them, evenly spread; return how many there are.

    Pictures are captioned by their number in `look_at`, from 1 on: paths may name patients.

    Raises:
        OptionError: for a window that does not exist.
        OutputError: when the file exists or cannot be written.
    """
    windows.check_window(window)
    check_new(file)
    found = list(enumerate(places(Path(source)), 1))
    shown: list[Thumbnail] = []
    step = max(1, len(found) // (4 * most))  # enough to pass over files that are no pictures
    for number, place in found[::step]:
        if len(shown) < most and (image := _shown(place, window)) is not None:
            shown.append(Thumbnail(image=image, caption=f"{number}  {image.width} x {image.height}"))
    if shown:
        write_sheet(shown, file)
    return len(shown)


def _seen(place: Place, hidden: Pseudonyms) -> Seen:
    try:
        if place.path.suffix.lower() in IMAGE_SUFFIXES and not place.member:
            image = np.asarray(open_image(place.path))
            return Seen(path=place.name, status="decoded", kind="image", **_range(image))
        dataset = headers.read(place)
        known = _known(dataset, place, hidden)
        if not headers.has_pixels(dataset):
            return Seen(path=place.name, status="no-pixels", **known)
        return Seen(path=place.name, status="decoded", **_range(pixels.stored_values(dataset)), **known)
    except DataError as error:
        return Seen(path=place.name, status="refused", reason=error.message)
    except OSError as error:
        return Seen(path=place.name, status="refused", reason=str(error.strerror or error))


def _range(values: Any) -> dict[str, Any]:
    return {"shape": tuple(values.shape), "minimum": float(values.min()), "maximum": float(values.max())}


def _known(dataset: Any, place: Place, hidden: Pseudonyms) -> dict[str, Any]:
    found = {"id": rows.picture_id(place, dataset, "pseudonym", hidden)}
    for kind, name in (("patient", "PatientID"), ("study", "StudyInstanceUID"), ("series", "SeriesInstanceUID")):
        value = str(dataset.get(name) or "")
        found[kind] = hidden.of(kind, value) if value else ""
    syntax = dataset.file_meta.get("TransferSyntaxUID") if hasattr(dataset, "file_meta") else None
    words = (str(dataset.get("Modality") or ""), syntax.name if syntax else "")
    kind = ", ".join(word for word in words if word)
    return {**found, "kind": kind, "burned_in": burned_in(dataset)}


def _shown(place: Place, window: str) -> Image.Image | None:
    try:
        if place.path.suffix.lower() in IMAGE_SUFFIXES and not place.member:
            return open_image(place.path)
        dataset = headers.read(place)
        seen = headers.has_pixels(dataset) and not headers.is_segmentation(dataset)
        return pixels.picture(dataset, window=window) if seen else None
    except (DataError, OSError):  # `look_at` says why
        return None
