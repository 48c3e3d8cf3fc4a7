"""Rows that are chats: messages, or a prompt and its response; each is checked before anything is computed."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acclimate.contracts import Chat, Columns, DataError, Finding, Message, UnknownNameError, did_you_mean
from acclimate.data.cells import missing
from acclimate.data.read import LINE, UNREADABLE, name_of
from acclimate.data.stream import Row, stream, tolerant
from acclimate.data.table import Reader
from acclimate.data.turns import UnusableError, checked, listed, said
from acclimate.data.usable import TEXT, load_usable, own_columns

if TYPE_CHECKING:
    import datasets

MESSAGES = "messages"
SYSTEM = "system"
# Usual names of the columns of a prompt and of its response, each with each.
PROMPTS = ("prompt", "question", "instruction", "input", "query")
RESPONSES = ("response", "completion", "answer", "output", "reply")
_HEAD = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Which columns hold a chat: one with messages, or one with a prompt and one with the response, "" for none."""

    messages: str = ""
    prompt: str = ""
    response: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns whose values become messages."""
        return tuple(name for name in (self.messages, self.prompt, self.response, SYSTEM) if name)


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

    def usable(name: str) -> Iterator[tuple[Mapping[str, Any], dict[str, Any] | str]]:
        for row, found in _chats(name, read, columns, answered=True):
            yield row, found if isinstance(found, str) else as_row(row, found)

    return load_usable(
        source,
        usable,
        what="chats",
        columns=columns,
        cache=cache,
        part=part,
        drop=drop,
        usual_group=usual_group,
        usual_times=usual_times,
        keep=keep,
        required=(MESSAGES, *required),
    )


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
            yield {**kept, UNREADABLE: found} if isinstance(found, str) else as_row(row, found)

    for row in stream(source, read=rows, columns=replace(own_columns(columns), text=MESSAGES), modality="text"):
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
        return checked(listed(given), answered=answered)
    except UnusableError as error:
        raise DataError(f"The messages are no chat: {error}.", _FORM) from error


_FORM = 'Write messages as [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}].'


def _chats(
    source: str, read: Reader, columns: Columns, *, answered: bool
) -> Iterator[tuple[dict[str, Any], tuple[Message, ...] | str]]:
    """Yield each row without its chat, and the chat or why it is none."""
    rows = iter(read(source))
    head = list(islice(rows, _HEAD))
    names = [name for name in dict.fromkeys(chain.from_iterable(head)) if name not in (LINE, UNREADABLE)]
    layout = _layout(names, columns, name_of(source), answered=answered) if names else Layout()
    for row in chain(head, rows):
        rest = {name: value for name, value in row.items() if name not in (*layout.columns, TEXT)}
        if UNREADABLE in row:
            yield rest, str(row[UNREADABLE])
            continue
        try:
            yield rest, checked(_messages(row, layout), answered=answered)
        except UnusableError as error:
            yield rest, str(error)


def as_row(row: Mapping[str, Any], messages: Chat) -> dict[str, Any]:
    """Return a row with a chat as JSON in place of its columns, and what its users say as the text."""
    plain = [{"role": message.role, "content": message.content} for message in messages]
    asked = "\n".join(message.content for message in messages if message.role == "user")
    return {**row, TEXT: asked, MESSAGES: json.dumps(plain, ensure_ascii=False)}


def _layout(names: Sequence[str], columns: Columns, source: str, *, answered: bool) -> Layout:
    for name in (columns.prompt, columns.response):
        if name and name not in names:
            raise UnknownNameError(
                f"There is no column {name!r} in {source}; it has {', '.join(names)}.", did_you_mean(name, names)
            )
    if not columns.prompt and not columns.response and MESSAGES in names:
        return Layout(messages=MESSAGES)
    prompt = columns.prompt or usual_column(names, PROMPTS, "prompt", source)
    response = columns.response or usual_column(names, RESPONSES, "response", source)
    if not prompt or (answered and not response):
        lacking = "prompt" if not prompt else "response"
        raise DataError(
            f"No column of {source} is recognised as messages or as the {lacking}; its columns are "
            f"{', '.join(names)}.",
            f'Name it: {lacking}="COLUMN" in Python, --{lacking} COLUMN on the command line.',
        )
    return Layout(prompt=prompt, response=response if answered else "")


def usual_column(names: Sequence[str], usual: Sequence[str], what: str, source: str) -> str:
    """Return the column of that name, else the one with a usual name; "" where there is none.

    Raises:
        DataError: there are several.
    """
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
        found = listed(row.get(layout.messages))
    else:
        found = [Message(role="user", content=said(row.get(layout.prompt), "the prompt"))]
        if layout.response:
            found.append(Message(role="assistant", content=said(row.get(layout.response), "the response")))
    return with_system(row, found)


def with_system(row: Mapping[str, Any], messages: Sequence[Message]) -> list[Message]:
    """Return messages behind the system prompt that a row has beside them, if it has one.

    Raises:
        UnusableError: there is one among them too.
    """
    system = row.get(SYSTEM)
    if missing(system):
        return list(messages)
    if any(message.role == "system" for message in messages):
        raise UnusableError("it has a system prompt among its messages and another beside them")
    return [Message(role="system", content=said(system, "the system prompt")), *messages]


Prepare = Callable[[str], str]


def prepared_chat(messages: Chat, prepare: Prepare | None) -> tuple[Message, ...]:
    """Return a chat with each content as a preparation leaves it."""
    if prepare is None:
        return tuple(messages)
    return tuple(replace(message, content=prepare(message.content)) for message in messages)
