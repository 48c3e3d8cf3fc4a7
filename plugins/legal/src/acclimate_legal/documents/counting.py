"""Numbers as word processors write them: 3, c, C, iii, III, third."""

from collections.abc import Callable, Mapping

_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"))
_SMALL = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")
_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
# Beyond these a word processor shows letters and Roman numbers of absurd length.
_MOST = 32_767


def shown(number: int, style: str) -> str:
    """Return a number in a style of OOXML (ST_NumberFormat); styles that are not known are decimal.

    >>> [shown(28, style) for style in ("decimal", "lowerLetter", "upperRoman", "decimalZero", "cardinalText")]
    ['28', 'bb', 'XXVIII', '28', 'Twenty-eight']
    """
    if style in ("none", "bullet"):
        return ""
    if not 0 <= number <= _MOST:
        return str(number)
    return _STYLES.get(style, str)(number)


def roman(number: int) -> str:
    """Return a Roman number in small letters; "0" for none."""
    written = ""
    for value, letters in _ROMAN:
        written += letters * (number // value)
        number %= value
    return written + _SMALL[number] or "0"


def letters(number: int) -> str:
    """Return a to z, then aa, bb, … as word processors do (§17.18.59 of ECMA-376, lowerLetter)."""
    if number == 0:
        return ""
    return chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)


def cardinal(number: int) -> str:
    """Return a number in English words, from 0 to 999; digits above."""
    if number < 20:
        return _ONES[number]
    if number < 100:
        return _TENS[number // 10] + (f"-{_ONES[number % 10]}" if number % 10 else "")
    if number < 1000:
        rest = f" {cardinal(number % 100)}" if number % 100 else ""
        return f"{_ONES[number // 100]} hundred{rest}"
    return str(number)


def ordinal(number: int) -> str:
    """Return 1st, 2nd, 3rd, 4th, …, 11th, …."""
    teen = number % 100 in (11, 12, 13)
    return f"{number}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def ordinal_words(number: int) -> str:
    """Return first, second, …, in English words, from 0 to 999; digits above."""
    words = cardinal(number)
    if words.isdecimal():
        return ordinal(number)
    at = max(words.rfind("-"), words.rfind(" ")) + 1
    last = words[at:]
    return words[:at] + _ORDINALS.get(last, last[:-1] + "ieth" if last.endswith("y") else last + "th")


_STYLES: Mapping[str, Callable[[int], str]] = {
    "decimal": str,
    "decimalZero": lambda number: f"{number:02d}",
    "lowerLetter": letters,
    "upperLetter": lambda number: letters(number).upper(),
    "lowerRoman": roman,
    "upperRoman": lambda number: roman(number).upper(),
    "ordinal": ordinal,
    "cardinalText": lambda number: cardinal(number).capitalize(),
    "ordinalText": lambda number: ordinal_words(number).capitalize(),
}
