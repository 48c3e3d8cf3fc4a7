"""What the form of a line says: whether a paragraph begins there, a heading, or an entry of a table of contents."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from acclimate_legal.documents import Document

_SENTENCE_END = (".", ":", ";", "!", "?", '"', "”", "’", ")", "؟", "。")
_LEADERS = re.compile(r"(?:\.[ .]{3,}|…+|\t| {3,})\s*(?:\d{1,4}|[ivxl]{1,6})$")
_CONTENTS = re.compile(
    r"(?:table of )?contents|index(?: of \w+)?|inhaltsverzeichnis|table des matières", re.IGNORECASE
)
_PAGED = re.compile(r"\S.*\s(?:\d{1,4}|[ivxl]{1,6})$")
_REFERS = re.compile(
    r"(?:\b(?:sections?|clauses?|articles?|paragraphs?|sub-?(?:section|clause|paragraph)s?|schedules?|exhibits?|annex"
    r"(?:es)?|appendix|rules?|items?|parts?|nos?\.|see)|§)$",
    re.IGNORECASE,
)
_CARRIES_ON = re.compile(
    r"(?:\b(?:and|or|to|of|in|under|by|with|the|than|from|at|is|per|through|until|on)|[,(/–—-])$"
)
APPENDIX = re.compile(
    r"(?P<name>(?:schedule|exhibit|annex|annexure|appendix|attachment|addendum)\s+"
    r"(?:[A-Z]{1,2}(?:-?\d{1,2})?|\d{1,3}(?:\.\d{1,2})?(?:\([A-Za-z]\))?|[IVXL]{1,6}))(?=$|[\s:.–—-])",
    re.IGNORECASE,
)
_SIGNED = re.compile(r"(?:IN WITNESS WHEREOF|AS WITNESS|EXECUTED (?:as|by)|SIGNED (?:by|for))\b", re.IGNORECASE)
_LONGEST_HEADING = 14
_SHORT = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class Forms:
    """The lines of a document with what their form says, each by its place."""

    document: Document
    texts: Sequence[str]
    width: int

    def begins(self, place: int) -> bool:
        """Return whether a paragraph begins with a line."""
        if place == 0 or self.document.flowing:
            return True
        before, line = self.document.lines[place - 1], self.document.lines[place]
        ends = self.texts[place - 1].endswith(_SENTENCE_END)
        between = self.document.text[before.end : line.start]
        if "\f" in between:
            return ends
        blank = between.replace("\r\n", "\n").count("\n") > 1
        short = before.end - before.start < self.width * _SHORT
        return blank or (short and ends) or self.heading(place - 1)

    def follows_sentence(self, place: int) -> bool:
        """Return whether the line before ends a sentence, or a part of one that a list may follow."""
        return place > 0 and self.texts[place - 1].endswith(_SENTENCE_END)

    def refers(self, place: int) -> bool:
        """Return whether a number at the begin of a line belongs to a word before it: "as set out in Section"."""
        return place > 0 and not self.document.flowing and _REFERS.search(self.texts[place - 1]) is not None

    def carries_on(self, place: int) -> bool:
        """Return whether the line before breaks off within a sentence."""
        return place > 0 and not self.document.flowing and _CARRIES_ON.search(self.texts[place - 1]) is not None

    def heading(self, place: int) -> bool:
        """Return whether a line without a number stands for itself in capitals, as headings do."""
        if self.document.lines[place].heading:
            return True
        text = self.texts[place]
        if not in_capitals(text) or text.endswith((",", ";", " AND", " OR")):
            return False
        return place == 0 or self.document.flowing or not self.carries_on(place)

    def appendix(self, place: int) -> str:
        """Return the name of the schedule, exhibit or annex that a line opens; "" for none."""
        found = APPENDIX.match(self.texts[place])
        if not found or self.carries_on(place) or self.refers(place):
            return ""
        rest = self.texts[place][found.end() :].strip(" :.–—-")
        alone = not rest or in_capitals(rest) or is_title(rest) or (rest[0] == "(" and len(rest.split()) < 8)
        stands_out = found["name"].isupper() or found["name"][0].isupper() or self.document.lines[place].heading
        return _named(found["name"]) if alone and stands_out else ""

    def signature(self, place: int) -> bool:
        """Return whether the signatures begin with a line."""
        return _SIGNED.match(self.texts[place]) is not None and self.begins(place)

    def in_contents(self) -> frozenset[int]:
        """Return the places of entries of tables of contents."""
        found = {place for place, line in enumerate(self.document.lines) if line.contents}
        place = 0
        while place < len(self.texts):
            if _CONTENTS.fullmatch(self.texts[place]):
                found.add(place)
                place += 1
                while place < len(self.texts) and (self._entry(place) or self._entry(place + 1)):
                    found.add(place)
                    place += 1
            elif _LEADERS.search(self.texts[place]) and self._dotted(place):
                found.add(place)
            place += 1
        return frozenset(found)

    def _entry(self, place: int) -> bool:
        return (
            place < len(self.texts) and len(self.texts[place]) < 150 and _PAGED.match(self.texts[place]) is not None
        )

    def _dotted(self, place: int) -> bool:
        """Return whether a line has dots up to its page number, or lines beside it are entries as well."""
        if re.search(r"\.[ .]{3,}|…", self.texts[place]):
            return True
        near = [other for other in (place - 1, place + 1) if 0 <= other < len(self.texts)]
        return any(_LEADERS.search(self.texts[other]) for other in near)


def forms_of(document: Document) -> Forms:
    """Return the forms of a document's lines."""
    texts = [document.text[line.start : line.end] for line in document.lines]
    lengths = sorted(map(len, texts))
    return Forms(document=document, texts=texts, width=lengths[len(lengths) * 9 // 10] if lengths else 0)


def in_capitals(text: str) -> bool:
    """Return whether a short text is in capitals and holds a word."""
    words = text.split()
    return (
        text.isupper() and len(words) <= _LONGEST_HEADING and any(sum(map(str.isalpha, word)) > 2 for word in words)
    )


def is_title(text: str) -> bool:
    """Return whether a short text is written as titles are: each longer word with a capital."""
    words = [word.strip("“”\"'’()[],;/") for word in text.split()]
    if not words or len(words) > _LONGEST_HEADING or not words[0][:1].isupper():
        return False
    return all(len(word) < 4 or word in _SMALL or not word[0].islower() for word in words if word)


_SMALL = frozenset(
    ("with", "from", "upon", "into", "over", "under", "after", "before", "between", "against", "within", "without")
)


def _named(name: str) -> str:
    word, _, rest = name.partition(" ")
    return f"{word.capitalize()} {rest.strip().upper() if len(rest.strip()) < 8 else rest.strip()}"
