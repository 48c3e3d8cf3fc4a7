"""Page furniture: what a printed page adds around a legal text, and nothing of the text itself."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

_NUMBERED = re.compile(
    # "Page 3 of 12", "p. 3/12", "Confidential - Page 3 of 12", "Acme, Inc. – Rev. 01/2022 Page 3 of 5"
    r"(?:[A-Z][^\n]{0,60}?[-–—|,. ] ?)??(?i:page|pg\.?|p\.) ?\d{1,4} ?(?i:of|/) ?\d{1,4}"
    # "- 3 -", "– iv –"
    r"|[-–—] ?(?:\d{1,4}|[ivxl]{1,6}) ?[-–—]"
)
_ALONE = re.compile(
    # "Page 3", "Confidential - Page 3", "12"
    r"(?:[A-Z][^\n]{0,40}[-–—|] ?)?(?i:page) \d{1,4}|\d{1,3}"
    # Bates numbers, which are padded with zeros: "ACME-0001234"
    r"|[A-Z]{2,12}[-_ ]?0\d{5,9}"
)
_PAGE_NUMBER = re.compile(r"(?i:page) ?\d{1,4}(?: ?(?:of|/) ?\d{1,4})?|\b\d{1,4} ?(?:of|/) ?\d{1,4}$", re.IGNORECASE)
_LETTERS = re.compile(r"[^\W\d_]")
_ENDS_SENTENCE = (".", ";", ":", "!", "?", '"', "”", "’")
_EDGE_LINES = 2
_RECURRENCES = 3


def without_furniture(text: str) -> str:
    """Return the text without its page furniture; form feeds separate pages, and none are left.

    Dropped wherever they fill a line: "Page 3 of 12" and "- 3 -", also after a running title. Dropped only with
    a blank line or a page break before and after: "Page 3", a bare number of up to three digits, a Bates number.
    Dropped at the top and foot of pages: lines (two at each end, page numbers ignored) that three or more pages
    share. A number without a point that stands for a section between two blank lines is taken for a page number.
    """
    pages = [[line.strip() for line in page.split("\n")] for page in text.split("\f")]
    running = _running_lines(pages)
    last = len(pages) - 1
    kept = [
        list(_kept(page, running, top=number > 0, foot=number < last)) for number, page in enumerate(pages)
    ]
    return _bound(["\n".join(lines).strip("\n") for lines in kept])


def _running_lines(pages: Sequence[Sequence[str]]) -> set[str]:
    """Return headers and footers, with their page numbers masked."""
    count = Counter(
        line for page in pages for line in {_masked(page[place]) for place in _edges(page)} if len(pages) > 1
    )
    # Two letters at least: "(a)" or a rule of dashes may head three pages by chance.
    return {line for line, pages_with in count.items() if pages_with >= _RECURRENCES and len(_LETTERS.findall(line)) > 1}


def _edges(page: Sequence[str]) -> set[int]:
    filled = [place for place, line in enumerate(page) if line]
    return {*filled[:_EDGE_LINES], *filled[-_EDGE_LINES:]}


def _masked(line: str) -> str:
    return _PAGE_NUMBER.sub("#", line)


def _kept(page: Sequence[str], running: set[str], *, top: bool, foot: bool) -> Iterator[str]:
    """Yield the lines that stay; `top` and `foot` tell whether the page begins and ends at a form feed."""
    edges = _edges(page)
    first, last = min(edges, default=0), max(edges, default=0)
    for place, line in enumerate(page):
        free_before = top if place <= first else not page[place - 1]
        free_after = foot if place >= last else not page[place + 1]
        numbered = _NUMBERED.fullmatch(line)
        alone = free_before and free_after and _ALONE.fullmatch(line)
        heads = place in edges and _masked(line) in running
        if not (numbered or alone or heads):
            yield line


def _bound(pages: Sequence[str]) -> str:
    """Return the pages as one text; a sentence that runs over a page break stays one paragraph."""
    text = ""
    for page in filter(None, pages):
        runs_on = text and page[0].islower() and not text.endswith(_ENDS_SENTENCE)
        text += ("\n" if runs_on else "\n\n") * bool(text) + page
    return text
