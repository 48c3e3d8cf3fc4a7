"""A report split into its Items, or refused: their headings in an order, all there, of likely sizes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from acclimate.contracts import DataError

from acclimate_finance.reading.blocks import Block
from acclimate_finance.reading.forms import NEVER, Item

_HEADING = re.compile(
    r"(?:part\s+(?P<part>i|ii|iii|iv)\b\W*)?items?\s*(?P<number>\d{1,2}(?:\s?[a-c](?![a-z]))?)(?:\s?\(t\))?"
    r"(?P<more>(?:\s*(?:,|and|&)\s*(?:items?\s*)?\d{1,2}(?:[a-c](?![a-z]))?\.?)*)(?P<mark>[\s.:)–—-]*)(?P<title>.*)",
    re.IGNORECASE | re.DOTALL,
)
_PART = re.compile(r"part\s+(i|ii|iii|iv)\b\W*(?:financial information|other information)?\W*", re.IGNORECASE)
_ELSEWHERE = re.compile(
    r"\b(?:of|in|to|see)\s+(?:this|our|the|its)\s+(?:annual|quarterly|form|report|20\d\d)", re.IGNORECASE
)
_CONTINUED = re.compile(r"\W*\(?\s*cont(?:inued|['’]d|d)?\.?\s*\)?\W*$", re.IGNORECASE)
_SIGNED = re.compile(r"signatures?", re.IGNORECASE)
_SHORT = re.compile(
    r"not (?:required|applicable)|n/a|smaller reporting compan|incorporated|reserved|omitted|refer(?:s|red)? to|"
    r"\b(?:see|set forth|appears?|included|presented|contained|begin(?:s|ning)?|no material changes?)\b",
    re.IGNORECASE,
)
# What stands between Items in a table of contents: a page number, or an entry with one.
_ENTRY = re.compile(r"[\W\d]*|(?!.*\.$).{1,150}\s\d{1,3}")
# A heading is shorter; more is a paragraph, unless the title is followed by a full stop.
_LONGEST = 250
_CONTENTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """An Item with the blocks of its text: from `first` up to and without `end`, by their place in the document.

    `heading` is the place of its heading, which is the first block too where the text runs on behind the title.
    """

    items: tuple[Item, ...]
    heading: int
    first: int
    end: int

    @property
    def key(self) -> str:
        """The number, or the numbers of Items under one heading: "1 and 2"."""
        return " and ".join(item.key for item in self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    items: tuple[Item, ...]
    place: int
    first: int
    linked: bool
    text: str


def sections_of(
    blocks: Sequence[Block], form: Sequence[Item], *, name: str, period: str = "", missing: str = "refuse"
) -> list[Section]:
    """Return the Items of a report in the order of the form.

    Entries of a table of contents, running heads and "(continued)" are no headings of Items. Which headings are is
    taken only where there is one way to have every Item once and in order. `period` is the day on which the
    report's period ends ("2023-12-31"), which says which Items it must have: all there are today where it is "", not
    known. `missing`
    "refuse" stops where one of them is not found; "leave out" returns the others without the one before it, which
    may have swallowed it.

    Raises:
        DataError: there are no Items, or they are out of order, twice, missing, or of sizes that they do not have;
            the message has what was found.
    """
    every = list(_without_contents(list(_found(blocks, form)), blocks))
    unlinked = [each for each in every if not each.linked]
    # A heading may itself be a link back to the contents: all of them then are.
    chosen = unlinked if len({each.items for each in unlinked}) == len({each.items for each in every}) else every
    if not chosen:
        raise DataError(
            f"{name} has no headings of Items.",
            "It may refer to its Items in a cross-reference index, or be another form; read it as a whole "
            "(--read by=document).",
        )
    kept = _chain(_once(chosen, blocks), form, name)
    sections = list(_sections(kept, blocks))
    _check_parts(sections, blocks, name)
    absent = _missing(sections, form, period)
    if absent and missing == "refuse":
        raise DataError(
            f"{name} lacks {_told(absent)}; found {', '.join(section.key for section in sections)}.",
            "What stands there would count as the Item before it. With --read missing=leave-out that one is left "
            "out, and the others are read.",
        )
    sections = [section for section in sections if not _may_hold(section, sections, absent, form)]
    for section in sections:
        _check_size(section, blocks, name)
    return sections


def after_signatures(blocks: Sequence[Block], last: Section) -> range:
    """Return the places of what stands behind the signatures, which is in no Item: statements and exhibits often."""
    return range(last.end, len(blocks))


def _found(blocks: Sequence[Block], form: Sequence[Item]) -> Iterator[_Found]:
    for place, block in enumerate(blocks):
        heading = None if block.table else _HEADING.match(block.text)
        if heading is None:
            continue
        title, first = heading["title"].strip(), place + 1
        if not title and place + 1 < len(blocks) and not blocks[place + 1].table:
            title, first = blocks[place + 1].text, place + 2
            if len(title) > _LONGEST:
                continue
        if not _is_heading(block.text, heading, title):
            continue
        numbers = [heading["number"], *re.findall(r"\d{1,2}[a-c]?", heading["more"], re.IGNORECASE)]
        if items := _items(numbers, title, form):
            runs_on = first == place + 1 and _runs_on(title, items[0])
            yield _Found(
                items=items, place=place, first=place if runs_on else first, linked=block.linked, text=block.text
            )


def _is_heading(text: str, heading: re.Match[str], title: str) -> bool:
    if title.startswith(("“", '"', ",", "”", "‘")) or text.lstrip().startswith("“"):
        return False  # "Item 7, Management's Discussion" and 'Item 1A. "Risk Factors"' speak of another place
    if _ELSEWHERE.search(re.split(r"[.:–—]", title)[0]):
        return False  # "Item 1A. Risk Factors of our annual report on Form 10-K"
    return len(text) <= _LONGEST or bool(heading["mark"].strip())


def _items(numbers: Sequence[str], title: str, form: Sequence[Item]) -> tuple[Item, ...]:
    """Return the Items that a heading names, by number and title: in a 10-Q the title tells the part."""
    wanted = [re.sub(r"\s", "", number).upper() for number in numbers]
    first = next((item for item in form if item.number == wanted[0] and item.is_titled(title)), None)
    if first is None:
        return ()
    rest = [item for item in form if item.part == first.part and item.number in wanted[1:]]
    return (first, *rest) if len(rest) == len(wanted) - 1 else ()


def _runs_on(title: str, item: Item) -> bool:
    """Return whether the text of an Item begins behind its title, in the same block."""
    said = re.match(rf"\W*(?:\w+\W+){{0,3}}?(?:{item.words})[^.:–—]*[.:–—]+\s*(.*)", title, re.IGNORECASE | re.DOTALL)
    return bool(said and re.search(r"[^\W\d_]", said[1])) and not _CONTINUED.search(title)


def _without_contents(found: Sequence[_Found], blocks: Sequence[Block]) -> Iterator[_Found]:
    """Yield headings without entries of a table of contents: several in order with nothing between them."""
    run: list[_Found] = []
    for each in found:
        if run and not (_rank(run[-1]) < _rank(each) and _nothing_between(run[-1], each, blocks)):
            yield from run if len(run) < _CONTENTS else ()
            run = []
        run.append(each)
    yield from run if len(run) < _CONTENTS else ()


def _nothing_between(one: _Found, other: _Found, blocks: Sequence[Block]) -> bool:
    if one.first == one.place:
        return False
    between = blocks[one.first : other.place]
    return all(block.linked or _ENTRY.fullmatch(block.text) or _PART.fullmatch(block.text) for block in between)


def _rank(found: _Found) -> tuple[int, str, int, str]:
    return _order(found.items[0])


def _order(item: Item) -> tuple[int, str, int, str]:
    part, _, number = item.key.rpartition("-")
    digits = re.match(r"\d+", number)
    assert digits is not None
    return len(part), part, int(digits[0]), number


def _once(found: Sequence[_Found], blocks: Sequence[Block]) -> list[_Found]:
    """Return headings without those that say the Item goes on: marked so, or at the beginning of a page."""
    kept: list[_Found] = []
    for each in found:
        again = kept and kept[-1].items == each.items
        # The first of them may be a mere mention, unless it is set as a heading is.
        set_apart = again and (blocks[kept[-1].place].bold or blocks[kept[-1].place].fresh)
        if not (set_apart and (_CONTINUED.search(each.text) or blocks[each.place].fresh)):
            kept.append(each)
    return kept


def _chain(found: Sequence[_Found], form: Sequence[Item], name: str) -> list[_Found]:
    """Return the headings, each Item once and in the order of the form.

    Raises:
        DataError: there is no such choice, or more than one.
    """
    order = [item.key for item in form]
    wanted = sorted({each.items for each in found}, key=lambda items: order.index(items[0].key))
    if any(a[-1].key == b[0].key for a, b in pairwise(wanted)):
        raise _unclear(found, name, "are both alone and together with another")
    # How many ways there are to choose the headings up to each one that end with it.
    ways: list[dict[int, int]] = []
    for items in wanted:
        before = ways[-1] if ways else None
        ways.append(
            {
                place: sum(count for at, count in before.items() if at < place) if before is not None else 1
                for place, each in enumerate(found)
                if each.items == items
            }
        )
    total = sum(ways[-1].values())
    if total != 1:
        raise _unclear(found, name, "are out of order" if total == 0 else "can be read in more than one way")
    chosen: list[_Found] = []
    bound = len(found)
    for level in reversed(ways):
        place = next(at for at, count in level.items() if count and at < bound)
        chosen.append(found[place])
        bound = place
    return chosen[::-1]


def _unclear(found: Sequence[_Found], name: str, why: str) -> DataError:
    outline = " → ".join(each.items[0].key for each in found[:60])
    return DataError(
        f"The headings of Items of {name} {why}: {outline}.",
        "Take out what is not the report itself (contents, exhibits), or read it as a whole (--read by=document).",
    )


def _sections(found: Sequence[_Found], blocks: Sequence[Block]) -> Iterator[Section]:
    for place, each in enumerate(found):
        if place + 1 < len(found):
            end = found[place + 1].place
        else:
            signed = (at for at in range(each.first, len(blocks)) if _SIGNED.fullmatch(blocks[at].text.strip(" .:")))
            end = next(signed, len(blocks))
        while end > each.first and _PART.fullmatch(blocks[end - 1].text):
            end -= 1
        yield Section(items=each.items, heading=each.place, first=each.first, end=end)


def _check_parts(sections: Sequence[Section], blocks: Sequence[Block], name: str) -> None:
    """Raise DataError where an Item stands under the heading of another part than its own."""
    part = ""
    for before, section in pairwise(sections):
        for block in blocks[before.heading : section.heading]:
            if not block.table and not block.linked and (found := _PART.fullmatch(block.text)):
                part = found[1].upper()
        own = _HEADING.match(blocks[section.heading].text)
        part = ((own and own["part"]) or part).upper()
        if part and part != section.items[0].part:
            raise DataError(
                f"Item {section.key} of {name} stands under PART {part}, and is of part {section.items[0].part}.",
                "Its headings may be those of the contents; read it as a whole (--read by=document).",
            )


def _missing(sections: Sequence[Section], form: Sequence[Item], period: str) -> list[Item]:
    held = {item.key for section in sections for item in section.items}
    return [
        item for item in form if item.key not in held and item.since != NEVER and (not period or period >= item.since)
    ]


def _may_hold(section: Section, sections: Sequence[Section], absent: Sequence[Item], form: Sequence[Item]) -> bool:
    """Return whether an Item that was not found would stand in this section: before the next one."""
    order = [item.key for item in form]
    following = sections[sections.index(section) + 1 :]
    own = order.index(section.items[-1].key)
    after = order.index(following[0].items[0].key) if following else len(order)
    return any(own < order.index(item.key) < after for item in absent)


def _check_size(section: Section, blocks: Sequence[Block], name: str) -> None:
    text = " ".join(block.text for block in blocks[section.first : section.end])
    least = max(item.least for item in section.items)
    bounds = [item.most for item in section.items]
    most = 0 if 0 in bounds else sum(bounds)
    if len(text) < least and not _SHORT.search(text):
        raise DataError(
            f"Item {section.key} of {name} has {len(text):,} characters, and does not say why: its heading may be "
            "that of another place.",
            "Look at the document; read it as a whole (--read by=document).",
        )
    if most and len(text) > most:
        raise DataError(
            f"Item {section.key} of {name} has {len(text):,} characters, where {most:,} are many: the heading behind "
            "it was not found.",
            "Look at the document; read it as a whole (--read by=document).",
        )


def _told(items: Sequence[Item]) -> str:
    return ", ".join(f"Item {item.key} ({item.title})" for item in items)


def outline(sections: Sequence[Section], blocks: Sequence[Block]) -> Mapping[str, int]:
    """Return how many characters each Item has, by its key: what to look at first."""
    return {s.key: sum(len(block.text) for block in blocks[s.first : s.end]) for s in sections}
