"""What a model learns from: the first message of each conversation with its intent, and whole conversations."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from acclimate.contracts import DataError, OptionError

from acclimate_support.privacy import Redactor
from acclimate_support.reading.conversations import Conversation, joined
from acclimate_support.reading.options import PII, UNLABELLED
from acclimate_support.reading.sources import conversations

# A short answer ("Done, thanks!") is often the same and no macro.
_WORDS_OF_MACRO = 8


def message_rows(
    source: str, label: str = "", unlabelled: str = "keep", pii: str = "redact"
) -> Iterator[dict[str, Any]]:
    """Yield of each conversation what its customer wrote first, in the columns that `support/intents` knows.

    `label` says where the intent is: a field of the ticket ("type"), "custom_field:360001", or "tag:intent_" for
    the rest of the tag that begins with that. Without it a field "intent" or "label" is. Conversations without an
    intent are kept, or left out with `unlabelled` "drop". Names of the people in a conversation become placeholders
    unless `pii` is "keep"; the other values that tell of a person are for the preset's preparation. Conversations
    in which no customer wrote are left out.

    Raises:
        DataError: the source cannot be read; no conversation has such a field, or is left.
        OptionError: for an option that cannot work.
    """
    _check("unlabelled", unlabelled, UNLABELLED)
    _check("pii", pii, PII)
    found = labelled = 0
    for conversation in conversations(source):
        text, intent = conversation.first, _intent(conversation, label)
        labelled += bool(intent)
        if not text.strip() or (unlabelled == "drop" and not intent):
            continue
        found += 1
        thread = Redactor(names=conversation.names if pii == "redact" else ())
        yield {"text": thread.names_only(text), **_known(conversation), **({"label": intent} if intent else {})}
    if label and not labelled:
        raise DataError(
            f"No conversation of {source} has the intent in {label!r}.",
            "Name a field of the ticket, custom_field:ID, or tag:PREFIX (--read label=…).",
        )
    if not found:
        raise DataError(
            f"No conversation of {source} is left.", "In none did a customer write, or none has an intent."
        )


def chat_rows(
    source: str, pii: str = "redact", orders: str = "", phones: str = "", macros: int = 10
) -> Iterator[dict[str, Any]]:
    """Yield conversations as chat records: `messages`, a list of `{role, content}`, and what is known of each.

    That is `id`, `customer`, `created_at`, `channel` and `language`, where the source says it. `role` is "user" for
    the customer and "assistant" for whoever answers; messages of one side that follow one another are one. Values
    that tell of a person become placeholders, the same all through a conversation, unless `pii` is "keep"; `orders`
    and `phones` are as in `acclimate_support.prepare.clean`. An answer that stands word by word in `macros`
    conversations or more is a macro, and left out; 0 keeps them. Conversations in which only one side wrote are
    left out.

    Raises:
        DataError: the source cannot be read, or no conversation is left.
        OptionError: for an option that cannot work.
    """
    _check("pii", pii, PII)
    if isinstance(macros, bool) or not isinstance(macros, int) or macros < 0:
        raise OptionError(f"macros is a whole number from 0 on, found {macros!r}.", "Such as macros=10.")
    repeated = _repeated(source, macros) if macros else frozenset()
    empty = True
    for conversation in conversations(source):
        kept = [
            each for each in conversation.messages if each.role == "user" or _digest(each.content) not in repeated
        ]
        whole = joined(replace(conversation, messages=tuple(kept)))
        if {message.role for message in whole.messages} != {"user", "assistant"}:
            continue
        empty = False
        thread = Redactor(names=whole.names, orders=str(orders), region=str(phones))
        said = [
            message.content if pii == "keep" else thread.redact(message.content).text for message in whole.messages
        ]
        messages = [
            {"role": message.role, "content": text} for message, text in zip(whole.messages, said, strict=True)
        ]
        yield {"messages": messages, **_known(whole)}
    if empty:
        raise DataError(f"In no conversation of {source} do both sides write.", "Check which side is which.")


def _known(conversation: Conversation) -> dict[str, str]:
    """Return what is known of a conversation, by the names of columns."""
    found = {
        "id": conversation.id,
        "customer": conversation.customer,
        "created_at": conversation.created,
        "channel": conversation.channel,
        "language": conversation.language,
    }
    return {name: value for name, value in found.items() if value}


def _intent(conversation: Conversation, label: str) -> str:
    fields: Mapping[str, str] = conversation.fields
    if label.startswith("tag:"):
        prefix = label.removeprefix("tag:")
        tags = (tag.strip() for tag in fields.get("tags", "").replace(" ", ",").split(","))
        return next((tag.removeprefix(prefix) for tag in tags if tag.startswith(prefix) and tag != prefix), "")
    if label:
        return fields.get(label, "").strip()
    return (fields.get("intent") or fields.get("label") or "").strip()


def _repeated(source: str, least: int) -> frozenset[bytes]:
    """Return the digests of answers that stand in so many conversations."""
    counts: Counter[bytes] = Counter()
    for conversation in conversations(source):
        said = {each.content for each in conversation.messages if each.role == "assistant"}
        counts.update({_digest(text) for text in said if len(text.split()) >= _WORDS_OF_MACRO})
    return frozenset(digest for digest, count in counts.items() if count >= least)


def _digest(text: str) -> bytes:
    return hashlib.sha256(" ".join(text.casefold().split()).encode()).digest()


def _check(name: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise OptionError(f"{name} is {' or '.join(known)}, found {value!r}.", f"Leave {name} out for {known[0]}.")
