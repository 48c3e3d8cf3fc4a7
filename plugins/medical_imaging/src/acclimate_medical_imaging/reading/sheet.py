"""A contact sheet: small pictures in rows, each with a line of text and, where it is asked for, a coloured frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from acclimate.contracts import OutputError
from PIL import Image, ImageDraw

_SIDE, _LINE, _COLUMNS = 160, 14, 6  # pixels of a thumbnail and of a line of its caption, thumbnails in a row
_FRAME = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Thumbnail:
    """A picture of a sheet; `caption` has a line or several, `frame` is a colour that Pillow knows, "" for none."""

    image: Image.Image
    caption: str
    frame: str = ""


def check_new(file: Path) -> None:
    """Raise OutputError when a file exists."""
    if file.exists():
        raise OutputError(f"{file} exists already.", "Name another file.")


def write_sheet(shown: Sequence[Thumbnail], file: Path) -> None:
    """Write a sheet of at least one picture to a new PNG file.

    Raises:
        OutputError: when the file exists or cannot be written.
    """
    check_new(file)
    try:
        draw_sheet(shown).save(file, format="PNG")
    except (OSError, ValueError) as error:
        raise OutputError(f"{file} cannot be written: {error}.", "Name a file in a folder that exists.") from error


def draw_sheet(shown: Sequence[Thumbnail]) -> Image.Image:
    """Return the sheet of at least one picture."""
    columns = min(_COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    height = _SIDE + _LINE * max(1 + each.caption.count("\n") for each in shown)
    sheet = Image.new("RGB", (columns * _SIDE, rows * height), "white")
    draw = ImageDraw.Draw(sheet)
    for place, each in enumerate(shown):
        left, top = place % columns * _SIDE, place // columns * height
        small = each.image.convert("RGB")
        small.thumbnail((_SIDE - 2 * (_FRAME + 1), _SIDE - 2 * (_FRAME + 1)))
        if each.frame:
            draw.rectangle((left + 1, top + 1, left + _SIDE - 2, top + _SIDE - 2), outline=each.frame, width=_FRAME)
        # In the middle of its square, so that a frame is around the square and never over the picture.
        sheet.paste(small, (left + (_SIDE - small.width) // 2, top + (_SIDE - small.height) // 2))
        draw.multiline_text((left + 4, top + _SIDE), each.caption, fill="black", spacing=2)
    return sheet
