"""Citations of cases: kept, brought to one form, or masked, so that a search learns the matter and not the citation.

A passage that names the authority it relies on gives the answer away: "see 347 U.S. 483" finds that case by its
number. eyecite (Free Law Project) finds citations as American courts write them.
"""

from collections.abc import Iterator
from typing import Any

from acclimate.contracts import MissingPackageError, OptionError

from acclimate_legal.prepare import normalise

MASK = "[CITE]"
WAYS = ("mask", "canonical", "keep")
_NUMBERED = ("FullCaseCitation", "ShortCaseCitation")
_OF_CASES = (*_NUMBERED, "SupraCitation", "IdCitation", "ReferenceCitation")


def prepare(text: str, *, citations: str = "mask") -> str:
    """Return the text normalised, with its citations of cases masked, in their canonical form, or kept.

    "mask" puts "[CITE]" in place of a citation with the names of the parties, short forms, "supra" and "id." too, and
    leaves statutes, which are what a passage is about. "canonical" writes the reporter as its own abbreviation
    ("347 U. S. 483" becomes "347 U.S. 483").

        >>> prepare("See Brown v. Board of Education, 347 U.S. 483, 495 (1954); 42 U.S.C. § 1983.")
        'See [CITE]; 42 U.S.C. § 1983.'

    Raises:
        OptionError: for another way.
        MissingPackageError: when eyecite is not installed; "keep" does without.
    """
    if citations not in WAYS:
        raise OptionError(f"citations is {', '.join(WAYS)}, found {citations!r}.", "Leave it out to mask them.")
    plain = normalise(text)
    if citations == "keep" or not plain:
        return plain
    pieces, at = [], 0
    for start, end, canonical in _found(plain, whole=citations == "mask"):
        pieces += [plain[at:start], MASK if citations == "mask" else canonical]
        at = end
    return "".join([*pieces, plain[at:]])


def _found(text: str, *, whole: bool) -> Iterator[tuple[int, int, str]]:
    """Yield where citations of cases stand and their canonical form, in order and none inside another.

    `whole` ones have the names of the parties and the year.
    """
    try:
        from eyecite import get_citations
    except ImportError as error:
        raise MissingPackageError(
            "Citations are found by the package eyecite.",
            "Install it: pip install 'acclimate-legal[citations]'; or keep citations as they are "
            "(--prepare citations=keep).",
        ) from error
    found: Any = get_citations(text)
    spans = sorted(
        (*(each.full_span() if whole else each.span()), each.corrected_citation())
        for each in found
        if type(each).__name__ in (_OF_CASES if whole else _NUMBERED)
    )
    yield from _merged(spans)


def _merged(spans: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Return spans with those that overlap as one: parallel citations share the names of the parties."""
    found: list[Any] = []
    for start, end, canonical in spans:
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]), found[-1][2])
        else:
            found.append((start, end, canonical))
    return found
