"""A reply, or many, measured against a tone card; each rule says what it found, and no model judges."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from acclimate.contracts import DataError, Score

from acclimate_support.cards import features
from acclimate_support.cards.card import ToneCard

_LONGEST = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One rule of a card on one reply: whether it holds, and what was found."""

    name: str
    passed: bool
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneScore:
    """The rules of a card on one reply; `score` is the share that holds."""

    checks: tuple[Check, ...]

    @property
    def score(self) -> float:
        """The share of rules that holds."""
        return sum(check.passed for check in self.checks) / len(self.checks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The rules of a card on many replies.

    `passed` is by rule the share of replies in which it holds, with the exact 95 % interval; `all_passed` that of the
    replies in which all do; `score` the mean share of rules that holds.
    """

    replies: int
    score: float
    all_passed: Score
    passed: Mapping[str, Score]


def measure(card: ToneCard, reply: str) -> ToneScore:
    """Return what the rules of a card say of a reply; beyond 100,000 characters nothing of it is read."""
    text = reply[:_LONGEST].strip()
    checks = [
        Check(name=name, passed=passed, found=found)
        for name, rule in _RULES.items()
        if getattr(card, name) not in (None, ())
        for passed, found in [rule(card, text)]
    ]
    return ToneScore(checks=tuple(checks))


def tally(card: ToneCard, replies: Iterable[str]) -> Tally:
    """Return what the rules of a card say of many replies.

    Raises:
        DataError: there is no reply.
    """
    from acclimate.evaluation import proportion

    scores = [measure(card, reply) for reply in replies]
    if not scores:
        raise DataError("There is no reply to measure.", "Give one reply or more.")
    names = [check.name for check in scores[0].checks]
    held = {name: sum(score.checks[place].passed for score in scores) for place, name in enumerate(names)}
    return Tally(
        replies=len(scores),
        score=sum(each.score for each in scores) / len(scores),
        all_passed=proportion(sum(each.score == 1 for each in scores), len(scores)),
        passed={name: proportion(count, len(scores)) for name, count in held.items()},
    )


def _formality(card: ToneCard, text: str) -> tuple[bool, str]:
    if card.formality == "casual":
        return _none(features.stiff(text))
    found = features.slang(text)
    if card.formality == "formal":
        found = [*found, *features.shortened(text), *(["!!"] if "!!" in text else [])]
    return _none(found)


def _warmth(card: ToneCard, text: str) -> tuple[bool, str]:
    count = features.warm(text)
    wanted = {"low": count == 0, "medium": count >= 1, "high": count >= 2}
    return wanted[card.warmth or "low"], f"{count} kinds of warm phrases"


def _sentence_words(card: ToneCard, text: str) -> tuple[bool, str]:
    return _at_most(len(features.words(text)) / features.sentences(text), card.sentence_words)


def _person(card: ToneCard, text: str) -> tuple[bool, str]:
    return _none(features.of_one(text) if card.person == "we" else features.of_many(text))


def _contractions(card: ToneCard, text: str) -> tuple[bool, str]:
    return _none(features.shortened(text) if card.contractions == "never" else features.in_full(text))


def _apology(card: ToneCard, text: str) -> tuple[bool, str]:
    count = features.apologies(text)
    wanted = {"never": count == 0, "once": count <= 1, "required": count >= 1}
    return wanted[card.apology or "once"], f"{count} apologies"


def _required(card: ToneCard, text: str) -> tuple[bool, str]:
    there = features.phrases(text, card.required)
    missing = [phrase for phrase in card.required if phrase not in there]
    return not missing, f"without {', '.join(map(repr, missing))}" if missing else "all there"


def _at_most(value: float, most: float | None) -> tuple[bool, str]:
    return most is None or value <= most, f"{value:.3g}, at most {most:g}" if most is not None else f"{value:.3g}"


def _none(found: Iterable[str]) -> tuple[bool, str]:
    several = list(dict.fromkeys(each.lower() for each in found))
    return not several, ", ".join(map(repr, several[:5])) or "none"


# By the name of the card's field.
_RULES: Mapping[str, Callable[[ToneCard, str], tuple[bool, str]]] = {
    "formality": _formality,
    "warmth": _warmth,
    "words": lambda card, text: _at_most(len(features.words(text)), card.words),
    "sentence_words": _sentence_words,
    "reading_grade": lambda card, text: _at_most(features.reading_grade(text), card.reading_grade),
    "person": _person,
    "contractions": _contractions,
    "emoji": lambda card, text: _at_most(features.emoji(text), card.emoji),
    "exclamations": lambda card, text: _at_most(text.count("!"), card.exclamations),
    "apology": _apology,
    "greeting": lambda card, text: (features.begins(text, card.greeting), repr(text[:40])),
    "sign_off": lambda card, text: (features.ends(text, card.sign_off), repr(text[-40:])),
    "banned": lambda card, text: _none(features.phrases(text, card.banned)),
    "required": _required,
}
