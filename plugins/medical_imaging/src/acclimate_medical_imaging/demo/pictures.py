"""Pictures of the demo: what a model saw of the files, and what it said of those it was tested on."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from acclimate_medical_imaging.demo.files import read
from acclimate_medical_imaging.reading.sheet import Thumbnail, write_sheet

_RIGHT, _WRONG = "#009e73", "#d55e00"  # Okabe and Ito (2008): told apart by every kind of colour vision


def draw(source: str, model: Any, test_ids: Sequence[str], folder: Path) -> Iterator[Path]:
    """Write `read.png`, all images as they are read, and `result.png`, the test images with what the model says.

    In `result.png` a green frame is around what is right and an orange one around what is wrong; beneath stand the
    label of the header, and what the model says with its probability. `model` is a loaded run.

    Raises:
        OutputError: when a picture cannot be written.
    """
    rows = {row["id"]: row for row in read(source)}
    images = {id: Image.open(io.BytesIO(row["image"])) for id, row in rows.items()}
    shown = [Thumbnail(image=images[id], caption=row["label"]) for id, row in rows.items()]
    write_sheet(shown, folder / "read.png")
    yield folder / "read.png"
    tested = [
        Thumbnail(
            image=images[id],
            caption=f"header: {rows[id]['label']}\nmodel: {found.label}, {found.probability:.2f}",
            frame=_RIGHT if found.label == rows[id]["label"] else _WRONG,
        )
        for id, found in zip(test_ids, model.predict([images[id] for id in test_ids]), strict=True)
    ]
    write_sheet(tested, folder / "result.png")
    yield folder / "result.png"
