"""The fields of a manifest: what each must be, told apart by small tests with a name for people."""

import math
import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from acclimate.contracts import BundleError

Test = Callable[[Any], bool]
_HASH = re.compile(r"[0-9a-f]{64}")


def check_fields(file: Path, manifest: Mapping[str, Any], fields: Mapping[str, Test]) -> None:
    """Pass when a manifest has each field, and each passes its test. A dot leads into a field: "backbone.source".

    Raises:
        BundleError: otherwise; it names the field, what was expected, and what was found.
    """
    for name, test in fields.items():
        value: Any = manifest
        for part in name.split("."):
            if not isinstance(value, Mapping) or part not in value:
                raise BundleError(f"{file} has no field {name!r}, which is {meaning(test)}.", _HINT)
            value = value[part]
        if not test(value):
            found = repr(value)
            found = found if len(found) <= 80 else f"{found[:77]}..."
            raise BundleError(f"Field {name!r} of {file} is {meaning(test)}, found {found}.", _HINT)


_HINT = "It was not written by this release of acclimate; restore the run from a copy."


def meaning(test: Test) -> str:
    """Return what passes a test, in words: the first line of its docstring."""
    return (test.__doc__ or test.__name__).splitlines()[0].rstrip(".").removeprefix("Whether it is ")


def is_text(value: Any) -> bool:
    """Whether it is a text."""
    return isinstance(value, str)


def is_text_or_null(value: Any) -> bool:
    """Whether it is a text, or null."""
    return value is None or isinstance(value, str)


def is_hash(value: Any) -> bool:
    """Whether it is a sha256 in hexadecimal."""
    return isinstance(value, str) and _HASH.fullmatch(value) is not None


def is_flag(value: Any) -> bool:
    """Whether it is true or false."""
    return isinstance(value, bool)


def is_count(value: Any) -> bool:
    """Whether it is a whole number from 0 on."""
    return type(value) is int and value >= 0


def is_count_or_null(value: Any) -> bool:
    """Whether it is a whole number from 0 on, or null."""
    return value is None or is_count(value)


def is_number(value: Any) -> bool:
    """Whether it is a finite number."""
    return type(value) in (int, float) and math.isfinite(value)


def is_number_or_null(value: Any) -> bool:
    """Whether it is a finite number, or null."""
    return value is None or is_number(value)


def is_map(value: Any) -> bool:
    """Whether it is an object."""
    return isinstance(value, dict)


def is_map_of_hashes(value: Any) -> bool:
    """Whether it is an object with a sha256 in hexadecimal under each name."""
    return isinstance(value, dict) and all(map(is_hash, value.values()))


def is_map_of_texts(value: Any) -> bool:
    """Whether it is an object with a text under each name."""
    return isinstance(value, dict) and all(map(is_text, value.values()))


def is_map_of_maps(value: Any) -> bool:
    """Whether it is an object with an object under each name."""
    return isinstance(value, dict) and all(map(is_map, value.values()))


def is_map_of_numbers(value: Any) -> bool:
    """Whether it is an object with a finite number under each name."""
    return isinstance(value, dict) and all(map(is_number, value.values()))


def is_labels(value: Any) -> bool:
    """Whether it is a list of different texts that are not empty."""
    texts = isinstance(value, list) and all(isinstance(item, str) and item for item in value)
    return texts and bool(value) and len(set(value)) == len(value)


def is_empty(value: Any) -> bool:
    """Whether it is an empty list."""
    return isinstance(value, list) and not value


def is_texts(value: Any) -> bool:
    """Whether it is a list of texts."""
    return isinstance(value, list) and all(map(is_text, value))


def is_counts(value: Any) -> bool:
    """Whether it is a list of whole numbers from 0 on."""
    return isinstance(value, list) and all(map(is_count, value))


def is_numbers(value: Any) -> bool:
    """Whether it is a list of finite numbers."""
    return isinstance(value, list) and all(map(is_number, value))


def is_numbers_or_null(value: Any) -> bool:
    """Whether it is a list of finite numbers, or null."""
    return value is None or is_numbers(value)


def is_share(value: Any) -> bool:
    """Whether it is a number from 0 to 1."""
    return is_number(value) and bool(0 <= value <= 1)


def is_shares_or_nulls(value: Any) -> bool:
    """Whether it is a list of numbers above 0 and below 1, or nulls."""
    return isinstance(value, list) and all(each is None or (is_number(each) and 0 < each < 1) for each in value)


def is_curves(value: Any) -> bool:
    """Whether it is a list of curves: rising scores, and as many probabilities between 0 and 1 that never fall."""
    return isinstance(value, list) and all(map(_is_curve, value))


def _is_curve(value: Any) -> bool:
    if not isinstance(value, dict) or set(value) != {"scores", "probabilities"}:
        return False
    scores, probabilities = value["scores"], value["probabilities"]
    if not all(isinstance(points, list) and all(map(is_number, points)) for points in (scores, probabilities)):
        return False
    rising = all(low < high for low, high in pairwise(scores))
    steady = all(low <= high for low, high in pairwise(probabilities))
    return 0 < len(scores) == len(probabilities) and rising and steady and all(0 < p < 1 for p in probabilities)


def one_of(*words: str) -> Test:
    """Return the test for one of some words."""

    def test(value: Any) -> bool:
        return value in words

    test.__doc__ = f"Whether it is one of {', '.join(words)}."
    return test
