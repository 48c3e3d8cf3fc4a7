"""Legal text as a lawyer would retype it: the same words, figures and numbering, without the printed page."""

import re
import unicodedata

from acclimate_legal.furniture import without_furniture
from acclimate_legal.hyphens import with_words_rejoined

_LINE_ENDS = re.compile("\r\n|[\r\v\x85\u2028\u2029]")
# A soft hyphen with the line end that it explains, unless a paragraph ends there.
_SOFT_BREAK = re.compile("\u00ad[^\\S\n\f]*\n(?![^\\S\n\f]*(?:[\n\f]|$))[^\\S\n\f]*")
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")  # soft hyphen, zero-width space, word joiner, byte order mark
_HYPHENS = re.compile("[\u2010\u2011]")
_SPACES = re.compile(r"[^\S\n\f]")


def normalise(text: str) -> str:
    """Return the text with each paragraph on one line and "\\n\\n" between paragraphs.

    Characters are composed (Unicode NFC); exotic spaces become plain ones, invisible ones go. Page furniture is
    dropped (see `acclimate_legal.furniture`) and words that a line end divides are rejoined (see
    `acclimate_legal.hyphens`). Section numbers, amounts, quotation marks and capitals stay as they are, and so
    does every digit outside page furniture. Doing it twice changes nothing.

        >>> normalise('4.2(b) "Fees" means the licen-\\nce\\u00a0fees.\\n\\nPage 3 of 12\\n')
        '4.2(b) "Fees" means the licence fees.'
    """
    # What one pass drops can leave another line alone between blank ones, so passes go on until nothing changes.
    # They end: once the form feeds are gone, a pass shortens the text, turns line ends into spaces, or is the last.
    while (result := _pass(text)) != text:
        text = result
    return text


def _pass(text: str) -> str:
    text = with_words_rejoined(without_furniture(_with_plain_characters(text)))
    paragraphs = (" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def _with_plain_characters(text: str) -> str:
    text = _INVISIBLE.sub("", _SOFT_BREAK.sub("", _LINE_ENDS.sub("\n", text)))
    return unicodedata.normalize("NFC", _HYPHENS.sub("-", _SPACES.sub(" ", text)))
