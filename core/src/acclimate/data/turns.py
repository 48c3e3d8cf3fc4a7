"""The turns of a chat, whatever they come as; each is checked, and what is none says why."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from acclimate.contracts import ROLES, Message


class UnusableError(Exception):
    """Why a row cannot be learned from."""


def listed(given: Any) -> list[Message]:
    """Return the messages of a list of `{"role", "content"}`, or of JSON that holds one.

    Raises:
        UnusableError: why it is none.
    """
    if isinstance(given, str) and given.lstrip().startswith("["):
        try:
            given = json.loads(given)
        except ValueError as error:
            raise UnusableError("its messages are no valid JSON") from error
    if not isinstance(given, list | tuple) or not given:
        raise UnusableError("it has no messages")
    return [_message(each, number) for number, each in enumerate(given, 1)]


def _message(given: Any, number: int) -> Message:
    if isinstance(given, Message):
        return given
    if not isinstance(given, Mapping) or "role" not in given or "content" not in given:
        raise UnusableError(f"message {number} has no role and content")
    role = given["role"]
    if role not in ROLES:
        raise UnusableError(f"message {number} is by {role!r}, and roles are {', '.join(ROLES)}")
    return Message(role=role, content=said(given["content"], f"message {number}"))


def said(value: Any, what: str) -> str:
    """Return a text without the space around it, "" for none; `what` names it.

    Raises:
        UnusableError: it is no text.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UnusableError(f"{what} is no text: {str(value)[:40]!r}")
    return value.strip()


def checked(messages: Sequence[Message], *, answered: bool) -> tuple[Message, ...]:
    """Return the turns of a chat, joined where one side goes on; what nobody is to answer, or did, is left out.

    Raises:
        UnusableError: why they are no chat.
    """
    for number, message in enumerate(messages, 1):
        if message.role == "system" and number > 1:
            raise UnusableError(f"message {number} is a system prompt, which only the first may be")
        if not message.content:
            raise UnusableError(f"what the {message.role} says in message {number} is empty")
    turns = joined(messages)
    while turns and turns[-1].role == ("user" if answered else "assistant"):
        turns.pop()
    sides = {turn.role for turn in turns}
    if "user" not in sides:
        raise UnusableError("no user says anything that is answered" if answered else "no user says anything")
    if answered and "assistant" not in sides:
        raise UnusableError("no assistant answers")
    if turns[turns[0].role == "system"].role != "user":
        raise UnusableError("it begins with the assistant")
    return tuple(turns)


def joined(messages: Iterable[Message]) -> list[Message]:
    turns: list[Message] = []
    for message in messages:
        if turns and turns[-1].role == message.role:
            turns[-1] = replace(turns[-1], content=f"{turns[-1].content}\n\n{message.content}")
        else:
            turns.append(message)
    return turns
