"""Numbers at the begin of a line: what they may mean, before anything is known of those around them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# A number stands before a space, a line end, or the text itself where a bracket closed it: "(a)the".
_END = r"(?=\s|$)"
_DECIMAL = re.compile(
    rf"(?P<number>\d{{1,3}}(?:\.\d{{1,3}}){{1,5}})\.?(?P<rest>(?:\([0-9A-Za-z]{{1,5}}\))*)[:.]?{_END}"
)
_SINGLE = re.compile(rf"(?P<number>\d{{1,3}})(?:[.)]|\.\))(?P<rest>(?:\([0-9A-Za-z]{{1,5}}\))*){_END}")
_BARE = re.compile(r"(?P<number>\d{1,3})(?=\t| {2,}\S)")
_WORD = re.compile(
    r"(?P<word>section|sec\.|clause|paragraph|§|art\.|article|part|chapter|title)\s?(?P<number>\d{1,3}(?:\.\d{1,3}){0,5}"
    r"|[IVXLC]{1,7}|[A-Z](?![A-Za-z]))(?P<rest>(?:\([0-9A-Za-z]{1,5}\))*)[.:)]?(?=\s|$|[-–—])",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"\((?P<number>\d{1,3}|[a-z]{1,6}|[A-Z]{1,6}|[א-ת]|[ء-ي])\)")
_LETTER = re.compile(rf"(?P<number>[a-z]{{1,5}}|[A-Z]{{1,5}}|[א-ת])(?P<close>[.)]){_END}")
_INNER = re.compile(r"\(([0-9A-Za-z]{1,5})\)")
_ROMAN = re.compile(r"m{0,3}(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})")
_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
_ARTICLES = ("article", "art.", "part", "chapter", "title")
_HEBREW = "אבגדהוזחטיכלמנסעפצקרשת"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One part of a number, such as (a) of 7.2(a): the style that it is written in, and what it counts."""

    style: str
    value: int
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number at the begin of a line, `line[:end]`.

    `decimals` are the values of a decimal one, (7, 2) of "7.2(a)"; `steps` those of an article, letters and brackets
    after it, each with all that it may mean: "(i)" is a letter or a Roman one. `word` is what it is called by
    ("Section"). `closed` says that a bracket closes it: "1)".
    """

    label: str
    end: int
    word: str = ""
    decimals: tuple[int, ...] = ()
    closed: bool = False
    steps: tuple[tuple[Step, ...], ...] = ()


def number_at(line: str) -> Number | None:
    """Return the number that a line begins with, if it may be one."""
    return _word(line) or _decimal(line) or _simple(line)


def _word(line: str) -> Number | None:
    found = _WORD.match(line)
    if not found:
        return None
    word, number = found["word"].lower(), found["number"]
    inner = tuple(_inner(found["rest"]))
    if word in _ARTICLES:
        value = int(number) if number.isdecimal() else roman_value(number.lower())
        if value is None and len(number) == 1:
            value = ord(number.upper()) - ord("A") + 1
        if value is None:
            return None
        step = Step(style=_article(word), value=value, shown=number.upper())
        return Number(label=found[0], end=found.end(), word=word, steps=((step,), *inner))
    if not number[0].isdecimal():
        return None
    decimals = tuple(map(int, number.split(".")))
    return Number(label=found[0], end=found.end(), word=word, decimals=decimals, steps=inner)


def _article(word: str) -> str:
    return "article" if word.startswith("art") else word


def _decimal(line: str) -> Number | None:
    found = _DECIMAL.match(line) or _SINGLE.match(line) or _BARE.match(line)
    if not found:
        return None
    inner = tuple(_inner(found.groupdict().get("rest", "")))
    decimals = tuple(map(int, found["number"].split(".")))
    closed = len(decimals) == 1 and found[0].endswith(")") and not inner
    return Number(label=found[0], end=found.end(), decimals=decimals, closed=closed, steps=inner)


def _simple(line: str) -> Number | None:
    found = _BRACKETED.match(line)
    if found:
        steps = tuple(_inner(found[0]))
        end = found.end()
        while steps and (more := _BRACKETED.match(line, end)):  # "(a)(i)" opens both
            steps, end = (*steps, *_inner(more[0])), more.end()
        return Number(label=line[:end], end=end, steps=steps) if steps else None
    found = _LETTER.match(line)
    if found:
        means = tuple(_meanings(found["number"], "", found["close"]))
        return Number(label=found[0], end=found.end(), steps=(means,)) if means else None
    return None


def _inner(brackets: str) -> Iterator[tuple[Step, ...]]:
    for each in re.findall(r"\(([^()]{1,6})\)", brackets):
        means = tuple(_meanings(each, "(", ")"))
        if means:
            yield means


def _meanings(number: str, opening: str, closing: str) -> Iterator[Step]:
    """Yield what a number in brackets may count: a decimal, a letter, a Roman one."""
    shown = f"{opening}{number}{closing}" if opening else number
    if number.isdecimal():
        yield Step(style=f"{opening}1{closing}", value=int(number), shown=shown)
        return
    if number in _HEBREW:
        yield Step(style=f"{opening}א{closing}", value=_HEBREW.index(number) + 1, shown=shown)
        return
    small = number.lower()
    kind = "A" if number.isupper() else "a"
    if number not in (small, number.upper()):
        return
    if len(set(small)) == 1 and small.isascii():
        yield Step(
            style=f"{opening}{kind}{closing}", value=(len(small) - 1) * 26 + ord(small[0]) - ord("a") + 1, shown=shown
        )
    value = roman_value(small)
    if value is not None:
        yield Step(style=f"{opening}{'I' if kind == 'A' else 'i'}{closing}", value=value, shown=shown)


def roman_value(letters: str) -> int | None:
    """Return what a Roman number in small letters counts; None where it is none."""
    if not letters or not _ROMAN.fullmatch(letters):
        return None
    values = [_VALUES[letter] for letter in letters]
    return sum(-value if value < max(values[place:]) else value for place, value in enumerate(values))
