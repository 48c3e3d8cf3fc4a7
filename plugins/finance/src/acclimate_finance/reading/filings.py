"""Rows of annual and quarterly reports: paragraphs and tables, each with its Item, its path and its place."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acclimate.contracts import DataError, OptionError, did_you_mean

from acclimate_finance.normalise import period as day_of
from acclimate_finance.reading.blocks import Block, Page, page_of
from acclimate_finance.reading.decoding import document_text
from acclimate_finance.reading.forms import FORMS, Item
from acclimate_finance.reading.options import BY, MISSING
from acclimate_finance.reading.sections import Section, sections_of
from acclimate_finance.reading.sources import SUFFIXES

_BETWEEN = "\n\n"
_SUBMITTED = re.compile(r"<DOCUMENT>\s*<TYPE>(10-[KQ]\S*)(.*?)<TEXT>(.*?)</TEXT>", re.IGNORECASE | re.DOTALL)
_FORM = re.compile(r"\W*(?:form\s+)?(10-[kq])(?:405|sb|t)?(?:/a)?\W*(?:amendment no\W*\d+\W*)?", re.IGNORECASE)
_MENTIONED = re.compile(r"\bform\s+(10-[kq])\b", re.IGNORECASE)
_ENDED = re.compile(
    r"\b(?:fiscal year|quarter(?:ly period)?|year|period)\s+ended:?\s+([A-Z][a-z]+\s+\d{1,2},?\s+\d{4})",
    re.IGNORECASE,
)
# The cover of a report comes before its Items.
_COVER = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """A report: its form ("10-K", "10-Q"), the day its period ends ("" where not told), company, blocks and Items.

    `text` is the whole of it, blocks joined by an empty line; `starts` is where each block begins in it.
    """

    name: str
    form: str
    period: str
    company: str
    blocks: tuple[Block, ...]
    text: str
    starts: tuple[int, ...]
    sections: tuple[Section, ...]


def filing_rows(
    source: str,
    by: str = "paragraph",
    items: str = "",
    form: str = "auto",
    missing: str = "refuse",
    encoding: str = "auto",
) -> Iterator[dict[str, Any]]:
    """Yield the texts of a 10-K or 10-Q in HTML or iXBRL, or of all such files in a folder.

    `by` is "paragraph" (paragraphs and tables), "item" (an Item as one text) or "document". `items` are the Items
    that are wanted ("1A,7"; "II-1A" in a 10-Q), all where it is empty. Rows have `id`, `text`, `item`, `part`,
    `title`, `path` (part, Item, headings), `kind` ("text", "table"), `start` and `end` in characters of
    `filing(...).text`, `form`, `period`, `company` and `filing`, the name of the file.

    Raises:
        DataError: a file cannot be read, or its Items cannot be told with certainty.
        OptionError: for an option that cannot work.
    """
    _check("by", by, BY)
    wanted = [key.strip().upper() for key in str(items).split(",") if key.strip()]
    found = False
    for path in _files(Path(source)):
        read = filing(path, form=form, missing=missing, encoding=encoding, split=by != "document")
        for row in _rows(read, by, wanted):
            found = True
            yield row
    if not found:
        raise DataError(f"{source} has no text in {items or 'its Items'}.", "Ask for others, or leave items out.")


def filing(
    source: str | Path, *, form: str = "auto", missing: str = "refuse", encoding: str = "auto", split: bool = True
) -> Filing:
    """Return a report with its Items; with `split` False its text alone.

    Raises:
        DataError: it cannot be read, or its Items cannot be told with certainty.
        OptionError: for an option that cannot work.
    """
    _check("missing", missing, MISSING)
    _check("form", form, ("auto", *FORMS))
    path = Path(source)
    kind, text = _main_document(document_text(path, encoding))
    page = page_of(text, path.name)
    chosen = form if form != "auto" else _form(kind, page, path.name, needed=split)
    period = _period(page)
    sections = (
        sections_of(page.blocks, FORMS[chosen], name=path.name, period=period, missing=missing.replace("-", " "))
        if split
        else []
    )
    starts, at = [], 0
    for block in page.blocks:
        starts.append(at)
        at += len(block.text) + len(_BETWEEN)
    return Filing(
        name=path.name,
        form=chosen,
        period=period,
        company=page.facts.get("EntityRegistrantName", ""),
        blocks=page.blocks,
        text=_BETWEEN.join(block.text for block in page.blocks),
        starts=tuple(starts),
        sections=tuple(sections),
    )


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES)
    if not found:
        raise DataError(f"The folder {str(path)!r} has no filings.", f"Their names end with {', '.join(SUFFIXES)}.")
    return found


def _rows(read: Filing, by: str, wanted: Sequence[str]) -> Iterator[dict[str, Any]]:
    known = {"form": read.form, "period": read.period, "company": read.company, "filing": read.name}
    if by == "document":
        yield _row(read, "", 0, len(read.blocks), known)
        return
    held = {item.key for section in read.sections for item in section.items}
    if unknown := [key for key in wanted if key not in held]:
        raise DataError(f"{read.name} has no Item {unknown[0]}.", did_you_mean(unknown[0], held))
    for section in read.sections:
        if wanted and not any(item.key in wanted for item in section.items):
            continue
        told = {
            "item": section.key,
            "part": section.items[0].part,
            "title": " and ".join(item.title for item in section.items),
            **known,
        }
        if section.first >= section.end:
            continue
        if by == "item":
            yield {**_row(read, section.key, section.first, section.end, told), "path": _path(section)}
            continue
        yield from _paragraphs(read, section, told)


def _paragraphs(read: Filing, section: Section, told: dict[str, str]) -> Iterator[dict[str, Any]]:
    heading = ""
    for place in range(section.first, section.end):
        block = read.blocks[place]
        if _is_heading(block):
            heading = block.text
            continue
        row = _row(read, section.key, place, place + 1, told)
        yield {**row, "path": _path(section, heading), "kind": "table" if block.table else "text"}


def _is_heading(block: Block) -> bool:
    """Return whether a block is a heading within an Item: bold, short, and no sentence."""
    return block.bold and not block.table and len(block.text) <= 150 and not block.text.endswith((".", ";", ","))


def _path(section: Section, heading: str = "") -> str:
    item: Item = section.items[0]
    own = " and ".join(f"{each.number}" for each in section.items)
    title = " and ".join(each.title for each in section.items)
    return " > ".join(part for part in (f"Part {item.part}", f"Item {own} {title}", heading) if part)


def _row(read: Filing, key: str, first: int, end: int, told: dict[str, str]) -> dict[str, Any]:
    start, stop = read.starts[first], read.starts[end - 1] + len(read.blocks[end - 1].text)
    where = f"{read.name}:{key.replace(' ', '')}:" if key else f"{read.name}:"
    return {
        "id": f"{where}{start}-{stop}",
        "text": read.text[start:stop],
        "item": "",
        **told,
        "path": "",
        "kind": "text",
        "start": start,
        "end": stop,
    }


def _main_document(text: str) -> tuple[str, str]:
    """Return the form and the text of the report in a full submission; a document alone is returned as it is."""
    found = _SUBMITTED.search(text)
    return (found[1].upper(), found[3]) if found else ("", text)


def _form(kind: str, page: Page, name: str, *, needed: bool) -> str:
    said = kind or page.facts.get("DocumentType", "").upper()
    cover = [block.text for block in page.blocks[:_COVER] if not block.table]
    known = (
        {form for form in FORMS if said.startswith(form)}
        or {found[1].upper() for text in cover if (found := _FORM.fullmatch(text))}
        or {found[1].upper() for text in cover for found in _MENTIONED.finditer(text)}
    )
    if len(known) == 1:
        return known.pop()
    if not needed:
        return ""
    raise DataError(
        f"{name} says {'that it is both 10-K and 10-Q' if known else 'nowhere which form it is'}.",
        "Say it: --read form=10-K (or 10-Q). Other forms are read as a whole: --read by=document.",
    )


def _period(page: Page) -> str:
    said = [page.facts.get("DocumentPeriodEndDate", "")]
    said += [found[1] for block in page.blocks[:_COVER] if (found := _ENDED.search(block.text))]
    return next((day for each in said if len(day := day_of(each)) == len("2024-12-31")), "")


def _check(name: str, value: object, known: Sequence[str]) -> None:
    if value not in known:
        raise OptionError(f"{name} is {', '.join(known)}, found {value!r}.", f"Leave {name} out for {known[0]}.")
