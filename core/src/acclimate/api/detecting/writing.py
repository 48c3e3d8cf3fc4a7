"""What is said of parts of a source of any size: a table, and where a folder is asked for a heat map of each."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from PIL import Image

from acclimate import bundle, data
from acclimate.api import inputs
from acclimate.api.detecting.asking import check_options
from acclimate.api.detecting.pictures import heat_map
from acclimate.api.detecting.predictor import PartPredictor, load
from acclimate.api.detecting.rows import with_loader
from acclimate.api.manifest import read_with
from acclimate.api.own_pixels import opened, picture_name
from acclimate.api.predictions import Predicted
from acclimate.api.request import find_preset, split_options
from acclimate.contracts import OptionError, PartPrediction
from acclimate.plugins import Host

TABLE, PICTURES = "predictions.csv", "heat-maps"
_AT_ONCE = 16
_COLUMNS = ("id", "score", "threshold", "rejected", "regions")

Found = tuple[str, Image.Image | None, PartPrediction | str]


def predict_rows(host: Host, folder: Path, source: str, options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Return `{id, score, threshold, rejected, regions}` of every part; or `{id, error}`.

    A region is `{top, left, bottom, right, pixels, peak}`, in the image's own pixels.
    """
    return (_told(id, found) for id, _, found in _predicted(host, load(folder, host), source, options))


def show(manifest: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], stream: TextIO) -> None:
    """Write id, score, threshold, rejected, regions and error, as CSV."""
    del manifest
    _write_csv(rows, stream)


def write_predictions(
    host: Host, folder: Path, source: str, output: Path, resume: bool, options: Mapping[str, Any]
) -> Predicted:
    """Write a new file, CSV or JSON Lines by its suffix, or a folder with `heat-maps/*.png` and `predictions.csv`.

    Parts are read, judged and written a few at a time; what is written is whole or not there.

    Raises:
        OptionError: for `resume`, and for another suffix.
        AcclimateError: for a run or a source that cannot be used.
    """
    if resume:
        raise OptionError("What is said of parts is written anew, not resumed.", "Leave resume out.")
    if output.suffix not in ("", ".csv", ".jsonl"):
        raise OptionError(
            f"Parts are written to a file with the suffix .csv or .jsonl, or to a folder; found {str(output)!r}.",
            "Choose one of them.",
        )
    predictor = load(folder, host)
    counts = {"rows": 0, "unreadable": 0}

    def counted() -> Iterator[Found]:
        for found in _predicted(host, predictor, source, options):
            counts["rows"] += 1
            counts["unreadable"] += isinstance(found[2], str)
            yield found

    if output.suffix:
        _write_file(counted(), output)
    else:
        with bundle.writing(output) as partial:
            (partial / PICTURES).mkdir()
            with (partial / TABLE).open("w", encoding="utf-8", newline="") as stream:
                _write_csv(_drawn(counted(), predictor, partial), stream, files=True)
    return Predicted(output=output, **counts)


def _write_file(found: Iterator[Found], output: Path) -> None:
    with bundle.writing_file(output) as whole, whole.open("w", encoding="utf-8", newline="") as stream:
        rows = (_told(id, each) for id, _, each in found)
        if output.suffix == ".csv":
            _write_csv(rows, stream)
        else:
            stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _drawn(found: Iterator[Found], predictor: PartPredictor, folder: Path) -> Iterator[dict[str, Any]]:
    """Yield what is said of each part, with the file of its heat map, which is written."""
    for number, (id, image, each) in enumerate(found, 1):
        row = _told(id, each)
        if isinstance(each, PartPrediction) and image is not None:
            row["heat_map"] = f"{PICTURES}/{picture_name(number, id)}"
            drawn = heat_map(image, each.map, predictor.decided.map_threshold, each.regions)
            drawn.save(folder / row["heat_map"])
        yield row


def _predicted(host: Host, predictor: PartPredictor, source: str, options: Mapping[str, Any]) -> Iterator[Found]:
    """Yield the id of each part with its image and what is said of it, or with the reason why nothing is."""
    check_options(options)
    columns, settings = split_options(dict(options))
    preset, owner, _ = find_preset(host, predictor.manifest["preset"])
    preset = with_loader(host, owner, preset, source)
    read = inputs.reader(host, owner, preset, source, settings.reading, read_with(predictor.manifest))
    rows = data.stream(source, read=read, columns=columns, modality="image")
    while some := list(islice(rows, _AT_ONCE)):
        images = [opened(row, predictor.prepare) for row in some]
        predictions = predictor.predictions([image for image in images if isinstance(image, Image.Image)])
        for row, image in zip(some, images, strict=True):
            yield (row.id, None, image) if isinstance(image, str) else (row.id, image, next(predictions))


def _told(id: str, found: PartPrediction | str) -> dict[str, Any]:
    if isinstance(found, str):
        return {"id": id, "error": found}
    return {
        "id": id,
        "score": found.score,
        "threshold": found.threshold,
        "rejected": found.rejected,
        "regions": [asdict(region) for region in found.regions],
    }


def _write_csv(rows: Iterable[Mapping[str, Any]], stream: TextIO, *, files: bool = False) -> None:
    """Write a table; regions are "left,top,right,bottom" with semicolons between them."""
    columns: Sequence[str] = (*_COLUMNS, *(["heat_map"] if files else []), "error")
    writer = csv.writer(stream)
    writer.writerow(columns)
    for row in rows:
        boxes = [f"{each['left']},{each['top']},{each['right']},{each['bottom']}" for each in row.get("regions", [])]
        written = {
            **row,
            "rejected": str(row.get("rejected", "")).lower(),
            "regions": ";".join(boxes),
        }
        writer.writerow([written.get(name, "") for name in columns])
