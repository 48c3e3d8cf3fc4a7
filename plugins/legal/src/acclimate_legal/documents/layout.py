"""A second reader of PDF pages, which goes by where letters stand; slower, and better where words are glued."""

import re
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

# Of the letters of a page so many may stand in words that are longer than words are.
MOST_GLUED = 0.1
_LONGEST_WORD = 24
_WORD = re.compile(r"[A-Za-z]+")


def available() -> bool:
    """Return whether pdfplumber is installed."""
    return find_spec("pdfplumber") is not None


def glued(text: str) -> float:
    """Return the share of a text's Latin letters in words of more than 24 of them, from 0 to 1.

    Other scripts may be written without spaces, and do not count.
    """
    lengths = [len(word) for word in _WORD.findall(text)]
    return sum(length for length in lengths if length > _LONGEST_WORD) / max(1, sum(lengths))


def pages(path: Path, places: Sequence[int]) -> Iterator[tuple[int, str]]:
    """Yield the places of pages, from 0, and their text."""
    import pdfplumber

    with pdfplumber.open(path) as file:
        for place in places:
            page = file.pages[place]
            # Letters closer than a tenth of their size belong to one word.
            yield place, (page.extract_text(x_tolerance_ratio=0.1) or "").replace("\f", "\n")
            page.close()
