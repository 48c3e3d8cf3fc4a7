"""A method written as one word: `lora`, `lora:rank=16`, `full:head=random`, `peft:LOHA:r=4`."""

import re
from dataclasses import dataclass, field
from typing import Any

from acclimate.contracts import OptionError

# What a method may have for itself; the other settings decide the rows, which all methods of a comparison share.
OWN = ("epochs", "max_steps", "batch_size", "learning_rate", "patience", "precision", "head")
_PEFT = "peft"
_EXPONENT = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A method by name, with settings (fields of `Settings`) and options (the method's) of its own."""

    method: str
    settings: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)


def read_variant(text: str) -> Variant:
    """Return what `METHOD`, `METHOD:NAME=VALUE:NAME=VALUE…` or `peft:TYPE…` stands for.

    Raises:
        OptionError: for a part that is no NAME=VALUE, or a name that stands there twice.
    """
    method, *parts = text.split(":")
    options: dict[str, Any] = {}
    if method == _PEFT and parts and "=" not in parts[0]:
        options["type"] = parts.pop(0)
    found: dict[str, Any] = {}
    for part in parts:
        name, value = read_pair(part, f"{method}:rank=16")
        if name in found:
            raise OptionError(f"{text!r} says {name!r} twice.", "Say it once.")
        found[name] = value
    settings = {name: found.pop(name) for name in OWN if name in found}
    return Variant(method=method, settings=settings, options={**options, **found})


def read_pair(text: str, example: str) -> tuple[str, Any]:
    """Return name and value of NAME=VALUE; the value is read as YAML reads it, so that 16 is a number.

    Raises:
        OptionError: when the text has another form.
    """
    import yaml

    name, equals, value = text.partition("=")
    if not equals or not name:
        raise OptionError(f"An option is written NAME=VALUE, found {text!r}.", f"For example: {example}.")
    found = yaml.safe_load(value)
    if isinstance(found, str) and _EXPONENT.fullmatch(found):  # YAML takes 1e-4 for a word
        found = float(found)
    return name, found
