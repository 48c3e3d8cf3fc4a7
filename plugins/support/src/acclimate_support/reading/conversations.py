"""One conversation, whatever system it comes from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, Literal

Role = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one side said: `user` is the customer, `assistant` whoever answers. `created` is as the source has it."""

    role: Role
    content: str
    created: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """The messages of a ticket or chat in order, and what its source says of it.

    `names` are those of the people in it. `fields` are all other plain values of the source, by name, of which one
    may be the intent; those of a list are texts that commas part.
    """

    id: str
    messages: tuple[Message, ...]
    subject: str = ""
    customer: str = ""
    created: str = ""
    channel: str = ""
    language: str = ""
    names: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def first(self) -> str:
        """What the customer wrote before anyone answered, with the subject where the message does not repeat it."""
        said: list[str] = []
        for message in self.messages:
            if message.role == "assistant" and said:
                break
            if message.role == "user":
                said.append(message.content)
        text = "\n".join(said)
        subject = self.subject.strip()
        return text if not subject or subject.casefold() in text.casefold() else f"{subject}\n{text}".strip()


def joined(conversation: Conversation) -> Conversation:
    """Return the conversation with each side's messages that follow one another as one, and without empty ones."""
    said = [message for message in conversation.messages if message.content.strip()]
    turns = []
    for _, run in groupby(said, key=lambda message: message.role):
        messages = list(run)
        turns.append(replace(messages[0], content="\n\n".join(each.content.strip() for each in messages)))
    return replace(conversation, messages=tuple(turns))


def plain_fields(values: Mapping[str, Any]) -> dict[str, str]:
    """Return what a source says in plain values, or lists of them, as texts."""
    found = {}
    for name, value in values.items():
        items: Sequence[Any] = value if isinstance(value, list) else [value]
        if all(isinstance(item, str | int | float) and not isinstance(item, bool) for item in items):
            found[str(name)] = ",".join(map(str, items))
    return found


def text_of(values: Mapping[str, Any], *names: str) -> str:
    """Return the first of some values that is there, as text; "" where none is."""
    for name in names:
        value = values.get(name)
        if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
            return str(value)
    return ""


def objects(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a list; nothing of what is no list."""
    items: Iterable[Any] = value if isinstance(value, list) else ()
    yield from (item for item in items if isinstance(item, dict))
