"""Legal text as a lawyer would retype it: the same words, figures and numbering, without the printed page."""

import re
import unicodedata

from acclimate_legal.furniture import without_furniture
from acclimate_legal.hyphens import joined_lines

_LINE_ENDS = re.compile("\r\n|[\r\v\x85\u2028\u2029]")
# Soft hyphen (with the line end that it explains), zero-width space, word joiner, byte order mark.
_INVISIBLE = re.compile("\u00ad[^\\S\n\f]*\n[^\\S\n\f]*|[\u00ad\u200b\u2060\ufeff]")
_HYPHENS = re.compile("[\u2010\u2011]")
_SPACES = re.compile(r"[^\S\n\f]")
_BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")


def normalise(text: str) -> str:
    """Return the text with its paragraphs on one line each and "\\n\\n" between them.

    Characters are composed (Unicode NFC); exotic spaces become plain ones, invisible ones go. Page furniture is
    dropped (see `acclimate_legal.furniture`) and words that a line end divided are rejoined (see
    `acclimate_legal.hyphens`). Section numbers, amounts, quotation marks and capitals stay as they are, and so
    does every digit outside page furniture. Doing it twice changes nothing.

        >>> normalise('4.2(b) "Fees" means the licen-\\nce\\u00a0fees.\\n\\nPage 3 of 12\\n')
        '4.2(b) "Fees" means the licence fees.'
    """
    # What one pass drops can leave another line between blank ones; each pass shortens the text or ends this.
    while (result := _pass(text)) != text:
        text = result
    return text


def _pass(text: str) -> str:
    text = without_furniture(_plain_characters(text))
    paragraphs = (" ".join(joined_lines(part).split()) for part in _BLANK_LINES.split(text))
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def _plain_characters(text: str) -> str:
    text = _INVISIBLE.sub("", _LINE_ENDS.sub("\n", text))
    return unicodedata.normalize("NFC", _HYPHENS.sub("-", _SPACES.sub(" ", text)))
