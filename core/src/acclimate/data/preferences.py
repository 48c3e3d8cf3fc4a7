"""Rows of preferences: two replies to one question, of which one is chosen, or one reply that is approved or not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acclimate.contracts import Columns, DataError, Finding, Message, UnknownNameError, did_you_mean
from acclimate.data.cells import as_text, missing
from acclimate.data.chats import MESSAGES, PROMPTS, RESPONSES, SYSTEM, as_row, usual_column, with_system
from acclimate.data.read import LINE, UNREADABLE, name_of
from acclimate.data.table import Reader
from acclimate.data.turns import UnusableError, checked, listed, said
from acclimate.data.usable import TEXT, load_usable

if TYPE_CHECKING:
    import datasets

CHOSEN, REJECTED, REPLY, APPROVED = "chosen", "rejected", "reply", "approved"
_APPROVALS = ("approved", "approval", "label", "thumbs_up")
_YES, _NO = ("true", "1", "yes", "up", "good", "approved"), ("false", "0", "no", "down", "bad", "rejected")
_HEAD = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Which columns hold what: `prompt` a text or messages, then two replies, or one and whether it is approved."""

    prompt: str
    chosen: str = ""
    rejected: str = ""
    reply: str = ""
    approved: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.prompt, self.chosen, self.rejected, self.reply, self.approved, SYSTEM, TEXT)


def load_preferences(
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
) -> tuple["datasets.Dataset", tuple[Finding, ...]]:
    """Return the preferences of a source as `load` gives rows, and what is to be told of those that were left out.

    `messages` holds as JSON the chat that is replied to, which ends with a user, and `text` what its users say.
    Replies are in `chosen` and `rejected`, or in `reply` with "yes" or "no" in `approved`. With `drop` rows that
    cannot be learned from are left out instead of refused.

    Raises:
        DataError: as `load`; for rows that are no preferences, each named with the reason.
        UnknownNameError: a named column does not exist.
    """
    pairs = _is_of_pairs(source, read, columns)

    def usable(name: str) -> Iterator[tuple[Mapping[str, Any], dict[str, Any] | str]]:
        rows = iter(read(name))
        head = list(islice(rows, _HEAD))
        layout = _layout(_names(head), columns, name_of(source))
        for row in chain(head, rows):
            yield row, _usable(row, layout)

    return load_usable(
        source,
        usable,
        what="preferences",
        columns=columns,
        cache=cache,
        part=part,
        drop=drop,
        usual_group=usual_group,
        usual_times=usual_times,
        keep=keep,
        required=(MESSAGES, *((CHOSEN, REJECTED) if pairs else (REPLY, APPROVED))),
    )


def _is_of_pairs(source: str, read: Reader, columns: Columns) -> bool:
    head = list(islice(iter(read(source)), _HEAD))
    return bool(_layout(_names(head), columns, name_of(source)).chosen)


def _names(head: Sequence[Mapping[str, Any]]) -> list[str]:
    return [name for name in dict.fromkeys(chain.from_iterable(head)) if name not in (LINE, UNREADABLE)]


def _layout(names: Sequence[str], columns: Columns, source: str) -> _Layout:
    if not names:  # nothing can be read, which `load` says
        return _Layout(prompt="", reply=REPLY)
    for name in (columns.prompt, columns.response, columns.chosen, columns.rejected, columns.approved):
        if name and name not in names:
            raise UnknownNameError(
                f"There is no column {name!r} in {source}; it has {', '.join(names)}.", did_you_mean(name, names)
            )
    chosen, rejected = columns.chosen or _plain(names, CHOSEN), columns.rejected or _plain(names, REJECTED)
    prompt = columns.prompt or (MESSAGES if MESSAGES in names else usual_column(names, PROMPTS, "prompt", source))
    if chosen and rejected:
        return _Layout(prompt=prompt, chosen=chosen, rejected=rejected)
    approved = columns.approved or usual_column(names, _APPROVALS, APPROVED, source)
    reply = columns.response or usual_column(names, RESPONSES, REPLY, source)
    if not approved or not (reply or prompt == MESSAGES):
        raise DataError(
            f"{source} has no pairs of replies and no replies that are approved or not; its columns are "
            f"{', '.join(names)}.",
            "Pairs have the columns chosen and rejected, single replies reply and approved; others are named: "
            "chosen=, rejected=, response=, approved= (--chosen …).",
        )
    if not prompt:
        raise DataError(
            f"No column of {source} is recognised as the prompt; its columns are {', '.join(names)}.",
            'Name it: prompt="COLUMN" in Python, --prompt COLUMN on the command line.',
        )
    return _Layout(prompt=prompt, reply=reply, approved=approved)


def _plain(names: Sequence[str], wanted: str) -> str:
    return next((name for name in names if name.casefold() == wanted), "")


def _usable(row: Mapping[str, Any], layout: _Layout) -> dict[str, Any] | str:
    """Return what is stored of a row, or why it cannot be learned from."""
    rest = {name: value for name, value in row.items() if name not in layout.columns}
    if UNREADABLE in row:
        return str(row[UNREADABLE])
    try:
        messages, replies = _pair(row, layout) if layout.chosen else _single(row, layout)
        return {**as_row(rest, checked(with_system(row, messages), answered=False)), **replies}
    except UnusableError as error:
        return str(error)


def _pair(row: Mapping[str, Any], layout: _Layout) -> tuple[list[Message], dict[str, str]]:
    if layout.prompt:
        messages = _prompt(row.get(layout.prompt))
        found = {name: _reply(row.get(getattr(layout, name)), name) for name in (CHOSEN, REJECTED)}
        if messages[-1].role == "assistant":
            raise UnusableError("its messages end with the assistant, whose replies are to be compared")
    else:
        both = [listed(row.get(name)) for name in (layout.chosen, layout.rejected)]
        if both[0][:-1] != both[1][:-1] or len(both[0]) < 2:
            raise UnusableError("it has no prompt, and its two chats differ before their last messages")
        messages = both[0][:-1]
        found = {name: _reply(each[-1:], name) for name, each in zip((CHOSEN, REJECTED), both, strict=True)}
    if " ".join(found[CHOSEN].split()).casefold() == " ".join(found[REJECTED].split()).casefold():
        raise UnusableError("its chosen and its rejected reply are the same")
    return messages, found


def _single(row: Mapping[str, Any], layout: _Layout) -> tuple[list[Message], dict[str, str]]:
    messages = _prompt(row.get(layout.prompt))
    if layout.reply and not missing(row.get(layout.reply)):
        reply = _reply(row[layout.reply], "reply")
    elif messages[-1].role == "assistant":
        reply = _reply(messages[-1:], "reply")
        messages = messages[:-1]
    else:
        raise UnusableError("its reply is empty")
    return messages, {REPLY: reply, APPROVED: _approved(row.get(layout.approved))}


def _prompt(given: Any) -> list[Message]:
    if isinstance(given, list | tuple) or (isinstance(given, str) and given.lstrip().startswith("[{")):
        return listed(given)
    return [Message(role="user", content=said(given, "the prompt"))]


def _reply(given: Any, what: str) -> str:
    """Return a reply that is a text, or a single message of the assistant."""
    if isinstance(given, list | tuple):
        messages = listed(given)
        if len(messages) != 1 or messages[0].role != "assistant":
            raise UnusableError(f"its {what} is {len(messages)} messages, not one of the assistant")
        given = messages[0].content
    reply = said(given, f"its {what}")
    if not reply:
        raise UnusableError(f"its {what} is empty")
    return reply


def _approved(value: Any) -> str:
    word = as_text(value).strip().casefold()
    if word in _YES:
        return "yes"
    if word in _NO:
        return "no"
    raise UnusableError(f"approved is true or false, found {value!r}")
