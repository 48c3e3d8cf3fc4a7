"""Page furniture: what a printed page adds around a legal text, and nothing of the text itself."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

_NUMBERED = re.compile(
    # "Page 3 of 12", "p. 3/12", "CONFIDENTIAL - Page 3 of 12", "Acme, Inc. - Rev. 01/2022 Page 3 of 5"
    r"(?:[A-Z].{0,60}?(?: [-–—] ?|\| ?)(?:.{0,30} )?)?(?:[Pp]age|PAGE|[Pp]g?\.) ?\d{1,4} ?(?:of|OF|/) ?\d{1,4}"
    # "- 3 -", "- iv -", with any dash
    r"|[-–—] ?(?:\d{1,4}|[ivxl]{1,6}) ?[-–—]"
)
_ALONE = re.compile(
    # "Page 3", "Draft - Page 3", "12"
    r"(?:[A-Z].{0,40}(?: [-–—] ?|\| ?))?(?:[Pp]age|PAGE) \d{1,4}|\d{1,3}"
    # Bates numbers, which are padded with zeros: "ACME-0001234"
    r"|[A-Z]{2,12}[-_ ]?0\d{5,9}"
)
_PAGE_NUMBER = re.compile(r"\bpage ?\d{1,4}(?: ?(?:of|/) ?\d{1,4})?|\b\d{1,4} ?(?:of|/) ?\d{1,4}$", re.IGNORECASE)
# "Acme Services Agreement 3", of three words or more: "Section 4" may head a page, and "Section 5" the next.
_COUNTED = re.compile(r"(?P<said>[^\d\W]\S*(?:\s+\S+){2,})\s+(?P<number>\d{1,4})")
_TWO_LETTERS = re.compile(r"(?:[^\W\d_].*){2}")
_ENDS_SENTENCE = (".", ";", ":", "!", "?", '"', "”", "’")
_EDGE_LINES = 2
_RECURRENCES = 3


def without_furniture(text: str) -> str:
    """Return the text without its page furniture; form feeds separate pages, and none are left.

    Dropped wherever they fill a line: "Page 3 of 12" and "- 3 -", the former also after a title and a dash.
    Dropped with a blank line or a page break on both sides: "Page 3", a number of up to three digits, a Bates
    number. Dropped among the first and last two lines of pages: what three or more pages share, whatever page
    number is in it, and numbers that count the pages. A section number that stands by itself between two blank
    lines, without a point, is taken for a page number. Lines lose the spaces at their ends; runs of blank lines
    become one.
    """
    pages = [[line.strip() for line in page.split("\n")] for page in text.split("\f")]
    running = _running(pages) if len(pages) >= _RECURRENCES else frozenset()
    kept = ("\n".join(page[place] for place in _kept(pages, number, running)) for number, page in enumerate(pages))
    return _bound([re.sub(r"\n{3,}", "\n\n", page.strip("\n")) for page in kept])


def furniture(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of the lines that `without_furniture` drops in its first pass.

    Spaces at their ends are left out. Lines end with "\\n" or "\\r\\n".
    """
    pages = [[line.strip() for line in page.split("\n")] for page in text.split("\f")]
    running = _running(pages) if len(pages) >= _RECURRENCES else frozenset()
    at = 0
    for number, page in enumerate(text.split("\f")):
        kept = set(_kept(pages, number, running))
        for place, line in enumerate(page.split("\n")):
            if place not in kept:
                start = at + len(line) - len(line.lstrip())
                yield start, start + len(line.strip())
            at += len(line) + 1


def _running(pages: Sequence[Sequence[str]]) -> frozenset[str]:
    """Return the keys of headers, footers and page numbers."""
    keys = Counter(
        key for number, page in enumerate(pages) for key in {_key(page[place], number) for place in _edges(page)}
    )
    # "(a)" or a rule of dashes may head three pages by chance.
    return frozenset(key for key, count in keys.items() if count >= _RECURRENCES and _TWO_LETTERS.match(key))


def _edges(page: Sequence[str]) -> set[int]:
    filled = [place for place, line in enumerate(page) if line]
    return {*filled[:_EDGE_LINES], *filled[-_EDGE_LINES:]}


def _key(line: str, page: int) -> str:
    """Return what a header or footer has in common with those of other pages."""
    if line.isdecimal():
        return f"page number {int(line) - page}"
    counted = _COUNTED.fullmatch(line)
    if counted:
        return f"{counted['said']} page {int(counted['number']) - page}"
    return _PAGE_NUMBER.sub("page #", line)


def _kept(pages: Sequence[Sequence[str]], number: int, running: frozenset[str]) -> Iterator[int]:
    """Yield the places of the lines of a page that are no furniture."""
    page, edges = pages[number], _edges(pages[number])
    for place, line in enumerate(page):
        free_before = number > 0 if place <= min(edges, default=0) else not page[place - 1]
        free_after = number < len(pages) - 1 if place >= max(edges, default=0) else not page[place + 1]
        alone = free_before and free_after and _ALONE.fullmatch(line)
        shared = place in edges and _key(line, number) in running
        if not (alone or shared or _NUMBERED.fullmatch(line)):
            yield place


def _bound(pages: Sequence[str]) -> str:
    """Return the pages as one text; a sentence that runs over a page break stays one paragraph."""
    text = ""
    for page in filter(None, pages):
        runs_on = page[0].islower() and not text.endswith(_ENDS_SENTENCE)
        text += ("\n" if runs_on else "\n\n") * bool(text) + page
    return text
