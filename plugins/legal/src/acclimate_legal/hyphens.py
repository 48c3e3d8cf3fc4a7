"""Words that a line end divides: rejoined where the hyphen is the printer's, kept where it is the word's own."""

import re

_LETTER = r"[^\W\d_]"
_BREAK = re.compile(rf"(?<=\w)- *\n *(?=(?P<right>{_LETTER}+|\d))")
_WORD = re.compile(rf"{_LETTER}+(?:[-'’]{_LETTER}+)*")
_WORD_BEFORE = re.compile(rf"(?:^|(?<=[^\w'’-])|(?<=[^\w]['’])){_WORD.pattern}$")
_LONGEST_WORD = 60

# First parts that keep their hyphen whatever follows: words are not divided after them.
_FIRST = re.compile(
    "non|self|third|cross|quasi|half|well|all|above|fully|machine|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
)
# Second parts that keep their hyphen whatever comes before.
_SECOND = re.compile("free|party|parties|based|owned")
# Prefixes that are also syllables ("sub-ject", "pre-vent") keep it only before these second parts.
_PREFIXED = re.compile(
    "(?:sub|co|pre|post|ex|re)-(?:licen[cs]e(?:s|es|d)?|licens(?:ees?|ors?|ing|able)|contract(?:ors?|s)?|processors?"
    "|clauses?|paragraphs?|sections?|own(?:ers?|ed)|founders?|trustees?|insured|borrowers?|existing|emptive|closing"
    "|termination|exports?|identify)"
)
_COMPOUND = re.compile(
    "no-charge|no-fault|(?:open|closed)-source|(?:source|object)-code|end-users?|high-level"
    "|best-efforts?|in-house|on-site|set-off|stand-alone"
)
_SUSPENDED = frozenset({"and", "or", "to"})


def with_words_rejoined(text: str) -> str:
    """Return the text with the line end taken out of the words that a hyphen divides there.

    The hyphen goes only before lower-case letters, and between two parts in capitals ("DAM-AGES"). It stays there
    when the text spells the word with it on one line ("sub-processor") and not without; when the first part is
    already a compound ("day-to-") or one such as "non", "self", "third" or "twenty"; when the second is one such as
    "party" or "free"; and in a few compounds of the trade ("sub-licensee", "pre-existing", "no-charge"). It always
    stays before any other capital ("Anglo-American"), before a digit ("2020-2021"), and after an abbreviation in
    capitals ("EU-wide"); in "pre- and post-closing" with its space. A compound that none of this knows loses it.
    """
    if not _BREAK.search(text):
        return text
    spelt = {word.casefold() for word in _WORD.findall(text)}

    def rejoined(found: re.Match[str]) -> str:
        right = found["right"]
        if right in _SUSPENDED:
            return "- "
        word = _WORD_BEFORE.search(text[max(0, found.start() - _LONGEST_WORD) : found.start()])
        return "" if word and _is_divided(word[0], right, spelt) else "-"

    return _BREAK.sub(rejoined, text)


def _is_divided(left: str, right: str, spelt: set[str]) -> bool:
    capitals = len(left) > 1 and left.isupper()
    if right.isupper() and len(right) > 1 if capitals else right[0].islower():
        return not _keeps_hyphen(left.casefold(), right.casefold(), spelt)
    return False


def _keeps_hyphen(left: str, right: str, spelt: set[str]) -> bool:
    if left + right in spelt:
        return False
    compound = f"{left}-{right}"
    if compound in spelt or "-" in left:
        return True
    known = _FIRST.fullmatch(left) or _SECOND.fullmatch(right)
    return bool(known or _PREFIXED.fullmatch(compound) or _COMPOUND.fullmatch(compound))
