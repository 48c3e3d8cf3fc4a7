"""Comments in compressed frames: JPEG, JPEG-LS and JPEG 2000 streams carry text that no DICOM attribute shows."""

import struct
from collections.abc import Iterator

ITEM, ITEM_HEADER = b"\xfe\xff\x00\xe0", 8
JPEG, JPEG_2000, END = b"\xff\xd8", b"\xff\x4f", b"\xff\xd9"
START_OF_SCAN, START_OF_TILE = 0xDA, 0x90
COMMENT, COMMENT_2000 = 0xFE, 0x64  # ITU-T T.81 table B.1; T.800 annex A
APPLICATION = range(0xE0, 0xF0)
# Application segments that decoders read: size, and which colours the three components are.
READ_BY_DECODERS = (b"JFIF\0", b"Adobe", b"mrfx", b"SPIFF\0")


def without_comments(encapsulated: bytes) -> bytes:
    """Return encapsulated pixel data of the same length with comments, and what follows the end of a frame, as zeros.

    Frames of other compressions come back as they are.
    """
    data = bytearray(encapsulated)
    for start, end in _fragments(encapsulated):
        position = start
        for marker, position, after in _segments(encapsulated, start, end):
            text = position + 4 + (2 if marker == COMMENT_2000 else 0)
            if _is_comment(marker, encapsulated[text:after], jpeg_2000=encapsulated[start : start + 2] == JPEG_2000):
                data[text:after] = bytes(after - text)
        closed = encapsulated.find(END, position, end)
        if position > start and closed >= 0:
            data[closed + 2 : end] = bytes(end - closed - 2)
    return bytes(data)


def _fragments(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield where the fragments lie; the first item is the table of offsets."""
    position, first = 0, True
    while data[position : position + 4] == ITEM:
        (length,) = struct.unpack_from("<L", data, position + 4)
        position += ITEM_HEADER
        if not first:
            yield position, min(position + length, len(data))
        position, first = position + length, False


def _segments(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield marker, position and end of each segment of the header of a frame, the one that ends it included."""
    if data[start : start + 2] not in (JPEG, JPEG_2000):
        return
    position = start + 2
    while position + 4 <= end and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:  # a fill byte
            position += 1
            continue
        after = position + 2 + int.from_bytes(data[position + 2 : position + 4])
        yield marker, position, min(after, end)
        if marker in (START_OF_SCAN, START_OF_TILE):
            return
        position = after


def _is_comment(marker: int, text: bytes, *, jpeg_2000: bool) -> bool:
    if jpeg_2000:
        return marker == COMMENT_2000
    return marker == COMMENT or (marker in APPLICATION and not text.startswith(READ_BY_DECODERS))
