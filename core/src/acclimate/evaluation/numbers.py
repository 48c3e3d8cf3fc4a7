"""The numbers in a text, and how many of those that a model writes are right: the check on a summary of figures.

Precision is the share of the numbers in predictions that stand in the truth of their row, and recall the share of the
numbers of the truth that stand in the prediction. Give the source as truth to ask which numbers were made up, and a
reference summary to ask which are missing.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from acclimate.contracts import DataError
from acclimate.evaluation.generation import checked_texts
from acclimate.evaluation.metrics import Floats
from acclimate.evaluation.totals import table

_SCALES = {
    "thousand": 3,
    "million": 6,
    "mn": 6,
    "mln": 6,
    "billion": 9,
    "bn": 9,
    "bln": 9,
    "trillion": 12,
    "tn": 12,
    "trln": 12,
}
_NUMBER = re.compile(
    r"""
    (?P<open>\()?
    (?:(?<![\w)\]%])(?P<sign>[-+\u2212\u2013]))?
    (?:[$\u20ac\u00a3\u00a5]\s?(?P<inner>[-\u2212](?=[\d.]))?)?
    (?P<digits>(?<!\w)(?<!\d[.,])\d++(?:[.,]\d++)*+|(?<![\w.])\.\d++)
    (?P<exponent>e[-+]?\d+\b)?
    (?:\s?(?P<scale>thousand|million|billion|trillion|mn|mln|bn|bln|tn|trln)\b)?
    (?P<percent>\s?(?:%|percent\b|per\s+cent\b))?
    (?P<close>\)(?P<late>\s?%)?)?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_PLAIN = re.compile(r"\d*\.?\d+")


class Number(NamedTuple):
    """A number of a text: its exact value, and whether it is a percentage; 12 % is neither 12 nor 0.12."""

    value: Decimal
    percent: bool


def numbers(text: str) -> list[Number]:
    """Return the numbers of a text in their order, so that different spellings of one number are equal.

    - Commas between groups of three digits are dropped: 1,200.50 is 1200.5. A full stop is the decimal point; a
      decimal comma ("1,5") is not known and gives two numbers. Digits with several full stops are a date or version.
    - A currency sign is dropped: $5 is 5.
    - %, "percent" and "per cent" make a percentage, which no plain number equals.
    - "thousand", "million" (mn, mln), "billion" (bn, bln) or "trillion" (tn, trln) after a number multiply it: 1.2
      million is 1200000. Single letters (5k, 3m) are not read, since they are units too.
    - A minus before a number is its sign unless it follows a letter, digit, bracket or %: 5-10 is 5 and 10.
    - Brackets around nothing but a number make it negative, as accounts do: (5) is -5. Not so for a year, four plain
      digits from 1900 to 2099; for the first thing of a line, which is the number of a list; and where the bracket
      follows a letter or digit, as in f(5).
    - Digits that follow a letter are a name: Q3 and B2B have no number. Words ("five") are not read.
    """
    return [number for match in _NUMBER.finditer(text) for number in _read(match, text)]


class Reference(str):
    """What a person wrote, as a summary of `source` or in answer to it."""

    source: str

    @classmethod
    def of(cls, reference: str, source: str) -> "Reference":
        """Return a reference that knows its source."""
        found = cls(reference)
        found.source = source
        return found


def number_statistics(truth: Sequence[str], predicted: Sequence[str]) -> Floats:
    """Return [rows, 4]: numbers of the prediction that stand in the truth, and all; the same of the truth.

    A number that is repeated counts each time, and is right each time where the other text has it at all.

    Raises:
        DataError: when rows disagree in number, or a row has several references.
    """
    rows = []
    for text, given in checked_texts(truth, predicted):
        true, found = numbers(text), numbers(given)
        right, known = sum(each in true for each in found), sum(each in found for each in true)
        rows.append((right, len(found), known, len(true)))
    return table(rows, 4)


def faithful_number_statistics(truth: Sequence[str], predicted: Sequence[str]) -> Floats:
    """Return `number_statistics` of texts and the sources that they are of, not of the references.

    Raises:
        DataError: when rows disagree in number, or a reference does not know its source (`Reference`).
    """
    if not all(isinstance(each, Reference) for each in truth):
        raise DataError("Expected references that know their sources, found plain texts.")
    return number_statistics([each.source for each in truth if isinstance(each, Reference)], predicted)


def number_precision(statistics: Floats, weights: Floats) -> float:
    """The share of the numbers in predictions that stand in the truth, from `number_statistics`; nan for none."""
    right, given, _, _ = weights @ statistics
    return float(right / given) if given else float("nan")


def number_recall(statistics: Floats, weights: Floats) -> float:
    """The share of the numbers of the truth that stand in predictions, from `number_statistics`; nan for none."""
    _, _, known, true = weights @ statistics
    return float(known / true) if true else float("nan")


def _read(match: re.Match[str], text: str) -> list[Number]:
    """Return the number of a match; several where commas part digits that are no groups of three."""
    grouped = _GROUPED.fullmatch(match["digits"])
    pieces = [match["digits"].replace(",", "")] if grouped else match["digits"].split(",")
    values = [Decimal(piece) for piece in pieces if _PLAIN.fullmatch(piece)]
    if len(pieces) > 1 or not values:
        return [Number(value=value.normalize(), percent=False) for value in values]
    value = values[0].scaleb(_SCALES[match["scale"].lower()] if match["scale"] else 0)
    value = value.scaleb(int(match["exponent"][1:]) if match["exponent"] else 0)
    negative = (match["sign"] or "+") != "+" or match["inner"] is not None or _in_brackets(match, text)
    percent = match["percent"] is not None or match["late"] is not None
    return [Number(value=(-value if negative else value).normalize(), percent=percent)]


def _in_brackets(match: re.Match[str], text: str) -> bool:
    """Whether a number is negative because it stands in brackets by itself."""
    if not (match["open"] and match["close"]):
        return False
    before = text[: match.start()]
    year = re.fullmatch(r"\((?:19|20)\d\d\)", match[0])
    starts_line = not before.rpartition("\n")[2].strip()
    return not year and not starts_line and not re.search(r"\w$", before)
