"""Attributes matched on this side: exactly, by wildcards, lists of UIDs and ranges of dates (PS3.4, C.2.2.2)."""

import re
from collections.abc import Mapping
from typing import Any

from pydicom.datadict import dictionary_VR, tag_for_keyword

from acclimate_medical_imaging.web.errors import ServerError

_RANGES = ("DA", "TM", "DT")


def asked_for(filters: Mapping[str, str]) -> dict[str, str]:
    """Return the values to ask a server for: at least what is wanted, in characters that no address encodes.

    Servers are known that take `%20` for what it says (Orthanc 1.10.1): a wildcard stands for whatever an address
    would encode, and `Filter` leaves out what that lets in.
    """
    return {keyword: _plain(keyword, value) for keyword, value in filters.items()}


def _plain(keyword: str, value: str) -> str:
    kind = dictionary_VR(keyword)
    if kind == "UI":
        return value.replace("\\", ",")
    return value if kind in _RANGES else re.sub(r"[^A-Za-z0-9._~-]+", "*", value)


class Filter:
    """Tells which results match, and whether the server told what they are chosen by."""

    def __init__(self, filters: Mapping[str, str]) -> None:
        self._filters = {f"{tag_for_keyword(keyword):08X}": (keyword, value) for keyword, value in filters.items()}
        self._told: set[str] = set()
        self._asked = False

    def matches(self, result: Mapping[str, Any]) -> bool:
        """Return whether a result has, for every attribute, one value that matches."""
        self._asked = True
        self._told.update(tag for tag in self._filters if tag in result)
        return all(
            any(_matches(keyword, wanted, value) for value in _values(result.get(tag)))
            for tag, (keyword, wanted) in self._filters.items()
        )

    def check_told(self) -> None:
        """Pass when there was no result, or each attribute was in one of them.

        Raises:
            ServerError: otherwise: nothing was left of results that might well match.
        """
        silent = [keyword for tag, (keyword, _) in self._filters.items() if tag not in self._told]
        if self._asked and silent:
            raise ServerError(
                f"The server does not tell {', '.join(silent)} of its series, so they cannot be chosen by it.",
                "Choose by other attributes.",
            )


def _values(element: Any) -> list[str]:
    values = (element or {}).get("Value") or []
    return [
        str(value.get("Alphabetic", "") if isinstance(value, dict) else value)
        for value in values
        if value is not None
    ]


def _matches(keyword: str, wanted: str, value: str) -> bool:
    kind = dictionary_VR(keyword)
    if kind == "UI":
        return value in re.split(r"[\\,]", wanted)
    if kind in _RANGES and "-" in wanted:
        first, _, last = wanted.partition("-")
        return (not first or value >= first) and (not last or value[: len(last)] <= last)
    pattern = "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in wanted.strip())
    # Names may be matched without regard to case (PS3.4, C.2.2.2.1); all else is as it is written.
    return re.fullmatch(pattern, value.strip(), re.IGNORECASE if kind == "PN" else 0) is not None
