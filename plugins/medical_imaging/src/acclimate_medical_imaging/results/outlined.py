"""Masks that a run predicts, as one segmentation for each series."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from acclimate.contracts import DataError
from numpy.typing import NDArray
from PIL import Image

from acclimate_medical_imaging.masks.pictures import Picture
from acclimate_medical_imaging.reading import headers
from acclimate_medical_imaging.reading.pseudonyms import Pseudonyms, pseudonyms
from acclimate_medical_imaging.reading.rows import picture_id
from acclimate_medical_imaging.results.identity import ModelIdentity
from acclimate_medical_imaging.results.masks import Segment
from acclimate_medical_imaging.results.predicted import Made
from acclimate_medical_imaging.results.segmentation import write_segmentation

_DIGITS = 4  # of a direction, by which slices lie alike


def segmentations(
    run: Path,
    source: Path,
    pictures: Sequence[Picture],
    classes: Sequence[str],
    model: ModelIdentity,
    options: Mapping[str, Any],
) -> Iterator[Made]:
    """Yield the segmentation of each series of `source`, in the order of its files."""
    from acclimate.api import write_predictions

    hidden = pseudonyms()
    segments = [Segment(label=label) for label in classes[1:]]
    with TemporaryDirectory(prefix="acclimate-") as temporary:
        found = Path(temporary) / "found"
        write_predictions(run, source, found, reading=dict(options))
        with (found / "predictions.csv").open(encoding="utf-8", newline="") as stream:
            rows = {row["id"]: row for row in csv.DictReader(stream)}
        for name, group in _groups(pictures, hidden).items():
            yield _segmentation(name, group, rows, found, segments, model, hidden)


def _segmentation(
    name: str,
    group: Sequence[Picture],
    rows: Mapping[str, Mapping[str, str]],
    folder: Path,
    segments: Sequence[Segment],
    model: ModelIdentity,
    hidden: Pseudonyms,
) -> Made:
    mine = [rows.get(id_of(picture, hidden)) for picture in group]
    reasons = ["it cannot be read" if row is None else row["error"] for row in mine if row is None or row["error"]]
    if reasons:
        return Made(id=name, reason=f"of {len(group):,} slices {len(reasons):,} have no mask, since {reasons[0]}")
    masks: NDArray[np.uint8] = np.stack([np.asarray(Image.open(folder / row["mask"])) for row in mine if row])
    if not masks.any():
        return Made(id=name)
    try:
        places = dict.fromkeys(picture.place for picture in group)  # each file once, whatever its frames
        sources = [headers.read(place, pixels=False) for place in places]
        return Made(id=name, dataset=write_segmentation(sources, masks, segments, model=model))
    except DataError as error:
        return Made(id=name, reason=error.message)


def id_of(picture: Picture, hidden: Pseudonyms) -> str:
    """Return by what a picture is called in predictions."""
    id = picture_id(picture.place, {"SOPInstanceUID": picture.uid}, "pseudonym", hidden)
    return f"{id}#{picture.frame}" if picture.frames > 1 else id


def _groups(pictures: Sequence[Picture], hidden: Pseudonyms) -> dict[str, list[Picture]]:
    """Return the pictures of each segmentation, by its name: slices of a series that lie alike, or a single image."""
    found: dict[tuple[Any, ...], list[Picture]] = {}
    for picture in pictures:
        if picture.plane is None or picture.frames > 1:
            key: tuple[Any, ...] = (picture.series, picture.uid)
        else:
            directions = np.round(picture.plane[:3, :3], _DIGITS) + 0.0  # no -0
            key = (picture.series, picture.reference, picture.size, directions.tobytes())
        found.setdefault(key, []).append(picture)
    named: dict[str, list[Picture]] = {}
    for (series, *_), group in found.items():
        name = hidden.of("series", series or group[0].place.name)
        number = sum(other.partition("_")[0] == name for other in named)
        named[f"{name}_{number + 1}" if number else name] = group
    return named
