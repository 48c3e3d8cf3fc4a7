"""Conversations as Intercom exports them."""

from collections.abc import Iterator, Mapping
from typing import Any

from acclimate_support.reading.conversations import Conversation, Message, Role, objects, plain_fields, text_of
from acclimate_support.reading.trimming import clean_message, is_automatic

_ROLES: Mapping[str, Role] = {
    "user": "user",
    "lead": "user",
    "contact": "user",
    "visitor": "user",
    "admin": "assistant",
    "team": "assistant",
}


def is_conversation(found: Mapping[str, Any]) -> bool:
    """Return whether an object is a conversation of an export."""
    return "conversation_parts" in found


def conversation(found: Mapping[str, Any]) -> Conversation:
    """Return a conversation; notes, what bots wrote, parts that were redacted and automatic replies are left out."""
    parts = list(_parts(found))
    source = found.get("source")
    subject = clean_message(text_of(source, "subject")) if isinstance(source, dict) else ""
    authors = [part["author"] for part in parts if isinstance(part.get("author"), dict)]
    messages = [
        Message(role=role, content=clean_message(body, role), created=text_of(part, "created_at"))
        for part in parts
        if (role := _role(part)) and (body := text_of(part, "body")) and not is_automatic(body, subject)
    ]
    customers = [author for author in authors if _ROLES.get(text_of(author, "type")) == "user"]
    return Conversation(
        id=text_of(found, "id"),
        messages=tuple(messages),
        subject=subject,
        customer=next((id for author in customers if (id := text_of(author, "id", "email"))), ""),
        created=text_of(found, "created_at"),
        channel=text_of(source, "type", "delivered_as") if isinstance(source, dict) else "",
        language=text_of(found, "language"),
        names=tuple(dict.fromkeys(name for author in authors if (name := text_of(author, "name")))),
        fields=plain_fields({**found, **_attributes(found), **_tags(found)}),
    )


def _parts(found: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    source = found.get("source")
    if isinstance(source, dict):
        yield {"created_at": found.get("created_at"), **source}
    held = found["conversation_parts"]
    yield from objects(held.get("conversation_parts") if isinstance(held, dict) else held)


def _role(part: Mapping[str, Any]) -> Role | None:
    author = part.get("author")
    if text_of(part, "part_type").startswith("note") or part.get("redacted") is True or not isinstance(author, dict):
        return None
    return _ROLES.get(text_of(author, "type"))


def _tags(found: Mapping[str, Any]) -> dict[str, Any]:
    held = found.get("tags")
    names = [text_of(tag, "name") for tag in objects(held.get("tags") if isinstance(held, dict) else held)]
    return {"tags": [name for name in names if name]}


def _attributes(found: Mapping[str, Any]) -> dict[str, Any]:
    held = found.get("custom_attributes")
    return dict(held) if isinstance(held, dict) else {}
