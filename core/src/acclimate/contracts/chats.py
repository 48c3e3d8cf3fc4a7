"""Chats: what was said by whom, and what a model answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

Role = Literal["system", "user", "assistant"]
ROLES: tuple[Role, ...] = ("system", "user", "assistant")
TOO_LONG = ("error", "truncate", "drop", "split")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a chat: `content` is what `role` says."""

    role: Role
    content: str


Chat = Sequence[Message]


class Standing(IntEnum):
    """What is wanted of a reply: more of it, less of it; or nothing, where it was written to another question."""

    REJECTED = 0
    CHOSEN = 1
    STRAY = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model answers to a chat.

    `tokens` are those it wrote, with the one that ends its turn where it `stopped` by itself; otherwise the limit
    stopped it, and the text may end anywhere.
    """

    text: str
    stopped: bool
    tokens: int

    def __str__(self) -> str:
        return self.text
