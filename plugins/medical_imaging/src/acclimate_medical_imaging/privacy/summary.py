"""What a run of de-identification did."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from acclimate.contracts import DataError

STATEMENT = "Aids de-identification; not a certification."


class LeftOutError(DataError):
    """A file is not written; the message says why, in words that hold nothing of the file."""


class QuarantinedError(LeftOutError):
    """A file is not written because people may be named in its pixels."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """A written file: pseudonym of the patient, folder of the series, and whether its pixels are known clean."""

    patient: str
    series: str
    claimed: bool


@dataclass(frozen=True, kw_only=True)
class Unwritten:
    """A file of the source that is not in the output. Its path, relative to the source, may itself name a patient."""

    path: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Deidentified:
    """What was written, and what was not.

    `not_claimed` counts written files whose Patient Identity Removed is NO, because their pixels may hold text.
    `secret` is there once, where it was made in this run and no file for it was named: it is stored nowhere.
    """

    output: Path
    written: int
    not_claimed: int
    patients: int
    series: int
    uids: int
    left_out: tuple[Unwritten, ...]
    quarantined: tuple[Unwritten, ...]
    profile: str
    options: tuple[str, ...]
    edition: str
    clean_pixels: tuple[tuple[int, int, int, int], ...]
    secret: str | None = field(default=None, repr=False)


def counts(done: Deidentified) -> dict[str, Any]:
    """Return what may be written beside the files: numbers, options and reasons; no path and no secret."""
    return {
        "statement": STATEMENT,
        "profile": f"DICOM PS3.15 {done.edition}, {done.profile}",
        "options": list(done.options),
        "clean_pixels": [list(rectangle) for rectangle in done.clean_pixels],
        "written": done.written,
        "patient_identity_removed_not_claimed": done.not_claimed,
        "patients": done.patients,
        "series": done.series,
        "uids": done.uids,
        "left_out": reasons(done.left_out),
        "quarantined": reasons(done.quarantined),
    }


def reasons(files: Iterable[Unwritten]) -> dict[str, int]:
    """Return how many files there are for each reason, most frequent first."""
    return dict(Counter(file.reason for file in files).most_common())
