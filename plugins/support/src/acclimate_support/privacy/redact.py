"""Placeholders in place of what tells whom a message is of, the same for the same value all through a thread."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from acclimate.contracts import OptionError

from acclimate_support.privacy.numbers import Place, addresses, cards, ibans
from acclimate_support.privacy.phones import is_region, phones

# Where two of them overlap the earlier kind wins: an order's number may look like that of a phone.
KINDS = ("email", "iban", "card", "order", "ip", "phone", "name")
_INVISIBLE = re.compile("[\u00ad\u200b\u200c\u200d\u2060\ufeff]")
_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w])")
_PLACEHOLDER = re.compile(rf"<({'|'.join(kind.upper() for kind in KINDS)})_([0-9]{{1,9}})>")
_SHORTEST_NAME, _SHORTEST_UNCASED = 3, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted:
    """A text with placeholders, and how many values of each kind they stand for; the values are nowhere."""

    text: str
    counts: Mapping[str, int]


@dataclass(slots=True, kw_only=True)
class Redactor:
    """Redacts the messages of one thread: a value has the same placeholder in all of them.

    `names` are those of the people in the thread, as the source gives them. `orders` is a regular expression of order
    numbers; `region` the country whose national phone numbers are found.

        >>> thread = Redactor(names=("Ada Byron",))
        >>> thread.redact("I am Ada, write to ada@example.org. ada@example.org!").text
        'I am <NAME_1>, write to <EMAIL_1>. <EMAIL_1>!'

    Raises:
        OptionError: `orders` is no regular expression, or `region` no country.
    """

    names: Sequence[str] = ()
    orders: str = ""
    region: str = ""
    _known: dict[tuple[str, str], str] = field(init=False, default_factory=dict)
    _order: re.Pattern[str] | None = field(init=False, default=None)
    _name: re.Pattern[str] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        try:
            self._order = re.compile(self.orders) if self.orders else None
        except re.error as error:
            raise OptionError(
                f"orders is a regular expression, found {self.orders!r}: {error}.", r"Such as orders=ORD-\d+."
            ) from error
        if self._order and self._order.match(""):
            raise OptionError(f"orders matches nothing at all, found {self.orders!r}.", r"Such as orders=ORD-\d+.")
        if self.region and not is_region(self.region):
            raise OptionError(
                f"phones is a country in two capital letters, found {self.region!r}.", "Such as phones=DE."
            )
        self._name = _name_pattern(self.names)

    def names_only(self, text: str) -> str:
        """Return the text with placeholders for names, and all else as it is."""
        return self._replaced(text, ("name",)).text if self._name else text

    def redact(self, text: str) -> Redacted:
        """Return the text with placeholders; those that it has already stay as they are."""
        return self._replaced(_INVISIBLE.sub("", text), KINDS)

    def _replaced(self, text: str, kinds: Sequence[str]) -> Redacted:
        for kind, number in _PLACEHOLDER.findall(text):
            self._known.setdefault((kind.lower(), f"<{kind}_{number}>"), f"<{kind}_{number}>")
        counts: Counter[str] = Counter()
        pieces, at = [], 0
        for start, end, kind in _apart(text, self._found(text, kinds)):
            pieces += [text[at:start], self._placeholder(kind, text[start:end])]
            counts[kind] += 1
            at = end
        return Redacted(text="".join([*pieces, text[at:]]), counts=dict(counts))

    def _found(self, text: str, kinds: Sequence[str]) -> Iterator[tuple[int, int, str]]:
        digits = any(character.isdigit() for character in text)
        finders: dict[str, Iterator[Place]] = {}
        if "@" in text:
            finders["email"] = (match.span() for match in _EMAIL.finditer(text))
        if digits:
            finders |= {"iban": ibans(text), "card": cards(text), "phone": phones(text, self.region)}
        if digits or "::" in text:
            finders["ip"] = addresses(text)
        for kind, pattern in (("order", self._order), ("name", self._name)):
            if pattern:
                finders[kind] = (match.span() for match in pattern.finditer(text))
        for kind in kinds:
            for start, end in finders.get(kind, ()):
                if end > start:
                    yield start, end, kind

    def _placeholder(self, kind: str, value: str) -> str:
        key = kind, _same(kind, value)
        if key not in self._known:
            used = [int(each[len(kind) + 2 : -1]) for (of, _), each in self._known.items() if of == kind]
            self._known[key] = f"<{kind.upper()}_{max(used, default=0) + 1}>"
        return self._known[key]


def placeholders(text: str) -> Mapping[str, int]:
    """Return how many placeholders of each kind stand in a text."""
    return Counter(kind.lower() for kind, _ in _PLACEHOLDER.findall(text))


def found(text: str, *, orders: str = "", region: str = "") -> Mapping[str, int]:
    """Return how many values of each kind a text holds that are no placeholders: what a redacted text has leaked."""
    return Redactor(orders=orders, region=region).redact(text).counts


def _apart(text: str, places: Iterator[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Return places that do not overlap, in order; what comes first wins, and placeholders are left alone."""
    taken = bytearray(len(text))
    for match in _PLACEHOLDER.finditer(text):
        taken[match.start() : match.end()] = b"\1" * (match.end() - match.start())
    kept = []
    for start, end, kind in places:
        if not any(taken[start:end]):
            taken[start:end] = b"\1" * (end - start)
            kept.append((start, end, kind))
    return sorted(kept)


def _same(kind: str, value: str) -> str:
    """Return what two ways to write one value have in common."""
    if kind in ("iban", "card", "phone"):
        return re.sub(r"[^\w]", "", value).casefold()
    return " ".join(value.casefold().split())


def _name_pattern(names: Sequence[str]) -> re.Pattern[str] | None:
    """Return what finds whole names in any case, and their parts where they have a capital, as names in a text do."""
    whole = [" ".join(name.split()) for name in names if name.strip()]
    wanted = [rf"(?<!\w)(?i:{_spaced(name)})(?!\w)" for name in whole if " " in name]
    parts = {part for name in whole for part in re.split(r"[\s,]+", name)}
    for part in sorted(parts, key=lambda each: (-len(each), each)):
        if part.upper() == part.lower():  # a script without capitals may leave out spaces too
            wanted += [re.escape(part)] if len(part) >= _SHORTEST_UNCASED else []
        elif len(part) >= _SHORTEST_NAME:
            wanted.append(rf"(?<!\w)(?:{re.escape(part[:1].upper() + part[1:])}|{re.escape(part.upper())})(?!\w)")
    return re.compile("|".join(wanted)) if wanted else None


def _spaced(name: str) -> str:
    return r"\s{1,3}".join(re.escape(part) for part in name.split())
