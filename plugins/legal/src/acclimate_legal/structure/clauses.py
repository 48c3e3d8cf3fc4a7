"""A clause of a document, with those inside it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A clause: `text[start:end]` of its document is its own text, `text[start:whole_end]` that with all inside it.

    `path` is where a lawyer finds it: "7.2(a)", "Schedule 1, 3(b)", "Recitals ¶2" for paragraphs without a number.
    `label` is the number as it is written, `heading` its title without it; either may be "". `page` is the one it
    begins on, from 1; 0 where the file does not say. `text` is its own text as it is written, `plain` that text with
    each paragraph on a line, without page furniture, and with words rejoined that a line end divides.
    """

    path: str
    label: str
    heading: str
    page: int
    start: int
    end: int
    whole_end: int
    text: str
    plain: str
    children: tuple["Clause", ...] = ()


def walk(clauses: Iterable[Clause]) -> Iterator[tuple[Clause, tuple[Clause, ...]]]:
    """Yield all clauses in the order of the document, each with those that it is inside of, the outermost first."""
    waiting: list[tuple[Clause, tuple[Clause, ...]]] = [(clause, ()) for clause in reversed(list(clauses))]
    while waiting:
        clause, above = waiting.pop()
        yield clause, above
        waiting.extend((child, (*above, clause)) for child in reversed(clause.children))
