"""HTML as plain text: what a reader of a message sees, without what is quoted and what is hidden."""

import re
from collections.abc import Iterator
from typing import Any

from bs4 import BeautifulSoup
from bs4.element import CData, NavigableString

# A message beyond this is cut: whole logs are pasted into tickets, and what a customer wants stands before them.
LONGEST = 100_000
_MARKUP = re.compile(
    r"</?(?:html|body|head|div|p|br|span|table|tr|td|a|ul|ol|li|blockquote|b|i|u|strong|em|h[1-6]|img|font|pre)\b[^<>]*>",
    re.IGNORECASE,
)
# What begins a line of its own, and what stands apart by an empty one.
_LINES = ("address", "dd", "div", "dt", "figure", "footer", "form", "header", "li", "main", "nav", "section", "tr")
_PARAGRAPHS = (
    "article",
    "aside",
    "blockquote",
    "dl",
    "fieldset",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "ol",
    "p",
)
_BLOCKS = {**dict.fromkeys(_LINES, "\x1e"), **dict.fromkeys((*_PARAGRAPHS, "pre", "table", "ul"), "\x1d")}
_UNSEEN = ("head", "script", "style", "template", "noscript", "title", "svg")
# What mail programs put around the message that is answered, and around signatures.
_QUOTED = (
    "blockquote, .gmail_quote, .gmail_attr, .gmail_extra, .yahoo_quoted, .moz-cite-prefix, .protonmail_quote, "
    "#divRplyFwdMsg, #divRplyFwdMsg ~ *, #appendonsend ~ *, #mail-editor-reference-message-container"
)
_HIDDEN = "[hidden], [style*='display:none'], [style*='display: none']"
_SIGNED = ".gmail_signature, .moz-signature, .signature, #Signature, #ms-outlook-mobile-signature, [data-smartmail]"


def is_markup(text: str) -> bool:
    """Return whether a text has tags of HTML."""
    return _MARKUP.search(text) is not None


def plain(text: str, *, quotes: bool = False) -> str:
    """Return what a reader sees of a text in HTML, a block a line; `quotes` keeps what is quoted and signed."""
    soup = BeautifulSoup(text[:LONGEST], "html.parser")
    unseen = _HIDDEN if quotes else f"{_HIDDEN}, {_QUOTED}, {_SIGNED}"
    seen = "".join(_pieces(soup, {id(tag) for tag in soup.select(unseen)}))
    seen = re.sub(r"[ \x1e]*\x1d[ \x1e\x1d]*", "\n\n", seen)
    return tidy(re.sub(r" *\x1e[ \x1e]*", "\n", seen))


def _pieces(soup: BeautifulSoup, dropped: set[int]) -> Iterator[str]:
    """Yield the texts of a page with a mark where a block begins or ends; by a stack, since tags may nest deeply."""
    waiting: list[Any] = [soup]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str) and not isinstance(node, NavigableString):
            yield node  # the mark of a block that ends here
        elif isinstance(node, NavigableString):
            if type(node) in (NavigableString, CData):
                as_written = node.parent is not None and node.parent.name in ("pre", "code")
                yield node if as_written else re.sub(r"\s+", " ", node)
        elif id(node) not in dropped and node.name not in _UNSEEN:
            mark = _BLOCKS.get(node.name, "")
            yield "\n" if node.name == "br" else mark
            waiting.append(" " if node.name in ("td", "th") else mark)
            waiting.extend(reversed(node.contents))


def tidy(text: str) -> str:
    """Return a text with one space between words, and at most one empty line between lines."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
