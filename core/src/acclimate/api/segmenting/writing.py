"""Masks of a source of any size: one PNG of each row, and a table."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from PIL import Image

from acclimate import bundle, data, models
from acclimate.api import inputs
from acclimate.api.manifest import read_with
from acclimate.api.own_pixels import opened, picture_name
from acclimate.api.predictions import Predicted
from acclimate.api.request import find_preset, split_options
from acclimate.api.segmenting.asking import check_options
from acclimate.api.segmenting.predictor import MaskPredictor, load
from acclimate.contracts import MaskPrediction, OptionError
from acclimate.plugins import Host

TABLE, MASKS = "predictions.csv", "masks"


def predict_rows(host: Host, folder: Path, source: str, options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Return `{id, shares}` of every row, of each class the share of pixels it covers; or `{id, error}`."""
    return (_told(id, found) for id, found in _predicted(host, load(folder, host), source, options))


def show(manifest: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], stream: TextIO) -> None:
    """Write id, the share of each class, and error, as CSV."""
    _write_table(manifest["labels"], rows, stream)


def write_predictions(
    host: Host, folder: Path, source: str, output: Path, resume: bool, options: Mapping[str, Any]
) -> Predicted:
    """Write a new folder with `masks/*.png` and `predictions.csv`, which is whole or not there.

    A mask has one channel whose values are places in the classes, with a palette for those who look at it. The table
    has of each row its id, the file of its mask, the share of each class, and why there is no mask, where that is so.

    Raises:
        OptionError: for `resume`; for a file's name as output.
        AcclimateError: for a run or a source that cannot be used.
    """
    if resume:
        raise OptionError("Masks are written anew, not resumed.", "Leave resume out.")
    if output.suffix in (".csv", ".jsonl", ".parquet"):
        raise OptionError(f"Masks are written into a folder, found the file {str(output)!r}.", "Name a folder.")
    predictor = load(folder, host)
    counts = {"rows": 0, "unreadable": 0}
    with bundle.writing(output) as partial:
        (partial / MASKS).mkdir()

        def written() -> Iterator[dict[str, Any]]:
            for number, (id, found) in enumerate(_predicted(host, predictor, source, options), 1):
                counts["rows"] += 1
                row = _told(id, found)
                if isinstance(found, MaskPrediction):
                    row["mask"] = f"{MASKS}/{picture_name(number, id)}"
                    picture(found.mask).save(partial / row["mask"])
                else:
                    counts["unreadable"] += 1
                yield row

        with (partial / TABLE).open("w", encoding="utf-8", newline="") as stream:
            _write_table(predictor.classes, written(), stream, files=True)
    return Predicted(output=output, **counts)


def picture(mask: Any) -> Image.Image:
    """Return a mask [height, width] as an image with one channel: its values are those of the mask."""
    image = Image.fromarray(mask, mode="P")
    image.putpalette(_palette())
    return image


def _predicted(
    host: Host, predictor: MaskPredictor, source: str, options: Mapping[str, Any]
) -> Iterator[tuple[str, MaskPrediction | str]]:
    """Return the id of each row with its prediction, or with the reason why there is none."""
    check_options(options)
    columns, settings = split_options(dict(options))
    preset, owner, _ = find_preset(host, predictor.manifest["preset"])
    read = inputs.reader(host, owner, preset, source, settings.reading, read_with(predictor.manifest))
    return _chunked(predictor, data.stream(source, read=read, columns=columns, modality="image"))


def _chunked(predictor: MaskPredictor, rows: Iterator[data.Row]) -> Iterator[tuple[str, MaskPrediction | str]]:
    while some := list(islice(rows, models.IMAGES_AT_ONCE)):
        images = [opened(row, predictor.prepare) for row in some]
        predictions = predictor.predictions([image for image in images if isinstance(image, Image.Image)])
        for row, image in zip(some, images, strict=True):
            yield row.id, image if isinstance(image, str) else next(predictions)


def _told(id: str, found: MaskPrediction | str) -> dict[str, Any]:
    return {"id": id, "error": found} if isinstance(found, str) else {"id": id, "shares": dict(found.shares)}


def _write_table(
    classes: Iterable[str], rows: Iterable[Mapping[str, Any]], stream: TextIO, *, files: bool = False
) -> None:
    names = list(classes)
    writer = csv.writer(stream)
    writer.writerow(["id", *(["mask"] if files else []), *names, "error"])
    for row in rows:
        shares = [f"{row['shares'][name]:.6f}" if "shares" in row else "" for name in names]
        writer.writerow([row["id"], *([row.get("mask", "")] if files else []), *shares, row.get("error", "")])


def _palette() -> list[int]:
    """Return red, green and blue of 256 classes: black for the first, then colours far apart (Pascal VOC's)."""
    values = np.arange(256)
    colours = np.zeros((256, 3), dtype=np.int64)
    for bit in range(8):
        for channel in range(3):
            colours[:, channel] |= ((values >> (3 * bit + channel)) & 1) << (7 - bit)
    found: list[int] = colours.ravel().tolist()
    return found
