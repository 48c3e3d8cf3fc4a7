"""The test rows of a run that writes: measured before and after, and shown with what was written to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from acclimate import models
from acclimate.api.generating import testing
from acclimate.api.generating.subject import ChatSubject
from acclimate.api.gradient import Learned
from acclimate.api.report_fields import trained_settings, usual_settings
from acclimate.contracts import Chat, Exchange, Language, Plan

_SHOWN = 8
_LONGEST = 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOut:
    """The test rows of a run and how answers to them are written; those at `places` are answered."""

    chats: Sequence[Chat]
    places: tuple[int, ...]
    writing: models.Writing
    precision: str
    general: models.ChatExamples | None

    def measure(self, subject: ChatSubject, title: str) -> testing.Measured:
        """Return what the model as it is now makes of them."""
        return testing.measure(
            subject.model,
            subject.resolved.preprocessing,
            subject.examples["test"],
            self.chats,
            self.writing,
            precision=self.precision,
            places=self.places,
            general=self.general,
            title=title,
            shown=subject.shown,
        )


def held_out(
    subject: ChatSubject, chats: Sequence[Chat], precision: str, among: Sequence[int] | None = None
) -> HeldOut:
    """Return the test rows of a run; those that are answered are drawn, `among` some places where only these fit."""
    settings, preprocessing = subject.settings, subject.resolved.preprocessing
    places = range(len(chats)) if among is None else among
    return HeldOut(
        chats=chats,
        places=tuple(places[place] for place in testing.drawn(settings.written_rows, len(places), settings.seed)),
        writing=models.Writing(
            limit=testing.answer_limit(settings.max_new_tokens, subject.examples["train"]),
            stops=preprocessing.stops,
            seed=settings.seed,
        ),
        precision=precision,
        general=testing.general_examples(settings.general_text, preprocessing),
    )


def language_of(subject: ChatSubject, test: HeldOut, before: testing.Measured, after: testing.Measured) -> Language:
    """Return what a report tells of a model that writes."""
    return Language(
        lengths=subject.lengths,
        limit=subject.resolved.preprocessing.max_tokens,
        supervised=subject.examples["train"].supervised_share,
        exchanges=_exchanges(subject, test, before, after),
        forgetting=testing.forgotten(before.general, after.general, subject.settings.seed),
    )


def settings_of(subject: ChatSubject, plan: Plan, learned: Learned, test: HeldOut) -> dict[str, Any]:
    """Return the settings that a report of a model that writes tells."""
    settings = subject.settings
    return {
        **usual_settings(settings),
        "max_tokens": subject.resolved.preprocessing.max_tokens,
        "too_long": settings.too_long,
        "bad_rows": settings.bad_rows,
        "system": subject.resolved.preprocessing.template.system,
        "template": subject.resolved.preprocessing.template.origin,
        "max_new_tokens": test.writing.limit,
        "written_rows": len(test.places),
        **trained_settings(plan, learned),
    }


def _exchanges(
    subject: ChatSubject, test: HeldOut, before: testing.Measured, after: testing.Measured
) -> tuple[Exchange, ...]:
    """Return the first answered rows as a report shows them; none where rows are not to be shown."""
    if not subject.settings.show_rows or after.answers is None or before.answers is None:
        return ()
    ids = subject.parts["test"].ids
    return tuple(
        Exchange(
            id=ids[place],
            asked=test.chats[place][-2].content[:_LONGEST],
            expected=after.answers.expected[number][:_LONGEST],
            written=after.answers.written[number][:_LONGEST],
            untuned=before.answers.written[number][:_LONGEST],
            stopped=after.answers.stopped[number],
        )
        for number, place in enumerate(after.answers.places[:_SHOWN])
    )
