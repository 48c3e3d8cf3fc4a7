"""Numbers that carry their own check: bank accounts, cards and addresses of computers. Amounts have none."""

import ipaddress
import re
from collections.abc import Iterator, Sequence

Place = tuple[int, int]

# How long an IBAN of each country is (SWIFT IBAN Registry).
_IBAN_LENGTHS = {
    **dict.fromkeys(("NO",), 15),
    **dict.fromkeys(("BE",), 16),
    **dict.fromkeys(("DK", "FI", "FO", "GL", "NL"), 18),
    **dict.fromkeys(("MK", "SI"), 19),
    **dict.fromkeys(("AT", "BA", "EE", "KZ", "LT", "LU", "XK"), 20),
    **dict.fromkeys(("CH", "HR", "LI", "LV"), 21),
    **dict.fromkeys(("BG", "BH", "CR", "DE", "GB", "GE", "IE", "ME", "RS", "VA"), 22),
    **dict.fromkeys(("AE", "GI", "IL", "IQ", "TL"), 23),
    **dict.fromkeys(("AD", "CZ", "ES", "MD", "PK", "RO", "SA", "SE", "SK", "TN", "VG"), 24),
    **dict.fromkeys(("PT", "ST"), 25),
    **dict.fromkeys(("IS", "TR"), 26),
    **dict.fromkeys(("FR", "GR", "IT", "MC", "MR", "SM"), 27),
    **dict.fromkeys(("AL", "AZ", "BY", "CY", "DO", "GT", "HU", "LB", "PL", "SV"), 28),
    **dict.fromkeys(("BR", "EG", "PS", "QA", "UA"), 29),
    **dict.fromkeys(("JO", "KW", "MU"), 30),
    **dict.fromkeys(("MT", "SC"), 31),
    "LC": 32,
}
_IBAN = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{2})[0-9]{2}(?=[ -]?[A-Za-z0-9])")
_DIGITS = re.compile(r"(?<![0-9A-Za-z])(?<![0-9][.,])[0-9](?:[ -]?[0-9]){11,}(?![0-9A-Za-z])(?![.,][0-9])")
_LONGEST_CARD = 19
_SHORTEST_PART = 15  # in a longer run of digits a shorter number may be one by chance
_IPV4 = re.compile(r"(?<![\w.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w])(?!\.[0-9])")
_IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:(?:\.[0-9]{1,3}){3})?(?![\w:])")
# Four numbers with dots are a version where one of these stands before them.
_VERSION = re.compile(r"(?:\bv|\bver|version|firmware|build|release|update)[ .:#]{0,3}$", re.IGNORECASE)
_GROUPS_OF_IPV6 = 3  # "::1" and "a::b" are of no one


def ibans(text: str) -> Iterator[Place]:
    """Yield the places of bank account numbers: right length for their country, and ISO 7064 check digits."""
    for match in _IBAN.finditer(text):
        length = _IBAN_LENGTHS.get(match[1].upper())
        end = _end(text, match.start(), length) if length else None
        if end is None or text[end : end + 1].isalnum():
            continue
        number = re.sub("[ -]", "", text[match.start() : end]).upper()
        if int("".join(str(int(each, 36)) for each in number[4:] + number[:4])) % 97 == 1:
            yield match.start(), end


def cards(text: str) -> Iterator[Place]:
    """Yield the places of payment card numbers: an issuer's first digits and length, and Luhn's check digit."""
    for match in _DIGITS.finditer(text):
        groups = [
            (match.start() + each.start(), match.start() + each.end()) for each in re.finditer("[0-9]+", match[0])
        ]
        first = 0
        while first < len(groups):  # a date or an amount may stand right before or after it
            last = _last_of_card(text, groups, first)
            if last is not None:
                yield groups[first][0], groups[last][1]
            first = first + 1 if last is None else last + 1


def addresses(text: str) -> Iterator[Place]:
    """Yield the places of IP addresses, version 4 and 6."""
    for match in _IPV4.finditer(text):
        parts = match[0].split(".")
        before = text[max(0, match.start() - 12) : match.start()]
        if all(int(part) <= 255 for part in parts) and not _VERSION.search(before):
            yield match.span()
    for match in _IPV6.finditer(text):
        if len([part for part in match[0].split(":") if part]) >= _GROUPS_OF_IPV6 and _is_address(match[0]):
            yield match.span()


def luhn(number: str) -> bool:
    """Return whether digits end with the check digit of ISO/IEC 7812-1."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled - 9 * (doubled > 9)
    return total % 10 == 0


def _end(text: str, start: int, length: int) -> int | None:
    """Return where so many letters and digits from a place on end, whatever single marks stand between them."""
    at = start
    while length:
        if at >= len(text) or not (text[at].isascii() and (text[at].isalnum() or text[at] in " -")):
            return None
        length -= text[at].isalnum()
        at += 1
    return at


def _last_of_card(text: str, groups: Sequence[Place], first: int) -> int | None:
    """Return the group of digits that a card number ends with which begins with another group."""
    number = ""
    for last in range(first, len(groups)):
        number += text[slice(*groups[last])]
        if len(number) > _LONGEST_CARD:
            return None
        whole = first == 0 and last == len(groups) - 1
        if (whole or len(number) >= _SHORTEST_PART) and _issued(number) and luhn(number):
            return last
    return None


def _issued(number: str) -> bool:
    """Return whether an issuer gives out cards with these first digits and this length (ISO/IEC 7812)."""
    two, three, four = int(number[:2]), int(number[:3]), int(number[:4])
    length = len(number)
    return (
        (number[0] == "4" and length in (13, 16, 19))  # Visa
        or ((51 <= two <= 55 or 2221 <= four <= 2720) and length == 16)  # Mastercard
        or (two in (34, 37) and length == 15)  # American Express
        or ((four == 6011 or two == 65 or 644 <= three <= 649) and 16 <= length <= 19)  # Discover
        or (3528 <= four <= 3589 and 16 <= length <= 19)  # JCB
        or ((300 <= three <= 305 or two in (36, 38, 39)) and 14 <= length <= 19)  # Diners Club
        or (two == 62 and 16 <= length <= 19)  # UnionPay
        or (two in (50, 56, 57, 58, 63, 67, 69) and 12 <= length <= 19)  # Maestro
    )


def _is_address(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True
