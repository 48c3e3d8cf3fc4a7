"""Words that a line end divided: rejoined where the hyphen was the printer's, kept where it is the word's."""

import re

_LETTER = r"[^\W\d_]"
_BREAK = re.compile(rf"(?P<left>(?:{_LETTER}|['’\-])*{_LETTER}|\d)- *\n *(?=(?P<right>{_LETTER}+|\d)?)")
_WORD = re.compile(rf"{_LETTER}+(?:[-'’]{_LETTER}+)*")

# First parts that keep their hyphen whatever follows; none of them is a syllable at which words are divided.
_FIRST = frozenset(
    "non self third cross quasi half well all twenty thirty forty fifty sixty seventy eighty ninety".split()
)
# Second parts that keep their hyphen whatever comes before.
_SECOND = frozenset(
    "free party parties based related owned licence license licensee licensor licensed licensable sublicensable "
    "contractor contractors processor processors clause clauses paragraph paragraphs section sections owner owners "
    "owned founder founders trustee trustees insured borrower existing emptive".split()
)
# Compounds of the trade whose parts are too common alone to decide by.
_COMPOUNDS = frozenset(
    "no-charge no-fault open-source closed-source source-code re-export re-exports re-identify re-distribute "
    "re-distribution in-house on-site up-to-date set-off stand-alone world-wide".split()
)
_SUSPENDED = frozenset({"and", "or", "to"})


def joined_lines(paragraph: str) -> str:
    """Return the paragraph with the words rejoined that a hyphen at a line end divides.

    The hyphen goes only before a lower-case letter, and stays there too when the text itself spells the word with
    it elsewhere ("sub-processor"), or, where the text does not spell it without, when the word before the line end
    is already a compound ("day-to-"), a prefix such as "non-", "self-" or "third-", or when the second part is one
    such as "party", "free" or "section". Before a capital or a digit the hyphen stays ("2020-2021"). In
    "pre- and post-closing" it stays with its space. A compound that none of this knows loses its hyphen.
    """
    spelt = {word.casefold() for word in _WORD.findall(paragraph)}

    def join(found: re.Match[str]) -> str:
        left, right = found["left"], found["right"] or ""
        if not right or right in _SUSPENDED:
            return f"{left}- "
        keeps = not (left[-1].isalpha() and right[0].islower()) or _keeps_hyphen(left, right, spelt)
        return f"{left}-" if keeps else left

    return _BREAK.sub(join, paragraph)


def _keeps_hyphen(left: str, right: str, spelt: set[str]) -> bool:
    left, right = left.casefold(), right.casefold()
    if f"{left}-{right}" in spelt:
        return True
    if left + right in spelt:
        return False
    known = left in _FIRST or right in _SECOND or f"{left}-{right}" in _COMPOUNDS
    return known or "-" in left
