"""Telephone numbers: international ones, those of a country that is named, and any that a word introduces."""

import re
from collections.abc import Iterator

import phonenumbers

from acclimate_support.privacy.numbers import Place

# Words before a number that say it is one to call, in some languages of Europe.
_SAID = re.compile(
    r"\b(?:tel|phone|telephone|cell|mobile|mob|call|text|ring|reach|fax|whatsapp|sms|telefon|handy|mobil|telefax|anruf"
    r"|téléphone|portable|appeler|appelez|teléfono|móvil|llamar|llame|telefono|cellulare|telefoon)"
    r"(?:s|ed|ing|e|en|number|nummer|nr)?\b"
    r"(?:[ .:]{1,3}(?:me|us|him|her|back|is|at|on|number|nr|no|unter|auf|mich|al|my)\b){0,4}[ .:#]{0,3}$",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"(?<![\w.,/-])\(?[0-9](?:[ ()./-]{0,2}[0-9]){6,14}(?![\w])(?!,[0-9])")
# Three, three and four digits with marks between them, as North America writes them.
_NORTH_AMERICAN = re.compile(r"(?<![\w.,/-])(?:\([0-9]{3}\) ?|[0-9]{3}[ .-])[0-9]{3}[ .-][0-9]{4}(?![\w-])")
_DATE = re.compile(
    r"(?:[0-9]{4}([./-])[0-9]{1,2}\1[0-9]{1,2}|[0-9]{1,2}([./-])[0-9]{1,2}\2(?:[0-9]{4}|[0-9]{2}))(?: .*)?"
)
_BEFORE = 60


def phones(text: str, region: str = "") -> Iterator[Place]:
    """Yield the places of telephone numbers; `region` is the country of national ones ("DE"), "" for none.

    A national number of another country is found where a word introduces it ("call me at"), or where it is written
    as North America writes them.
    """
    matches = phonenumbers.PhoneNumberMatcher(text, region or None, leniency=phonenumbers.Leniency.VALID)
    for match in matches:
        if not _DATE.fullmatch(match.raw_string):
            yield match.start, match.end
    for each in _NORTH_AMERICAN.finditer(text):
        yield each.span()
    for each in _DIGITS.finditer(text):
        if _SAID.search(text[max(0, each.start() - _BEFORE) : each.start()]) and not _DATE.fullmatch(each[0]):
            yield each.span()


def is_region(region: str) -> bool:
    """Return whether phone numbers of a country of this name are known."""
    return region in phonenumbers.SUPPORTED_REGIONS
