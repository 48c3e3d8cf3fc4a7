"""Defined terms: what a contract calls its own words, and where it says what they mean."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from acclimate_legal.structure.clauses import Clause, walk

_QUOTED = r"[“\"„«](?P<term>[^“”\"„«»\n]{1,80}?)[,.]?[”\"“»]"
# (the "Supplier"), (together, the "Parties"), (each a "Party" and …), ("Fees")
_IN_BRACKETS = re.compile(rf"\((?:[^()\"“”„«»]{{0,60}}?\s)?{_QUOTED}(?=[^()]{{0,80}}\))", re.IGNORECASE)
# "Fees" means …, "Fees" shall mean …, "Fees" has the meaning …
_MEANS = re.compile(
    rf"{_QUOTED}\s*(?:\([^()]{{0,60}}\)\s*)?(?:,[^,]{{0,40}},\s*)?"
    r"(?:shall\s+|will\s+)?(?:means?|includes?|ha(?:s|ve)\s+the\s+(?:respective\s+)?meanings?|refers?\s+to|is\s+defined)\b",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinedTerm:
    """A term that is defined in the clause at `path`: `text[start:end]` of the document is the term itself."""

    term: str
    path: str
    start: int
    end: int


def defined_terms(clauses: Iterable[Clause]) -> tuple[DefinedTerm, ...]:
    """Return the terms that clauses define, in the order of the document, by quotation marks and what stands beside.

    Terms without quotation marks are not found.
    """
    return tuple(term for clause, _ in walk(clauses) for term in _of(clause))


def _of(clause: Clause) -> Iterator[DefinedTerm]:
    found = {
        match.span("term"): match["term"] for form in (_IN_BRACKETS, _MEANS) for match in form.finditer(clause.text)
    }
    for start, end in sorted(found):
        yield DefinedTerm(
            term=" ".join(found[start, end].split()),
            path=clause.path,
            start=clause.start + start,
            end=clause.start + end,
        )
