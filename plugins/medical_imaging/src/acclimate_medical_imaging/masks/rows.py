"""One row for each picture of a DICOM source, with its mask where classes are to be learned."""

import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from acclimate.contracts import DataError
from acclimate.data import UNREADABLE
from PIL import Image
from pydicom import Dataset

from acclimate_medical_imaging.masks.found import Layers, find_masks, mask_of
from acclimate_medical_imaging.masks.options import OPTIONS, WORDS
from acclimate_medical_imaging.masks.pictures import Contents, Picture, contents_of
from acclimate_medical_imaging.reading import headers, labels, windows
from acclimate_medical_imaging.reading.options import check_words
from acclimate_medical_imaging.reading.pseudonyms import pseudonyms
from acclimate_medical_imaging.reading.rows import WORKERS, Job, ahead, picture_row
from acclimate_medical_imaging.reading.spacing import pixel_spacing

_Numbered = tuple[int, Picture]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Masks:
    """The masks of pictures by their number, and what they are put together with; none where none are asked for."""

    layers: Mapping[int, Layers] | None
    classes: Sequence[str]
    overlap: str


def masked_rows(source: str, *, classes: Sequence[str] | None = None, **options: str) -> Iterator[dict[str, Any]]:
    """Yield one row for each picture of a folder, a zip archive or a DICOM file, each frame of several being one.

    Rows are as `reading.rows.dicom_rows` has them, without labels. They have `spacing` besides: "row,column" in
    millimetres, "" where it is not known in the patient; and with `classes` their `mask`, a PNG file as bytes, whose
    values are places in the classes. Masks are DICOM segmentations (binary, fractional from one half on, or label
    maps), matched by the UIDs of the images they name, and NIfTI files, matched by where they lie: each beside its
    series, or in a folder of masks under the path of its series.

    Options:
        masks: a folder, zip archive or file with the masks; the source itself when left out.
        unmasked: "refuse" pictures without a mask and masks without a picture, "skip" them, or take such pictures as
            "empty".
        segments: which class a segment is, by its "label" or by its "number".
        others: "refuse" segments that are no class, or take them as "background".
        overlap: "refuse" classes that overlap, or let the "last" in the order of the classes count.
        window, patient, ids: as `reading.rows.dicom_rows` has them.

    Raises:
        DataError: no such source, no picture in it, masks that do not fit, or with `classes` pictures that all carry
            one patient.
        OptionError: for an option that does not exist.
    """
    given = {**OPTIONS, **options}
    check_words(given, WORDS)
    windows.check_window(given["window"])
    contents = contents_of(Path(source))
    yield from ({"id": name, UNREADABLE: reason} for name, reason in contents.unreadable)
    if not contents.pictures and not contents.unreadable:
        raise DataError(f"There are no pictures in {source!r}.", "Look at it: acclimate preview FOLDER.")
    masks = _masks(contents, classes, given)
    numbered = [each for each in enumerate(contents.pictures) if masks.layers is None or each[0] in masks.layers]
    files = [list(frames) for _, frames in groupby(numbered, key=lambda each: each[1].place)]
    patients: Counter[str] = Counter()
    with ThreadPoolExecutor(WORKERS) as pool:
        for rows in ahead(pool, partial(_rows_of, masks=masks, options=given), files):
            patients.update(row.get("patient", "") for row in rows)
            yield from rows
    if classes is not None:
        labels.check_several(patients, "pictures")


def _masks(contents: Contents, classes: Sequence[str] | None, options: Mapping[str, str]) -> _Masks:
    if classes is None:
        return _Masks(layers=None, classes=(), overlap="")
    beside = contents_of(Path(options["masks"])) if options["masks"] else contents
    if beside.unreadable and beside is not contents:
        name, reason = beside.unreadable[0]
        raise DataError(f"{len(beside.unreadable):,} files of masks cannot be read, such as {name}: {reason}.")
    layers = find_masks(
        contents.pictures,
        beside,
        classes,
        by=options["segments"],
        others=options["others"],
        unmasked=options["unmasked"],
    )
    return _Masks(layers=layers, classes=classes, overlap=options["overlap"])


def _rows_of(frames: Sequence[_Numbered], masks: _Masks, options: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the rows of the frames of one file; a row with the reason for each that cannot be read."""
    place = frames[0][1].place
    try:
        dataset = headers.read(place)
    except (DataError, OSError) as error:
        return [{"id": place.name, UNREADABLE: error.message if isinstance(error, DataError) else str(error)}]
    if not headers.has_pixels(dataset):
        return []
    rows = []
    for number, picture in frames:
        try:
            rows.append(_row(dataset, picture, masks, number, options))
        except DataError as error:
            rows.append({"id": picture.name, UNREADABLE: error.message})
    return rows


def _row(
    dataset: Dataset, picture: Picture, masks: _Masks, number: int, options: Mapping[str, str]
) -> dict[str, Any]:
    job = Job(
        window=options["window"],
        frame="all" if picture.frames > 1 else "first",
        patient=options["patient"],
        ids=options["ids"],
        hidden=pseudonyms(),
        labelling=labels.Labelling(table=None, folders=False),
    )
    with headers.damage_named():
        spacing = pixel_spacing(dataset, picture.frame)
    told: dict[str, Any] = {"spacing": "" if spacing is None else ",".join(map(repr, spacing))}
    if masks.layers is not None:
        mask = mask_of(picture, masks.layers[number], masks.classes, overlap=masks.overlap)
        file = io.BytesIO()
        Image.fromarray(mask).save(file, format="PNG")
        told["mask"] = file.getvalue()
    return picture_row(picture.place, dataset, picture.frame, job, told)
