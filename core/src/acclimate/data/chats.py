"""Rows that are chats: messages, or a prompt and its response; each is checked before anything is computed."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acclimate.contracts import ROLES, Chat, Columns, DataError, Finding, Message, UnknownNameError, did_you_mean
from acclimate.data.cells import as_text, missing, place
from acclimate.data.read import LINE, UNREADABLE, name_of
from acclimate.data.stream import Row, stream, tolerant
from acclimate.data.table import Reader, load

if TYPE_CHECKING:
    import datasets

MESSAGES = "messages"
_TEXT, _SYSTEM, _LABEL = "text", "system", "chat"
# Usual names of the columns of a prompt and of its response, each with each.
_PROMPTS = ("prompt", "question", "instruction", "input", "query")
_RESPONSES = ("response", "completion", "answer", "output", "reply")
_HEAD = 1000
_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Which columns hold a chat: one with messages, or one with a prompt and one with the response, "" for none."""

    messages: str = ""
    prompt: str = ""
    response: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns whose values become messages."""
        return tuple(name for name in (self.messages, self.prompt, self.response, _SYSTEM) if name)


class _UnusableError(Exception):
    """Why a row is no chat."""


def load_chats(
    source: str,
    *,
    read: Reader,
    columns: Columns,
    cache: Path,
    part: str = "",
    drop: bool = False,
    usual_group: str = "",
    usual_times: Sequence[str] = (),
    keep: Sequence[str] = (),
    required: Sequence[str] = (),
) -> tuple["datasets.Dataset", tuple[Finding, ...]]:
    """Return the chats of a source as `load` gives rows, and what is to be told of those that were left out.

    `messages` holds each chat as JSON (`chat_of` reads it), `text` what its users say, by which rows are compared,
    and `label` the same word in every row. With `drop` rows that are no chats are left out instead of refused.

    A chat begins with a user, after a system prompt if there is one, and has an answer to learn from. Turns of one
    side that follow each other are one; what a user says last, without an answer, is left out.

    Raises:
        DataError: as `load`; for rows that are no chats, each named with the reason.
        UnknownNameError: a named column does not exist.
    """
    unusable: list[str] = []

    def rows(name: str) -> Iterator[dict[str, Any]]:
        count = 0
        for count, (row, found) in enumerate(_chats(name, read, columns, answered=True), 1):
            if isinstance(found, str):
                unusable.append(f"{as_text(row.get(columns.id or 'id')) or _where(row, count)}: {found}")
            else:
                yield _as_row(row, found)
        if unusable and (not drop or len(unusable) == count):
            raise _refused(unusable, count, name_of(source))

    table = load(
        source,
        read=rows,
        columns=_own(columns),
        modality="text",
        cache=cache,
        labelled=False,
        keep=keep,
        required=(MESSAGES, *required),
        usual_group=usual_group,
        usual_times=usual_times,
        part=part,
    )
    return table.add_column("label", [_LABEL] * len(table)), _left_out(unusable, len(table), name_of(source))


def stream_chats(source: str, *, read: Reader, columns: Columns) -> Iterator[Row]:
    """Yield the chats of a source to be answered, in its order: `content` holds messages, or `error` says why not.

    A response that is there already, and what an assistant says last, is left out: it is what is to be written.

    Raises:
        DataError: as `stream`.
        UnknownNameError: a named column does not exist.
    """

    def rows(name: str) -> Iterator[dict[str, Any]]:
        for row, found in _chats(name, tolerant(read), columns, answered=False):
            kept = {key: row[key] for key in (LINE, columns.id or "id") if key in row}
            yield {**kept, UNREADABLE: found} if isinstance(found, str) else _as_row(row, found)

    for row in stream(source, read=rows, columns=replace(_own(columns), text=MESSAGES), modality="text"):
        yield row if row.error else replace(row, content=chat_of(row.content))


def chat_of(text: str) -> tuple[Message, ...]:
    """Return the chat that JSON in the column `messages` holds."""
    return tuple(Message(**message) for message in json.loads(text))


def read_messages(given: Any, *, answered: bool) -> tuple[Message, ...]:
    """Return the messages of a list of `{"role", "content"}`; see `load_chats` for what they must be.

    Without `answered` the chat is to end with a user, whom nobody answered.

    Raises:
        DataError: why they are no chat.
    """
    try:
        return _checked(_listed(given), answered=answered)
    except _UnusableError as error:
        raise DataError(f"The messages are no chat: {error}.", _FORM) from error


_FORM = 'Write messages as [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}].'


def _own(columns: Columns) -> Columns:
    return Columns(text=_TEXT, group=columns.group, time=columns.time, id=columns.id)


def _chats(
    source: str, read: Reader, columns: Columns, *, answered: bool
) -> Iterator[tuple[dict[str, Any], tuple[Message, ...] | str]]:
    """Yield each row without its chat, and the chat or why it is none."""
    rows = iter(read(source))
    head = list(islice(rows, _HEAD))
    names = [name for name in dict.fromkeys(chain.from_iterable(head)) if name not in (LINE, UNREADABLE)]
    layout = _layout(names, columns, name_of(source), answered=answered) if names else Layout()
    for row in chain(head, rows):
        rest = {name: value for name, value in row.items() if name not in (*layout.columns, _TEXT)}
        if UNREADABLE in row:
            yield rest, str(row[UNREADABLE])
            continue
        try:
            yield rest, _checked(_messages(row, layout), answered=answered)
        except _UnusableError as error:
            yield rest, str(error)


def _as_row(row: Mapping[str, Any], messages: Chat) -> dict[str, Any]:
    plain = [{"role": message.role, "content": message.content} for message in messages]
    asked = "\n".join(message.content for message in messages if message.role == "user")
    return {**row, _TEXT: asked, MESSAGES: json.dumps(plain, ensure_ascii=False)}


def _layout(names: Sequence[str], columns: Columns, source: str, *, answered: bool) -> Layout:
    for name in (columns.prompt, columns.response):
        if name and name not in names:
            raise UnknownNameError(
                f"There is no column {name!r} in {source}; it has {', '.join(names)}.", did_you_mean(name, names)
            )
    if not columns.prompt and not columns.response and MESSAGES in names:
        return Layout(messages=MESSAGES)
    prompt = columns.prompt or _usual(names, _PROMPTS, "prompt", source)
    response = columns.response or _usual(names, _RESPONSES, "response", source)
    if not prompt or (answered and not response):
        lacking = "prompt" if not prompt else "response"
        raise DataError(
            f"No column of {source} is recognised as messages or as the {lacking}; its columns are "
            f"{', '.join(names)}.",
            f'Name it: {lacking}="COLUMN" in Python, --{lacking} COLUMN on the command line.',
        )
    return Layout(prompt=prompt, response=response if answered else "")


def _usual(names: Sequence[str], usual: Sequence[str], what: str, source: str) -> str:
    exact = [name for name in names if name.lower() == what]
    found = exact or [name for name in names if name.lower() in usual]
    if len(found) > 1:
        raise DataError(
            f"More than one column of {source} may hold the {what}: {', '.join(found)}.",
            f'Name it: {what}="{found[0]}" in Python, --{what} {found[0]} on the command line.',
        )
    return found[0] if found else ""


def _messages(row: Mapping[str, Any], layout: Layout) -> list[Message]:
    if layout.messages:
        found = _listed(row.get(layout.messages))
    else:
        found = [Message(role="user", content=_said(row.get(layout.prompt), "the prompt"))]
        if layout.response:
            found.append(Message(role="assistant", content=_said(row.get(layout.response), "the response")))
    system = row.get(_SYSTEM)
    if missing(system):
        return found
    if any(message.role == "system" for message in found):
        raise _UnusableError("it has a system prompt among its messages and another beside them")
    return [Message(role="system", content=_said(system, "the system prompt")), *found]


def _listed(given: Any) -> list[Message]:
    if isinstance(given, str) and given.lstrip().startswith("["):
        try:
            given = json.loads(given)
        except ValueError as error:
            raise _UnusableError("its messages are no valid JSON") from error
    if not isinstance(given, list | tuple) or not given:
        raise _UnusableError("it has no messages")
    return [_message(each, number) for number, each in enumerate(given, 1)]


def _message(given: Any, number: int) -> Message:
    if isinstance(given, Message):
        return given
    if not isinstance(given, Mapping) or "role" not in given or "content" not in given:
        raise _UnusableError(f"message {number} has no role and content")
    role = given["role"]
    if role not in ROLES:
        raise _UnusableError(f"message {number} is by {role!r}, and roles are {', '.join(ROLES)}")
    return Message(role=role, content=_said(given["content"], f"message {number}"))


def _said(value: Any, what: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _UnusableError(f"{what} is no text: {str(value)[:40]!r}")
    return value.strip()


def _checked(messages: Sequence[Message], *, answered: bool) -> tuple[Message, ...]:
    """Return the turns of a chat, joined where one side goes on."""
    for number, message in enumerate(messages, 1):
        if message.role == "system" and number > 1:
            raise _UnusableError(f"message {number} is a system prompt, which only the first may be")
        if not message.content:
            raise _UnusableError(f"what the {message.role} says in message {number} is empty")
    turns = _joined(messages)
    while turns and turns[-1].role == ("user" if answered else "assistant"):
        turns.pop()
    sides = {turn.role for turn in turns}
    if "user" not in sides:
        raise _UnusableError("no user says anything that is answered" if answered else "no user says anything")
    if answered and "assistant" not in sides:
        raise _UnusableError("no assistant answers")
    if turns[turns[0].role == "system"].role != "user":
        raise _UnusableError("it begins with the assistant")
    return tuple(turns)


def _joined(messages: Iterable[Message]) -> list[Message]:
    turns: list[Message] = []
    for message in messages:
        if turns and turns[-1].role == message.role:
            turns[-1] = replace(turns[-1], content=f"{turns[-1].content}\n\n{message.content}")
        else:
            turns.append(message)
    return turns


def _where(row: Mapping[str, Any], count: int) -> str:
    return place(int(row.get(LINE) or 0), count)


def _refused(unusable: Sequence[str], count: int, source: str) -> DataError:
    return DataError(
        f"{len(unusable):,} of {count:,} rows of {source} are no chats to learn from:\n  {_told(unusable)}\n",
        "Mend them, or leave them out: bad_rows='drop' (--bad-rows drop).",
    )


def _left_out(unusable: Sequence[str], kept: int, source: str) -> tuple[Finding, ...]:
    if not unusable:
        return ()
    message = f"{len(unusable):,} of {kept + len(unusable):,} rows of {source} are no chats and were left out: "
    details = {"rows": len(unusable), "examples": list(unusable[:_SHOWN])}
    return (Finding(code="chats-left-out", message=message + "; ".join(unusable[:3]) + ".", details=details),)


def _told(reasons: Sequence[str]) -> str:
    rest = [f"and {len(reasons) - _SHOWN:,} more"] if len(reasons) > _SHOWN else []
    return "\n  ".join([*reasons[:_SHOWN], *rest])


Prepare = Callable[[str], str]


def prepared_chat(messages: Chat, prepare: Prepare | None) -> tuple[Message, ...]:
    """Return a chat with each content as a preparation leaves it."""
    if prepare is None:
        return tuple(messages)
    return tuple(replace(message, content=prepare(message.content)) for message in messages)
