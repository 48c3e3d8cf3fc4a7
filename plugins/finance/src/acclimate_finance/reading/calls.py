"""Earnings calls as turns: who speaks, for whom, and whether in the prepared remarks or under questions."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from acclimate.contracts import DataError, OptionError

from acclimate_finance.reading.decoding import document_text
from acclimate_finance.reading.options import PARTS, ROLES, TURNS

_OPERATOR = re.compile(r"(?:conference )?(?:call )?(?:operator|moderator|coordinator|conference facilitator)", re.I)
_DASH = r"\s*(?:--+|[–—]|\s-\s)\s*"
_NAME = r"[^\W\d_a-z][\w.'’-]*(?:\s+(?:[^\W\d_a-z][\w.'’-]*|(?:de|van|von|der|la|al|bin)\b)){0,4}"
_TITLED = re.compile(rf"(?P<name>{_NAME}){_DASH}(?P<title>[^.?!]{{2,120}}?)\s*:?")
_ALONE = re.compile(rf"(?P<name>{_NAME})\s*:?")
_INLINE = re.compile(
    rf"(?P<name>{_NAME})(?:{_DASH}(?P<title>[^:.?!]{{2,120}}?)|\s*\((?P<aside>[^)]*)\))?\s*:\s+(?P<said>\S.*)"
)
_QUESTIONS = re.compile(r"\W*(?:questions?\s*(?:-?and-?|&|\s)\s*answers?|q\s*&\s*a)(?:\s+session)?\W*", re.I)
_PREPARED = re.compile(r"\W*(?:prepared remarks|presentation|opening remarks)\W*", re.I)
_FIRST_QUESTION = re.compile(r"\b(?:first|1st) question\b", re.I)
_OURS = re.compile(r"(?:company|corporate) participants|executives|management|company representatives", re.I)
_THEIRS = re.compile(r"(?:conference )?call participants|(?:other )?analysts|conference participants", re.I)
_ANALYST = re.compile(r"\banalyst|\bresearch\b", re.I)
_OFFICER = re.compile(
    r"\b(?:chief|c[efot]o|president|officer|chair\w*|treasurer|controller|secretary|founder|director|head of|vp|evp|"
    r"svp|investor relations|counsel|manager)\b",
    re.I,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one speaker says at a stretch, from `start` up to `end` in characters of the document.

    `role` is "operator", "management", "analyst" or, where nothing tells, "unknown"; `part` is "prepared" or
    "questions".
    """

    speaker: str
    title: str
    role: str
    part: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def call_rows(
    source: str, by: str = "turn", part: str = "", role: str = "", encoding: str = "auto"
) -> Iterator[dict[str, Any]]:
    """Yield the turns of a transcript in plain text, or by "paragraph" their paragraphs, or by "call" all as one.

    A turn begins with a line "Name -- Title", "Name - Title", "Operator", the name alone of a listed participant, or
    "Name: what is said". Questions begin under a heading that says so, or where the operator calls for the first
    one. Rows have `id`, `text`, `speaker`, `title`, `role`, `part`, `turn`, `start`, `end` (characters of
    the document) and `call`, the name of the file. `part` and `role` keep only turns of these. One text for the whole
    call has turns that follow each other on lines of their own, and no columns of a turn.

    Raises:
        DataError: the document cannot be read, fewer than two people speak in it, or no turn is left.
        OptionError: for an option that cannot work.
    """
    for name, value, known in (("by", by, TURNS), ("part", part, ("", *PARTS)), ("role", role, ("", *ROLES))):
        if value not in known:
            raise OptionError(f"{name} is {', '.join(filter(None, known))}, found {value!r}.", f"Leave {name} out.")
    path = Path(source)
    text = document_text(path, encoding)
    turns = [
        (number, turn)
        for number, turn in enumerate(turns_of(text, path.name), 1)
        if part in ("", turn.part) and role in ("", turn.role)
    ]
    if not turns:
        raise DataError(f"{path.name} has no turn of {' '.join(filter(None, (role, part)))}.", "Leave them out.")
    if by == "call":
        said = "\n".join(text[turn.start : turn.end] for _, turn in turns)
        yield {"id": path.name, "text": said, "call": path.name}
        return
    for number, turn in turns:
        for start, end in _paragraphs(text, turn) if by == "paragraph" else [(turn.start, turn.end)]:
            yield {
                "id": f"{path.name}:{number}:{start}-{end}",
                "text": text[start:end],
                "speaker": turn.speaker,
                "title": turn.title,
                "role": turn.role,
                "part": turn.part,
                "turn": number,
                "start": start,
                "end": end,
                "call": path.name,
            }


def turns_of(text: str, name: str) -> list[Turn]:
    """Return the turns of a transcript in order; what stands before the first speaker is in none.

    Raises:
        DataError: fewer than two people speak.
    """
    lines = list(_lines(text))
    listed = dict(_listed(lines))
    known = {*listed, *(found["name"] for line in lines if (found := _TITLED.fullmatch(line.text)))}
    # "Outlook: …" within a speech begins no turn where speakers stand on lines of their own.
    inline = not known
    turns: list[Turn] = []
    part, questions_told = "prepared", any(_QUESTIONS.fullmatch(line.text) for line in lines)
    titles: dict[str, str] = {}
    speaker, opened, said = "", False, list[_Line]()

    def closed() -> Iterator[Turn]:
        if opened and said:
            yield _turn(speaker, titles.get(speaker, ""), listed, part, said)

    for line in _after_lists(lines):
        if _QUESTIONS.fullmatch(line.text) or _PREPARED.fullmatch(line.text):
            turns += closed()
            said, part = [], "questions" if _QUESTIONS.fullmatch(line.text) else part
            continue
        begun = _speaker(line, known, inline=inline)
        if begun is None:
            said.append(line)
            continue
        turns += closed()
        speaker, title, rest = begun
        if title:
            titles.setdefault(speaker, title)
        opened, said = True, [rest] if rest else []
    turns += closed()
    if not questions_told:
        turns = _with_questions(text, turns)
    turns = _with_roles(turns)
    if len({turn.speaker for turn in turns}) < 2:
        raise DataError(
            f"{name} has turns of {len({turn.speaker for turn in turns})} speakers: no transcript that is known.",
            "A turn begins with a line such as 'Jane Doe -- Chief Executive Officer', 'Operator' or 'Jane Doe: …'.",
        )
    return turns


def _lines(text: str) -> Iterator[_Line]:
    at = 0
    for raw in text.splitlines(keepends=True):
        bare = raw.strip()
        if bare:
            yield _Line(text=bare, start=at + raw.index(bare[0]))
        at += len(raw)


def _listed(lines: Sequence[_Line]) -> Iterator[tuple[str, str]]:
    """Yield the participants that lists at the beginning name, with their role."""
    role = ""
    for line in lines:
        if _OURS.fullmatch(line.text.rstrip(" :")):
            role = "management"
        elif _THEIRS.fullmatch(line.text.rstrip(" :")):
            role = "analyst"
        elif role and (found := _TITLED.fullmatch(line.text)):
            yield found["name"], role
        else:
            role = ""


def _after_lists(lines: Sequence[_Line]) -> Iterator[_Line]:
    """Yield the lines that are in no list of participants."""
    listing = False
    for line in lines:
        if _OURS.fullmatch(line.text.rstrip(" :")) or _THEIRS.fullmatch(line.text.rstrip(" :")):
            listing = True
        elif not (listing and _TITLED.fullmatch(line.text)):
            listing = False
            yield line


def _speaker(line: _Line, known: set[str], *, inline: bool) -> tuple[str, str, _Line | None] | None:
    """Return who begins to speak with a line, with what title, and what is said in it; None where nobody does."""
    text = line.text
    if _OPERATOR.fullmatch(text.rstrip(" :")):
        return text.rstrip(" :"), "", None
    if len(text) <= 160 and (found := _TITLED.fullmatch(text)):
        return found["name"], found["title"].strip(), None
    if (found := _ALONE.fullmatch(text)) and found["name"] in known:
        return found["name"], "", None
    if found := _INLINE.fullmatch(text):
        title = (found["title"] or found["aside"] or "").strip()
        told = inline and (title or " " in found["name"])
        if not (told or found["name"] in known or _OPERATOR.fullmatch(found["name"])):
            return None
        return found["name"], title, _Line(text=found["said"], start=line.start + found.start("said"))
    return None


def _turn(speaker: str, title: str, listed: Mapping[str, str], part: str, said: Sequence[_Line]) -> Turn:
    if _OPERATOR.fullmatch(speaker):
        role = "operator"
    elif speaker in listed:
        role = listed[speaker]
    elif _ANALYST.search(title):
        role = "analyst"
    else:
        role = "management" if _OFFICER.search(title) else "unknown"
    return Turn(speaker=speaker, title=title, role=role, part=part, start=said[0].start, end=said[-1].end)


def _with_questions(text: str, turns: Sequence[Turn]) -> list[Turn]:
    """Return turns of a transcript without a heading for questions: they begin where the operator calls the first."""
    found, asked = [], False
    for turn in turns:
        asked = asked or (turn.role == "operator" and bool(_FIRST_QUESTION.search(text[turn.start : turn.end])))
        found.append(replace(turn, part="questions" if asked else "prepared"))
    return found


def _with_roles(turns: Sequence[Turn]) -> list[Turn]:
    """Return turns in which whoever speaks among the prepared remarks, and is no operator, is of the management."""
    ours = {turn.speaker for turn in turns if turn.part == "prepared" and turn.role in ("management", "unknown")}
    split = any(turn.part == "questions" for turn in turns)
    return [
        replace(turn, role="management") if split and turn.role == "unknown" and turn.speaker in ours else turn
        for turn in turns
    ]


def _paragraphs(text: str, turn: Turn) -> Iterator[tuple[int, int]]:
    for line in _lines(text[turn.start : turn.end]):
        yield turn.start + line.start, turn.start + line.end
