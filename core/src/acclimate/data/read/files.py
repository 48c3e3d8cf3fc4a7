"""What every reader needs of a file: that it is there, that it holds something, and how it is called."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from acclimate.contracts import DataError, did_you_mean

LINE = "__line__"
"""The key under which readers of text files give a row's line number, counted from 1."""

UNREADABLE = "__unreadable__"
"""The key under which tolerant readers say why a line is no row."""


def name_of(source: str) -> str:
    """Return the short name of a source that messages and row ids use: "train.csv"."""
    return Path(source).name or source


def existing(source: str) -> Path:
    """Return the path of a source that exists.

    Raises:
        DataError: when it does not; the hint names files of that folder with a similar name.
    """
    path = Path(source)
    if path.exists():
        return path
    if not path.parent.is_dir():
        raise DataError(f"There is no file {source!r}.", f"The folder {str(path.parent)!r} does not exist.")
    known = [entry.name for entry in path.parent.iterdir() if not entry.name.startswith(".")]
    hint = did_you_mean(path.name, known)
    # The whole content of a folder is no help when nothing in it is close.
    raise DataError(f"There is no file {source!r}.", hint if hint.startswith("Did") else "Check the path.")


def filled(source: str) -> Path:
    """Return the path of a file that exists and is not empty.

    Raises:
        DataError: when it is missing, is a folder, or holds nothing but white space.
    """
    path = existing(source)
    if path.is_dir():
        raise DataError(f"{source!r} is a folder, and a file was expected.", "Name a file inside it.")
    with path.open("rb") as file:
        while block := file.read(1 << 16):
            if block.removeprefix(b"\xef\xbb\xbf").strip():
                return path
    raise DataError(f"The file {source!r} is empty.", "It needs one row per example.")


def wrong_encoding(path: Path) -> DataError:
    """Return the error for a file that is not UTF-8; it names the first line that does not decode."""
    with path.open("rb") as file:
        start = file.read(2)
        if start in (b"\xff\xfe", b"\xfe\xff"):
            return DataError(f"{path.name} is encoded as UTF-16.", "Save it as UTF-8.")
        file.seek(0)
        line = next((number for number, raw in enumerate(file, 1) if not _decodes(raw)), 1)
    return DataError(
        f"{path.name} line {line} is not UTF-8 text.",
        "Save the file as UTF-8 (in a spreadsheet: 'CSV UTF-8').",
    )


def undecoded(tolerant: bool) -> str:
    """Return what `open` does with bytes that are no UTF-8: stop, or keep them so that `decoded` finds them."""
    return "surrogateescape" if tolerant else "strict"


def decoded(text: str) -> bool:
    """Return whether a text was UTF-8 where bytes that are not were kept."""
    return not any("\udc80" <= character <= "\udcff" for character in text) if not text.isascii() else True


def _decodes(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def some_rows(rows: Iterable[dict[str, Any]], source: str) -> Iterator[dict[str, Any]]:
    """Yield the rows.

    Raises:
        DataError: when there are none.
    """
    empty = True
    for row in rows:
        empty = False
        yield row
    if empty:
        raise DataError(f"{name_of(source)} has no rows.", "It needs one row per example.")
