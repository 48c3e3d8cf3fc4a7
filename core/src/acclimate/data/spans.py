"""Labelled spans of texts: read from every form in which people keep them, checked, and listed where they are wrong.

A span is `(start, end, label)` in characters of its text, `end` the first one after it. Spans of a text may not
overlap.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, pairwise
from typing import Any

from acclimate.contracts import Columns, DataError, UnknownNameError, did_you_mean
from acclimate.data.cells import as_text, missing, place
from acclimate.data.columns import resolve
from acclimate.data.label_names import Naming
from acclimate.data.read.files import LINE, UNREADABLE, name_of
from acclimate.data.table import Reader

Span = tuple[int, int, str]

SPANS = "spans"
_HEAD = 1000
_SHOWN = 10
TOKENS = ("tokens", "words")
_TAGS = ("tags", "ner_tags", "labels", "label")
_USUAL = (SPANS, "entities", "ents", "annotations", "labels", "label")
_FIELDS = {"start": ("start", "start_offset", "start_char"), "end": ("end", "end_offset", "end_char")}
_TAG = re.compile(r"([BIESLUM])[-_](.+)", re.DOTALL)
_BEGINS, _ENDS = "BSU", "ESLU"
# What belongs to the character before it: joiners, variation selectors and the skin of emoji.
_JOINED = re.compile("[\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]")


def dump_spans(spans: Iterable[Span]) -> str:
    """Return spans as the text that a table keeps."""
    return json.dumps([list(span) for span in spans], ensure_ascii=False)


def load_spans(text: str) -> tuple[Span, ...]:
    """Return the spans that `dump_spans` wrote."""
    return tuple((start, end, label) for start, end, label in json.loads(text))


def with_spans(read: Reader, columns: Columns, naming: Naming, *, part: str = "") -> Reader:
    """Return a reader whose rows have a text under the name of its column, and `spans` as `dump_spans` writes them.

    Read are a text beside a list of spans, each `{"start", "end", "label"}` or `[start, end, label]` (as JSON in
    CSV), and lists of tokens beside lists of tags, which are joined by spaces. The column of spans or tags is the one
    that `columns.label` names, else one with a usual name; that of texts or tokens the one of `columns.text`. Spans
    have the labels that `naming` gives them. With `part` "train" each label that was named must occur.

    Raises:
        DataError: while it is read, for a column that is not there; at its end one error for all rows whose spans
            cannot be used, which it names with the reason.
        UnknownNameError: a named column does not exist.
    """

    def spanned(source: str) -> Iterator[dict[str, Any]]:
        rows = iter(read(source))
        head = list(islice(rows, _HEAD))
        names = list(dict.fromkeys(chain.from_iterable(row for row in head if UNREADABLE not in row)))
        form = _form(names, head, columns, name_of(source))
        bad: list[str] = []
        count = 0
        for count, row in enumerate(chain(head, rows), 1):
            where = place(int(row.get(LINE) or 0), count)
            given = as_text(row.get(columns.id or "id"))
            named = f"{given} ({where})" if given else where
            yield row if UNREADABLE in row else _converted(row, form, naming, named, bad)
        if bad:
            raise _unusable(bad, count, name_of(source), form)
        naming.check(name_of(source), form.marks, every=part == "train")

    return spanned


def joined(row: Mapping[str, Any], columns: Columns) -> dict[str, Any]:
    """Return a row to predict with the text of its tokens, where it has tokens and no text."""
    found = columns.text or next((name for name in TOKENS if isinstance(row.get(name), list | tuple)), "")
    tokens = row.get(found)
    if not isinstance(tokens, list | tuple) or (not columns.text and "text" in row):
        return dict(row)
    rest = {name: value for name, value in row.items() if name not in (found, *_TAGS)}
    return {**rest, columns.text or "text": " ".join(map(str, tokens))}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """Which columns hold the text or tokens and what is marked in them, and whether these are tokens."""

    content: str
    marks: str
    tokens: bool

    @property
    def text(self) -> str:
        """The name of the column that holds the text in the end."""
        return "text" if self.content in TOKENS else self.content


def _form(names: Sequence[str], head: Sequence[Mapping[str, Any]], columns: Columns, source: str) -> _Form:
    for name in (columns.text, columns.label):
        if name and name not in names:
            raise UnknownNameError(
                f"There is no column {name!r} in {source}; it has {', '.join(names)}.", did_you_mean(name, names)
            )
    listed = [name for name in names if any(isinstance(row.get(name), list | tuple) for row in head)]
    content = columns.text or ("" if "text" in names else next((name for name in TOKENS if name in listed), ""))
    tokens = bool(content) and content in listed
    usual = _TAGS if tokens else _USUAL
    marks = columns.label or next((name for name in usual if name in names and name != content), "")
    if not marks:
        raise DataError(
            f"No column of {source} is recognised as the {'tags' if tokens else 'spans'}; its columns are "
            f"{', '.join(name for name in names if name != LINE)}.",
            'Name it: label="COLUMN" (--label COLUMN). A row has "spans": [{"start": 0, "end": 4, "label": "ORG"}], '
            "or tokens beside tags.",
        )
    if not tokens:
        others = [name for name in names if name not in (marks, LINE)]
        named = replace(columns, label="", mask="")
        content = resolve(others, named, "text", labelled=False, keep=(), source=source).content
    return _Form(content=content, marks=marks, tokens=tokens)


def _converted(row: Mapping[str, Any], form: _Form, naming: Naming, where: str, bad: list[str]) -> dict[str, Any]:
    """Return a row with text and spans; what is wrong with it is added to `bad`."""
    rest = {name: value for name, value in row.items() if name != form.marks}
    if form.tokens:
        text, spans, reason = _of_tokens(rest.pop(form.content, None), row.get(form.marks))
        rest[form.text] = text
    else:
        found = row.get(form.content)
        text = found if isinstance(found, str) else as_text(found)
        spans, reason = _read(row.get(form.marks), text)
    if reason:
        bad.append(f"{where}: {reason}")
        spans = []
    return {**rest, SPANS: dump_spans((start, end, naming.name(label, where)) for start, end, label in spans)}


def _of_tokens(tokens: Any, tags: Any) -> tuple[str, list[Span], str]:
    if not isinstance(tokens, list | tuple) or not isinstance(tags, list | tuple):
        return "", [], "its tokens or tags are no list"
    words = [word if isinstance(word, str) else str(word) for word in tokens]
    if len(words) != len(tags):
        return "", [], f"it has {len(words):,} tokens and {len(tags):,} tags"
    empty = [number for number, word in enumerate(words, 1) if word != word.strip() or not word]
    if empty:
        return "", [], f"token {empty[0]} is {words[empty[0] - 1]!r}, which is empty or has spaces around it"
    strange = [tag for tag in tags if not isinstance(tag, str) or not tag.strip()]
    if strange:
        return "", [], f"the tag {strange[0]!r} is no name; give tags as text, such as B-ORG or O"
    return " ".join(words), spans_of_tags(words, tags), ""


def spans_of_tags(words: Sequence[str], tags: Sequence[str]) -> list[Span]:
    """Return the spans that tags mark in words joined by spaces, in any of the schemes IO, IOB1, BIO and BIOES.

    "O" is outside. A tag "B-ORG" begins a span of ORG; "I-ORG" goes on with the one before it, or begins one where
    that has another label or there is none; a tag without such a letter is a label by itself ("ORG").
    """
    spans: list[Span] = []
    start, open_label, at = 0, "", 0
    end = 0
    for word, tag in zip(words, tags, strict=True):
        found = _TAG.fullmatch(tag)
        letter, label = (found[1], found[2]) if found else ("I", "" if tag == "O" else tag)
        if open_label and (label != open_label or letter in _BEGINS):
            spans.append((start, end, open_label))
            open_label = ""
        if label and not open_label:
            start, open_label = at, label
        end = at + len(word)
        if open_label and letter in _ENDS:
            spans.append((start, end, open_label))
            open_label = ""
        at = end + 1
    return [*spans, (start, end, open_label)] if open_label else spans


def _read(value: Any, text: str) -> tuple[list[Span], str]:
    """Return the spans of a text in order, or why they cannot be used."""
    if missing(value):
        return [], "it has no spans, which is written [] where there are none"
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            return [], f"its spans are not JSON: {error}"
    if not isinstance(value, list | tuple):
        return [], f"its spans are a {type(value).__name__} and no list"
    spans: list[Span] = []
    for each in value:
        span, reason = _span(each, text)
        if reason:
            return [], reason
        spans.append(span)
    spans.sort()
    for one, other in pairwise(spans):
        if one == other:
            return [], f"the span {_shown(one, text)} stands there twice"
        if other[0] < one[1]:
            return [], f"the spans {_shown(one, text)} and {_shown(other, text)} overlap"
    return spans, ""


def _span(value: Any, text: str) -> tuple[Span, str]:
    none = (0, 0, "")
    if isinstance(value, Mapping):
        given = [next((value[key] for key in keys if key in value), None) for keys in _FIELDS.values()]
        label: Any = value.get("label", value.get("labels"))
        quoted = value.get("text")
    elif isinstance(value, list | tuple) and len(value) == 3:
        given, label, quoted = list(value[:2]), value[2], None
    else:
        return none, f"{value!r} is no span: write start, end and label"
    if isinstance(label, list | tuple) and len(label) == 1:
        label = label[0]
    if not isinstance(label, str) or not label.strip():
        return none, f"the span {given[0]} to {given[1]} has the label {label!r}, and one name was expected"
    if not all(isinstance(offset, int) and not isinstance(offset, bool) for offset in given):
        return none, f"the span {given[0]} to {given[1]} lies between characters: offsets are whole numbers"
    span = (int(given[0] or 0), int(given[1] or 0), label.strip())
    return span, _misplaced(span, text, quoted)


def _misplaced(span: Span, text: str, quoted: Any) -> str:
    """Return why a span cannot be where it is said to be, "" where it can."""
    start, end, label = span
    if not 0 <= start < end <= len(text):
        return f"the span {start} to {end} ({label}) is not inside the text of {len(text):,} characters"
    if isinstance(quoted, str) and quoted != text[start:end]:
        return f"the span {_shown(span, text)} is said to be {quoted!r}"
    if text[start].isspace() or text[end - 1].isspace():
        return f"the span {_shown(span, text)} begins or ends with white space"
    if any(at < len(text) and _goes_on(text[at - 1], text[at]) for at in (start, end) if at):
        return f"the span {_shown(span, text)} cuts a character in two"
    return ""


def _goes_on(before: str, after: str) -> bool:
    return bool(unicodedata.combining(after)) or bool(_JOINED.fullmatch(after)) or before == "\u200d"


def _shown(span: Span, text: str) -> str:
    start, end, label = span
    quoted = text[start:end] if end - start <= 40 else f"{text[start : start + 37]}..."
    return f"{start} to {end} ({label}, {quoted!r})"


def _unusable(bad: Sequence[str], count: int, source: str, form: _Form) -> DataError:
    rest = [f"and {len(bad) - _SHOWN:,} more"] if len(bad) > _SHOWN else []
    told = f"{len(bad):,} of {count:,} rows of {source} have spans in column {form.marks!r} that cannot be used:"
    return DataError(
        "\n  ".join([told, *bad[:_SHOWN], *rest]) + "\n",
        "Offsets count characters of the text from 0, the end is the first one after the span, and spans do not "
        "overlap. Correct them, or take the rows away.",
    )
