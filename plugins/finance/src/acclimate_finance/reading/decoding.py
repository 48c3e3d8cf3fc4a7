"""The bytes of a document as text, in the encoding that they are really in."""

import codecs
import re
from pathlib import Path

from acclimate.contracts import DataError, OptionError

LARGEST = 100_000_000
_DECLARED = re.compile(rb"""(?:encoding|charset)\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)""", re.IGNORECASE)
# What browsers read as windows-1252, whatever the page calls it (WHATWG Encoding Standard, section 4.2).
_WESTERN = frozenset({"ascii", "iso8859-1", "cp1252"})


def document_text(path: Path, encoding: str = "auto") -> str:
    """Return the text of a document.

    `encoding` "auto" takes a byte order mark, then UTF-8 where all bytes are that, then what the document declares
    (ASCII and Latin-1 are read as windows-1252, as browsers do); a document that declares nothing and is no UTF-8
    is windows-1252.

    Raises:
        DataError: there is no such file, it is too large or empty, no text, or not in the encoding that it declares.
        OptionError: for an encoding that does not exist.
    """
    if not path.is_file():
        raise DataError(f"There is no document {str(path)!r}.", "Check the path.")
    if path.stat().st_size > LARGEST:
        raise DataError(f"{path.name} has more than {LARGEST:,} bytes.", "Split it, or take the main document alone.")
    data = path.read_bytes()
    try:
        text = data.decode(_encoding(data, encoding))
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise DataError(
            f"{path.name} is not {error.encoding} text: byte {error.start:,} (line {line:,}) does not decode.",
            "Parts of it may be in another encoding; if it is all in one, name that (--read encoding=cp1252).",
        ) from error
    if "\0" in text:
        raise DataError(f"{path.name} has zero bytes: it is no text.", "Give the document as HTML or plain text.")
    if not text.strip():
        raise DataError(f"{path.name} is empty.")
    return text


def _encoding(data: bytes, asked: str) -> str:
    if asked != "auto":
        try:
            return codecs.lookup(asked).name
        except LookupError as error:
            raise OptionError(f"There is no encoding {asked!r}.", "Such as utf-8, cp1252 or auto.") from error
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return name
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return _declared(data)
    return "utf-8"


def _declared(data: bytes) -> str:
    """Return the encoding that a document declares in its first lines, windows-1252 where that is none."""
    found = _DECLARED.search(data[:4096])
    if not found:
        return "cp1252"
    try:
        name = codecs.lookup(found[1].decode("ascii")).name
    except LookupError:
        return "cp1252"
    return "cp1252" if name in _WESTERN else name
