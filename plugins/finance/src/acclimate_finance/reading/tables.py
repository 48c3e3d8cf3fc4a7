"""Tables as lines: `row | column | period: value`, each value as it is written, with the heads above it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from acclimate.contracts import DataError

# Browsers take no more columns of a cell than this (HTML, section 4.9.11); a table has no more cells than that.
_WIDEST, _CELLS = 1000, 200_000
_VALUE = re.compile(
    r"[-–—−+]?\s*[$€£¥]?\s*\(?\s*[$€£¥]?\s*[-–−]?\s*(?:\d[\d,]*\.?\d*|\.\d+)\s*%?\s*\)?\s*(?:%|x|bps)?"
)
_NONE = re.compile(r"[$€£¥]?\s*[-–—]+\s*%?|n/?[am]|nm", re.IGNORECASE)
_YEAR = re.compile(r"(?:fy\s?)?(?:19|20)\d\d", re.IGNORECASE)
_BEFORE = re.compile(r"[$€£¥(]{1,2}")
_BEHIND = re.compile(r"\)?\s*(?:%|x|bps)?\s*\)?", re.IGNORECASE)
_PERIOD = re.compile(
    r"\b(?:19|20)\d\d\b|\b(?:months?|weeks?|quarters?|years?)\b|\b(?:ended|ending|as of)\b|\b[qh][1-4]\b|"
    r"\b(?:january|february|march|april|may|june|july|august|september|october|november|december)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The text of a cell and the columns that it spans, from `start` up to and without `end`."""

    text: str
    start: int
    end: int
    head: bool = False


def rows_of(table: Any, name: str) -> list[list[Cell]]:
    """Return the cells of a table that have a text, row by row, each in the columns it spans; no empty rows.

    Raises:
        DataError: the table has more cells than one that a person wrote; `name` is the document's.
    """
    found: list[list[Cell]] = []
    below: dict[int, int] = {}  # column: how many more rows a cell from above takes
    count = 0
    for row in table.iter("tr"):
        cells, column, taken = [], 0, below
        below = {at: left - 1 for at, left in taken.items() if left > 1}
        for element in row:
            if element.tag not in ("td", "th"):
                continue
            while column in taken:
                column += 1
            wide, high = _span(element.get("colspan")), _span(element.get("rowspan"))
            count += wide
            if count > _CELLS:
                raise DataError(f"A table of {name} has more than {_CELLS:,} cells.", "Take it out of the document.")
            text = " ".join(_seen(element).split())
            if text:
                cells.append(Cell(text=text, start=column, end=column + wide, head=element.tag == "th"))
            if high > 1:
                below |= {column + offset: high - 1 for offset in range(wide)}
            column += wide
        if cells:
            found.append(_joined(cells))
    return found


def is_data(rows: Sequence[Sequence[Cell]]) -> bool:
    """Return whether a table has numbers beside labels, and two rows or more: others only lay text out."""
    return len(rows) > 1 and any(_has_values(row) for row in rows)


def lines(rows: Sequence[Sequence[Cell]]) -> str:
    """Return a table as lines.

    A value gives `row | column | period: value`; the heads above it that name a time are the period, the others the
    column, and what is empty is left out. A row without values is a line of its own, and so is what stands above the
    labels ("(in millions)"). No value is moved to a head that does not stand above it, unless a row has as many
    values as the last row of heads has heads.
    """
    body = _body(rows)
    found = [cell.text for row in rows[:body] for cell in row if cell.start == 0]
    heads = [kept for row in rows[:body] if (kept := [cell for cell in row if cell.start > 0])]
    for row in rows[body:]:
        found += _lines(row, heads)
    return "\n".join(found)


def _lines(row: Sequence[Cell], heads: Sequence[Sequence[Cell]]) -> Iterator[str]:
    label = row[0].text if not _is_value(row[0].text) or row[0].start == 0 else ""
    values = row[1:] if label else row
    if not values:
        yield label
        return
    last = heads[-1] if heads else []
    for place, value in enumerate(values):
        above = [cell.text for head in heads for cell in head if cell.start < value.end and value.start < cell.end]
        if not above and len(last) == len(values):
            above = [last[place].text]
        column = " ".join(text for text in above if not _PERIOD.search(text))
        period = " ".join(text for text in above if _PERIOD.search(text))
        before = " | ".join(part for part in (label, column, period) if part)
        yield f"{before}: {value.text}" if before else value.text


def _body(rows: Sequence[Sequence[Cell]]) -> int:
    """Return where the rows begin: with the first that has values other than years, or with the label before it."""
    first = next((place for place, row in enumerate(rows) if _has_values(row)), len(rows))
    beside = min((cell.start for cell in rows[first][1:]), default=1) if first < len(rows) else 1
    while first and len(rows[first - 1]) == 1 and not rows[first - 1][0].head:
        above = rows[first - 1][0]
        if above.start or above.end > beside or above.text.startswith("("):
            break
        first -= 1
    return first


def _has_values(row: Sequence[Cell]) -> bool:
    values = [cell for cell in row[1:] if not cell.head and _is_value(cell.text)]
    return any(not _YEAR.fullmatch(cell.text) for cell in values)


def _is_value(text: str) -> bool:
    return bool(_VALUE.fullmatch(text) or _NONE.fullmatch(text))


def _joined(cells: Sequence[Cell]) -> list[Cell]:
    """Return cells with what belongs to a number in one: "$", "(1,234" and ")" are three cells in many filings."""
    found: list[Cell] = []
    opened: Cell | None = None
    for cell in cells:
        if opened is not None:
            cell = Cell(text=opened.text + cell.text, start=opened.start, end=cell.end, head=cell.head)
            opened = None
        if _BEFORE.fullmatch(cell.text):
            opened = cell
        elif found and _BEHIND.fullmatch(cell.text) and re.search(r"\d|[-–—]$", found[-1].text):
            kept = found.pop()
            found.append(Cell(text=kept.text + cell.text, start=kept.start, end=cell.end, head=kept.head))
        else:
            found.append(cell)
    return [*found, opened] if opened else found


def _seen(element: Any) -> str:
    """Return the text of a cell without what is hidden in it."""
    parts, waiting = [], [element]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            parts.append(node)
            continue
        if node is not element and node.tail:
            waiting.append(node.tail)
        if re.search(r"display\s*:\s*none", node.get("style", ""), re.IGNORECASE):
            continue
        if node.tag in ("p", "div", "br", "li"):
            parts.append(" ")
        waiting.extend(reversed(node))
        if node.text:
            parts.append(node.text)
    return "".join(parts)


def _span(given: str | None) -> int:
    text = (given or "").strip()
    return min(max(int(text), 1), _WIDEST) if text.isascii() and text.isdigit() and len(text) < 10 else 1
