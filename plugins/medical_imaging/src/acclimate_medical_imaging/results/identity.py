"""What a result says of itself: the model that made it, its codes, and that it is not for diagnostic use."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from acclimate.contracts import OptionError

NOT_FOR_DIAGNOSTIC_USE = "Research result of a model. Not for diagnostic use."
UTF_8 = "ISO_IR 192"  # labels are in any language
SCHEME = "99ACCLIMATE"  # private: names that begin with 99 are no one's (PS3.16, section 8.2)
_LONGEST = 64  # LO, PS3.5 table 6.2-1
_CODE = re.compile(r"[^\\\x00-\x1f]{1,16}")  # SH
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """A coded concept: `Concept(value="233604007", scheme="SCT", meaning="Pneumonia")`.

    Raises:
        OptionError: when a part is empty, or longer than DICOM holds: 16 characters for value and scheme, 64 for the
            meaning.
    """

    value: str
    scheme: str
    meaning: str

    def __post_init__(self) -> None:
        check_text("The meaning of a concept", self.meaning)
        for part in (self.value, self.scheme):
            if not _CODE.fullmatch(part):
                raise OptionError(
                    f"Value and scheme of a concept are 1 to 16 characters without a backslash, found {part!r}.",
                    "Give a code of a terminology, such as SCT or DCM.",
                )


def label_concept(label: str) -> Concept:
    """Return the concept of a label that no terminology was named for: private, the same wherever it is written.

    Raises:
        OptionError: when the label is empty or longer than 64 characters.
    """
    check_text("A label", label)
    return Concept(value=f"L-{sha256(label.encode()).hexdigest()[:12]}", scheme=SCHEME, meaning=label)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelIdentity:
    """Which model made a result: its name, its version, and the sha256 of the saved run it was loaded from.

    Raises:
        OptionError: when a text is empty or longer than 64 characters, or the hash is none.
    """

    name: str
    version: str
    bundle_sha256: str

    def __post_init__(self) -> None:
        check_text("The name of a model", self.name)
        check_text("The version of a model", self.version)
        if not _SHA256.fullmatch(self.bundle_sha256):
            raise OptionError(
                f"bundle_sha256 is 64 hexadecimal digits, found {self.bundle_sha256!r}.",
                "It is the last entry of a run's manifest.json; ModelIdentity.of(load(run).manifest) finds it.",
            )

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> "ModelIdentity":
        """Return the identity of a saved run: `ModelIdentity.of(load(folder).manifest)`.

        The name is that of its preset and backbone, the version the release of acclimate that wrote it.
        """
        from acclimate.bundle import seal_of

        return cls(
            name=f"{manifest['preset']} ({manifest['backbone']['name']})"[:_LONGEST],
            version=manifest["acclimate"],
            bundle_sha256=seal_of(manifest),
        )


def check_text(what: str, text: str) -> None:
    """Pass when a text fits an attribute of value representation LO.

    Raises:
        OptionError: otherwise.
    """
    if not text.strip() or len(text) > _LONGEST or "\\" in text or not text.isprintable():
        raise OptionError(
            f"{what} is 1 to {_LONGEST} printable characters without a backslash in DICOM, found {text!r}.",
            "Give a shorter one, or a concept of a terminology for it.",
        )
