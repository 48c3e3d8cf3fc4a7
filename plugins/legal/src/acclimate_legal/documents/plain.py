"""Plain text, in whatever encoding an office saved it."""

from pathlib import Path

from acclimate.contracts import DataError

from acclimate_legal.documents.document import Document, printed, spans_of_lines
from acclimate_legal.furniture import furniture

LARGEST = 64_000_000
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_WIDE = 200


def read_plain(path: Path) -> Document:
    """Return a text file as it is, without the mark of its encoding.

    Raises:
        DataError: when it is too large, or no text.
    """
    text, note = decoded(path)
    lengths = sorted(end - start for start, end in spans_of_lines(text) if start < end)
    flowing = bool(lengths) and lengths[len(lengths) * 9 // 10] > _WIDE
    return printed(path.name, text, furniture(text), flowing=flowing, notes=[note] if note else [])


def decoded(path: Path) -> tuple[str, str]:
    """Return the text of a file, and a note where its encoding was guessed.

    It is UTF-8 or UTF-16 where it says so or where it decodes; else Windows-1252, line by line, so that lines of
    UTF-8 in a file of both stay right.

    Raises:
        DataError: when it has more than 64 MB, or zero bytes and no mark of UTF-16.
    """
    if path.stat().st_size > LARGEST:
        raise DataError(f"{path.name} has more than {LARGEST:,} bytes.", "A contract is smaller; split it.")
    raw = path.read_bytes()
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return _strictly(raw[len(mark) :], encoding, path), ""
    if b"\0" in raw:
        raise DataError(f"{path.name} is no text: it has zero bytes.", "Save it as UTF-8.")
    try:
        return raw.decode("utf-8"), ""
    except UnicodeDecodeError:
        lines = [_line(line) for line in raw.split(b"\n")]
    guessed = sum(not known for _, known in lines)
    note = f"{guessed:,} of {len(lines):,} lines are not UTF-8 and were read as Windows-1252."
    return "\n".join(text for text, _ in lines), note


def _line(raw: bytes) -> tuple[str, bool]:
    try:
        return raw.decode("utf-8"), True
    except UnicodeDecodeError:
        # Five bytes have no character in Windows-1252; those are the control characters of Latin-1.
        return "".join(_character(byte) for byte in raw), False


def _character(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


def _strictly(raw: bytes, encoding: str, path: Path) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path.name} says that it is {encoding.upper()}, and byte {error.start:,} is not.", "Save it as UTF-8."
        ) from error
