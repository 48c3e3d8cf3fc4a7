"""The card in YAML that says how replies are to sound; read strictly."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml
from acclimate.contracts import DataError, OptionError, did_you_mean

_WORDS = {
    "formality": ("formal", "neutral", "casual"),
    "warmth": ("low", "medium", "high"),
    "person": ("we", "I"),
    "contractions": ("never", "always"),
    "apology": ("never", "once", "required"),
}
_NUMBERS = ("words", "sentence_words", "reading_grade", "emoji", "exclamations")
_LISTS = ("greeting", "sign_off", "banned", "required")
_LARGEST = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneCard:
    """How replies are to sound; what is None or empty is not measured.

    `formality` "formal" has no contraction, no slang and at most one exclamation mark in a row; "neutral" no slang;
    "casual" no stiff phrases. `warmth` "medium" has one warm phrase (thanks, regret, an offer of help, …), "high" two
    different ones, "low" none. `words` is the most words of a reply, `sentence_words` the most of a sentence on
    average, `reading_grade` the highest Flesch-Kincaid grade. `person` is who speaks, "we" or "I". `contractions` are
    "never" or "always" used where English has them. `emoji` and `exclamations` are the most of each. `apology` is
    "never", at most "once", or "required".

    `greeting` are the ways in which a reply may begin and `sign_off` those in which it may end, where "{name}"
    stands for a name; `banned` are phrases that it must not hold, `required` those that it must.
    """

    name: str = ""
    formality: str | None = None
    warmth: str | None = None
    words: float | None = None
    sentence_words: float | None = None
    reading_grade: float | None = None
    person: str | None = None
    contractions: str | None = None
    emoji: float | None = None
    exclamations: float | None = None
    apology: str | None = None
    greeting: tuple[str, ...] = ()
    sign_off: tuple[str, ...] = ()
    banned: tuple[str, ...] = ()
    required: tuple[str, ...] = ()


def read_card(path: str | Path) -> ToneCard:
    """Return the card of a YAML file.

    Raises:
        DataError: there is no such file, or it is no YAML.
        OptionError: it holds a name that a card does not know, a name twice, a value of another kind, or nothing to
            measure.
    """
    file = Path(path)
    if not file.is_file():
        raise DataError(f"There is no tone card {str(path)!r}.", "Name a file in YAML.")
    if file.stat().st_size > _LARGEST:
        raise DataError(f"{file.name} has more than {_LARGEST:,} bytes.", "A tone card is some lines of YAML.")
    try:
        found = yaml.load(file.read_text(encoding="utf-8-sig"), Loader=_Strict)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"{file.name} is not valid YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(found, dict):
        raise OptionError(f"{file.name} holds no names with values.", "Such as formality: neutral")
    return card_of(found)


def card_of(values: Mapping[Any, Any]) -> ToneCard:
    """Return the card of plain values.

    Raises:
        OptionError: as `read_card`.
    """
    known = [each.name for each in fields(ToneCard)]
    given: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            raise OptionError(f"A tone card has no {name!r}.", did_you_mean(str(name), known))
        given[name] = _value(name, value)
    if not set(given) - {"name"}:
        raise OptionError("The tone card has nothing to measure.", f"It may have {', '.join(known[1:])}.")
    return ToneCard(**given)


def _value(name: str, value: Any) -> Any:
    if name in _WORDS:
        if value not in _WORDS[name]:
            hint = did_you_mean(str(value), _WORDS[name])
            raise OptionError(f"{name} is {' or '.join(_WORDS[name])}, found {value!r}.", hint)
        return value
    if name in _NUMBERS:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 <= value < float("inf"):
            raise OptionError(f"{name} is a number from 0 on, found {value!r}.", f"Such as {name}: 2")
        return value
    if name in _LISTS:
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not all(isinstance(item, str) and item.strip() for item in items):
            raise OptionError(f"{name} is a list of phrases, found {value!r}.", f'Such as {name}: ["Hello {{name}}"]')
        return tuple(items)
    if not isinstance(value, str):
        raise OptionError(f"{name} is a text, found {value!r}.", "Such as name: Acme")
    return value


class _Strict(yaml.SafeLoader):
    """Refuses a name that stands twice, of which YAML would silently keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise OptionError(f"The tone card has {key.value!r} twice.", "Keep one of them.")
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)
