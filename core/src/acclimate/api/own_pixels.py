"""Images whose pixels are answered for: opened and prepared at their own size, and the files of what is drawn."""

import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image

from acclimate import data
from acclimate.contracts import DataError

Given = str | Path | Image.Image
_STRANGE = re.compile(r"[^\w.-]+")
_LONGEST_NAME = 100


def prepared(image: Given, prepare: Callable[[Any], Any] | None) -> Image.Image:
    """Return an image as a model reads it, upright, in colour and prepared, at its own size.

    Raises:
        DataError: when it cannot be read, or the preparation changes its size.
    """
    upright = data.to_rgb(image) if isinstance(image, Image.Image) else data.open_image(image)
    found: Image.Image = prepare(upright) if prepare else upright
    if found.size != upright.size:
        raise DataError(
            f"The preparation of the run turned {upright.size} into {found.size} pixels.",
            "What prepares images whose pixels are answered for may not change their size.",
        )
    return found


def opened(row: data.Row, prepare: Callable[[Any], Any] | None) -> Image.Image | str:
    """Return the image of a row, `prepared`, or the reason why it cannot be opened."""
    if row.error:
        return row.error
    with TemporaryDirectory(prefix="acclimate-") as folder:
        try:
            return prepared(data.image_path(row.content, folder=Path(), cache=Path(folder)), prepare)
        except DataError as error:
            return error.message


def picture_name(number: int, id: str) -> str:
    """Return the file name of what is drawn of a row: its number, and of its id what a file may be called."""
    return f"{number:06}-{_STRANGE.sub('-', Path(id).stem)[:_LONGEST_NAME]}.png"
