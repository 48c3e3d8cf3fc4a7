"""Chats of any other system: a list of messages for each, or a table with a message on each line."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from acclimate.contracts import DataError

from acclimate_support.reading.conversations import Conversation, Message, Role, objects, plain_fields, text_of
from acclimate_support.reading.trimming import clean_message, is_automatic

_CUSTOMER = {"user", "customer", "client", "visitor", "end-user", "end_user", "lead", "contact", "human", "requester"}
_ANSWERING = {"assistant", "agent", "support", "admin", "operator", "staff", "representative", "rep", "gpt"}
_LEFT_OUT = {"system", "bot", "note", "internal", "tool", "function"}
_SIDE = ("role", "author", "from", "sender", "speaker", "side")
_SAID = ("content", "text", "message", "body", "value", "utterance")
_CHAT = ("conversation_id", "chat_id", "thread_id", "ticket_id", "session_id", "dialogue_id", "conversation")


def is_chat(found: Mapping[str, Any]) -> bool:
    """Return whether an object holds the messages of a chat."""
    first = next(_said(found), {})
    return bool(set(first) & set(_SIDE)) and bool(set(first) & set(_SAID))


def is_table(header: set[str]) -> bool:
    """Return whether these columns, in lower case, are those of a table with a message on each line."""
    return all(header & set(names) for names in (_SIDE, _SAID, _CHAT))


def chat(found: Mapping[str, Any], where: str) -> Conversation:
    """Return a chat; what a system, a bot or a note says is left out.

    Raises:
        DataError: a message says of no side that is known whose it is; `where` is the place of the chat.
    """
    return Conversation(
        id=text_of(found, "id", *_CHAT),
        messages=tuple(_messages(_said(found), where)),
        subject=text_of(found, "subject", "title"),
        customer=text_of(found, "customer", "customer_id", "user_id", "requester"),
        created=text_of(found, "created_at", "created", "date", "timestamp"),
        channel=text_of(found, "channel"),
        language=text_of(found, "language", "locale"),
        names=tuple(name for name in (text_of(found, "customer_name", "name"),) if name),
        fields=plain_fields(found),
    )


def table_chats(rows: Iterable[Mapping[str, Any]], source: str) -> Iterator[Conversation]:
    """Yield the chats of a table, whose messages stand one after the other.

    Raises:
        DataError: as `chat`; the messages of a chat do not stand together.
    """
    seen: set[str] = set()
    folded = ({str(name).casefold(): value for name, value in row.items()} for row in rows)
    for id, run in groupby(folded, key=lambda row: text_of(row, *_CHAT)):
        lines = list(run)
        if id in seen:
            raise DataError(
                f"The messages of chat {id!r} in {source} do not stand together.",
                "Sort the table by chat, then by time.",
            )
        seen.add(id)
        yield chat({**lines[0], "id": id, "messages": lines}, f"chat {id!r} of {source}")


def _said(found: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return objects(found.get("messages", found.get("conversations")))


def _messages(said: Iterable[Mapping[str, Any]], where: str) -> Iterator[Message]:
    for message in said:
        role, body = _role(message, where), text_of(message, *_SAID)
        if role and body and not is_automatic(body):
            created = text_of(message, "created_at", "created", "timestamp", "time")
            yield Message(role=role, content=clean_message(body, role), created=created)


def _role(message: Mapping[str, Any], where: str) -> Role | None:
    author = next((message[name] for name in _SIDE if message.get(name)), "")
    side = (text_of(author, "type", "role") if isinstance(author, dict) else str(author)).strip().casefold()
    if side in _CUSTOMER:
        return "user"
    if side in _ANSWERING:
        return "assistant"
    if side in _LEFT_OUT:
        return None
    raise DataError(
        f"A message of {where} is of {side or 'nobody'!r}, and it is not known which side that is.",
        f"Customers are {', '.join(sorted(_CUSTOMER))}; those who answer {', '.join(sorted(_ANSWERING))}.",
    )
