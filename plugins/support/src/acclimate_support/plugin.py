"""The hooks of acclimate-support."""

from collections.abc import Iterator

from acclimate.contracts import PREFERENCE
from acclimate.plugins import Command, Loader, Preset, Ref, hookimpl

from acclimate_support import QUESTIONS, assistant, faq, intents, tone
from acclimate_support.reading.options import (
    OF_CHATS,
    OF_MESSAGES,
    OF_PREFERENCES,
    PREFERENCE_SUFFIXES,
    WITHOUT_LABEL,
)

_MESSAGES, _CHATS, _PREFERENCES, _QUESTIONS = "messages", "chats", "preferences", "questions"


@hookimpl
def register_presets() -> Iterator[Preset]:
    """Offer the presets of this trade."""
    yield intents
    yield faq
    yield assistant
    yield tone


@hookimpl
def register_loaders() -> Iterator[Loader]:
    """Offer the readers of help desks and chats."""
    yield Loader(
        name=_MESSAGES,
        summary="What customers wrote first in tickets and chats: Zendesk, Intercom, or any list of messages.",
        read=Ref("acclimate_support.reading.rows:message_rows"),
        suffixes=(".json",),
        options=OF_MESSAGES,
        kept=("pii",),
        unlabelled=WITHOUT_LABEL,
    )
    yield Loader(
        name=_CHATS,
        summary="Whole tickets and chats as lists of messages: Zendesk, Intercom, or any list of messages.",
        read=Ref("acclimate_support.reading.rows:chat_rows"),
        options=OF_CHATS,
        kept=("pii", "orders", "phones", "macros"),
    )
    yield Loader(
        name=_PREFERENCES,
        summary="Replies that are chosen or rejected, approved or not, with placeholders for what tells of a person.",
        read=Ref("acclimate_support.reading.preferences:preference_rows"),
        options=OF_PREFERENCES,
        kept=tuple(OF_PREFERENCES),
    )
    yield Loader(
        name=_QUESTIONS,
        summary="Questions with their answers from the chatterbot-corpus package.",
        read=Ref("acclimate_support.reading.questions:question_rows"),
    )
    yield Loader(
        name="faq",
        summary="Questions with their answers, from pages in Markdown or HTML (headings, details, FAQPage).",
        read=Ref("acclimate_support.reading.faq:faq_rows"),
        suffixes=(".md", ".markdown", ".html", ".htm"),
    )


@hookimpl
def choose_loader(source: str, task: str) -> str | None:
    """Take exports by what they hold, whole for what writes; plain tables and lines are core's."""
    from acclimate_support.reading.sources import kind_of

    if source == QUESTIONS:
        return _QUESTIONS
    if task == PREFERENCE:
        return _PREFERENCES if source.lower().endswith(PREFERENCE_SUFFIXES) else None
    if not kind_of(source):
        return None
    return _CHATS if task == "text-generation" else _MESSAGES


@hookimpl
def register_commands() -> Iterator[Command]:
    """Offer the measure of tone."""
    yield Command(
        name="tone",
        summary="Measure how far replies sound as a tone card says, rule by rule.",
        run=Ref("acclimate_support.commands.tone:tone"),
    )
