"""What is classified of a contract: its clauses, every item of them, or their sentences."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from acclimate.contracts import MissingPackageError, OptionError

from acclimate_legal.contracts.options import UNITS
from acclimate_legal.documents import Document
from acclimate_legal.hyphens import with_words_rejoined
from acclimate_legal.structure import Clause, clause_tree, walk

# What has fewer letters than this is a number alone, or the rule of a signature.
_FEWEST_LETTERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A piece of a contract to be classified: `text[start:end]` of its document, `plain` as a model reads it."""

    path: str
    heading: str
    page: int
    start: int
    end: int
    plain: str


def units(document: Document, unit: str = "clause") -> Iterator[Unit]:
    """Yield the pieces of a document that are classified, in its order and none inside another.

    A "clause" is a provision by its number, heading or paragraph; a list inside it whose first item carries on its
    sentence, and so begins with a small letter, belongs to it. An "item" is every numbered piece by itself, a
    "sentence" each sentence of a clause. Titles alone are none: they stand in `heading` of what is below them.

    Raises:
        OptionError: for another unit.
        MissingPackageError: for sentences without nupunkt.
    """
    if unit not in UNITS:
        raise OptionError(f"unit is {', '.join(UNITS)}, found {unit!r}.", "Leave it out for clauses.")
    whole = _clauses(clause_tree(document), apart=unit == "item")
    found = (each for each in whole if sum(map(str.isalpha, each.plain)) >= _FEWEST_LETTERS)
    return _sentences(document, found) if unit == "sentence" else found


def _clauses(tree: Sequence[Clause], *, apart: bool) -> Iterator[Unit]:
    inside = -1
    for clause, above in walk(tree):
        if clause.start < inside:
            continue  # it was taken with what it is a part of
        merged = not apart and _carries_on(clause)
        if merged:
            inside = clause.whole_end
        if clause.start == clause.end or (not merged and _is_title(clause)):
            continue
        yield Unit(
            path=clause.path,
            heading=_headings(clause, above),
            page=clause.page,
            start=clause.start,
            end=clause.whole_end if merged else clause.end,
            plain="\n\n".join(each.plain for each, _ in walk([clause])) if merged else clause.plain,
        )


def _carries_on(clause: Clause) -> bool:
    """Return whether the items below a clause are parts of its sentence."""
    if not clause.children or not clause.label or clause.start == clause.end:
        return False
    first = clause.children[0]
    rest = first.text[len(first.label) :].lstrip() if first.text.startswith(first.label) else first.text
    return rest[:1].islower() and not first.label[0].isdecimal()


def _is_title(clause: Clause) -> bool:
    """Return whether a clause is nothing but a title: with no number, or with something inside it."""
    if not clause.heading or (clause.label and not clause.children):
        return False
    said = "".join(filter(str.isalpha, clause.plain))
    label = "".join(filter(str.isalpha, clause.label))
    title = "".join(filter(str.isalpha, clause.heading))
    return said.removeprefix(label) == title or said == title


def _headings(clause: Clause, above: Sequence[Clause]) -> str:
    """Return the titles that a clause stands under, the outermost first, up to its own."""
    return " / ".join(dict.fromkeys(each.heading for each in (*above, clause) if each.heading))


def _sentences(document: Document, clauses: Iterator[Unit]) -> Iterator[Unit]:
    try:
        from nupunkt import sent_spans
    except ImportError as error:
        raise MissingPackageError(
            "Sentences are found by the package nupunkt.", "Install it: pip install 'acclimate-legal[sentences]'."
        ) from error
    lines = [(line.start, line.end) for line in document.lines]
    for clause in clauses:
        text = document.text[clause.start : clause.end]
        for number, (start, end) in enumerate(sent_spans(text), 1):
            said = text[start:end]
            start += clause.start + len(said) - len(said.lstrip())
            end = start + len(said.strip())
            plain = _plain(document, lines, start, end)
            if sum(map(str.isalpha, plain)) >= _FEWEST_LETTERS:
                yield Unit(
                    path=f"{clause.path} s.{number}",
                    heading=clause.heading,
                    page=_page(document, start),
                    start=start,
                    end=end,
                    plain=plain,
                )


def _plain(document: Document, lines: Sequence[tuple[int, int]], start: int, end: int) -> str:
    """Return what a model reads of a stretch of text: its lines without page furniture, words rejoined."""
    first = max(0, bisect_right(lines, (start, len(document.text))) - 1)
    pieces = []
    for begin, finish in lines[first:]:
        if begin >= end:
            break
        if finish > start:
            pieces.append(document.text[max(begin, start) : min(finish, end)])
    return " ".join(with_words_rejoined("\n".join(pieces)).split())


def _page(document: Document, start: int) -> int:
    place = bisect_right(document.lines, start, key=lambda line: line.start) - 1
    return document.lines[max(0, place)].page
