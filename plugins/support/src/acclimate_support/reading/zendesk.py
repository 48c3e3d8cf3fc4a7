"""Tickets as Zendesk exports them: JSON with their comments, or a CSV table without."""

from collections.abc import Iterator, Mapping
from typing import Any

from acclimate_support.reading.conversations import Conversation, Message, Role, objects, plain_fields, text_of
from acclimate_support.reading.trimming import clean_message, is_automatic

_SYSTEM = "-1"  # the author of what Zendesk writes itself
_RULES = ("rule", "trigger", "automation", "system")
_OF_CSV = {"subject", "requester", "ticket type", "created at", "requester id", "assignee"}


def is_ticket(found: Mapping[str, Any]) -> bool:
    """Return whether an object is a ticket of a JSON export."""
    return "requester_id" in found or ("comments" in found and ("subject" in found or "description" in found))


def is_table(header: set[str]) -> bool:
    """Return whether these columns, in lower case, are those of a CSV export."""
    return len(header & _OF_CSV) >= 3 and "requester" in header


def ticket(found: Mapping[str, Any], users: Mapping[str, Mapping[str, Any]]) -> Conversation:
    """Return a ticket of a JSON export; `users` are those that stand beside tickets, by id.

    Of the comments internal notes, what rules and Zendesk itself wrote, and automatic replies are left out. Where
    there are none, the description is what the customer wrote.
    """
    requester = _requester(found, users)
    subject = text_of(found, "subject", "raw_subject")
    own = text_of(found, "requester_id") or text_of(requester, "id")
    messages = [
        Message(role=role, content=clean_message(body, role), created=text_of(comment, "created_at"))
        for comment in objects(found.get("comments"))
        if (role := _role(comment, own, users)) and (body := _body(comment)) and not is_automatic(body, subject)
    ]
    description = text_of(found, "description")
    if not messages and description and not is_automatic(description, subject):
        messages = [Message(role="user", content=clean_message(description), created=text_of(found, "created_at"))]
    custom = {
        f"custom_field:{each['id']}": each.get("value")
        for name in ("custom_fields", "fields")
        for each in objects(found.get(name))
        if "id" in each
    }
    via = found.get("via")
    people = [requester, *(user for id, user in users.items() if id in _authors(found))]
    return Conversation(
        id=text_of(found, "id"),
        messages=tuple(messages),
        subject=subject,
        customer=own or text_of(requester, "email"),
        created=text_of(found, "created_at"),
        channel=text_of(via, "channel") if isinstance(via, dict) else "",
        language=text_of(found, "locale", "language") or text_of(requester, "locale"),
        names=tuple(dict.fromkeys(name for person in people if (name := text_of(person, "name")))),
        fields=plain_fields({**found, **custom}),
    )


def table_ticket(row: Mapping[str, Any]) -> Conversation:
    """Return a row of a CSV export, which has no comments: its subject and, where it is there, its description."""
    found = {str(name).strip().casefold().replace(" ", "_"): value for name, value in row.items()}
    description, subject = text_of(found, "description"), text_of(found, "subject", "raw_subject")
    said = clean_message(description or subject)
    automatic = is_automatic(description, subject)
    return Conversation(
        id=text_of(found, "id", "ticket_id"),
        messages=() if automatic or not said else (Message(role="user", content=said),),
        subject=subject,
        customer=text_of(found, "requester_id", "requester_email", "requester"),
        created=text_of(found, "created_at"),
        channel=text_of(found, "via", "channel"),
        language=text_of(found, "locale", "language"),
        names=tuple(name for name in (text_of(found, "requester", "requester_name"),) if name and "@" not in name),
        fields={**plain_fields(found), **plain_fields(row)},
    )


def users_of(found: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the users that stand beside the tickets of an export, with their ids."""
    for user in objects(found.get("users")):
        yield text_of(user, "id"), user


def _requester(found: Mapping[str, Any], users: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    own = found.get("requester")
    return own if isinstance(own, dict) else users.get(text_of(found, "requester_id"), {})


def _authors(found: Mapping[str, Any]) -> set[str]:
    return {text_of(comment, "author_id") for comment in objects(found.get("comments"))}


def _role(comment: Mapping[str, Any], requester: str, users: Mapping[str, Mapping[str, Any]]) -> Role | None:
    """Return which side a comment is of; None for what no customer saw or no person wrote."""
    via = comment.get("via")
    channel = text_of(via, "channel") if isinstance(via, dict) else ""
    author = text_of(comment, "author_id")
    inner = comment.get("author")
    person = inner if isinstance(inner, dict) else users.get(author, {})
    if comment.get("public") is False or channel in _RULES or author == _SYSTEM:
        return None
    kind = text_of(person, "role", "type")
    customer = kind in ("end-user", "end_user", "user") if kind else (author or text_of(person, "id")) == requester
    return "user" if customer else "assistant"


def _body(comment: Mapping[str, Any]) -> str:
    return text_of(comment, "html_body", "plain_body", "body")
