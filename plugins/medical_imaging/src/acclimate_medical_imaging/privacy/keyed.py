"""What stands for identities: all derived from one secret, so that runs agree and only its holder can tell why."""

import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from acclimate.contracts import OptionError, OutputError

SHORTEST_SECRET = 16
MOST_DAYS = 3652  # ten years
DICOM_ROOT = "1.2.840.10008."


@dataclass(frozen=True, kw_only=True)
class Secret:
    """The key of a run; `told` is its text where it was made now and stands in no file."""

    key: bytes = field(repr=False)
    told: str | None = field(default=None, repr=False)


def secret_from(given: str | None, file: Path | None) -> Secret:
    """Return the secret that was given or is in `file`; else make one, and keep it in `file` where that is named.

    Raises:
        OptionError: when both are given, the file cannot be read, or the secret has fewer than 16 characters.
        OutputError: when the file cannot be written.
    """
    if given is not None and file is not None:
        raise OptionError("Both a secret and a file with a secret were given.", "Give one of them.")
    if file is not None and file.exists():
        given = _read(file)
    if given is None:
        made = secrets.token_hex(32)
        if file is not None:
            _keep(made, file)
        return Secret(key=made.encode(), told=None if file is not None else made)
    if len(given) < SHORTEST_SECRET:
        raise OptionError(
            f"The secret has {len(given)} characters, of at least {SHORTEST_SECRET}.",
            "A short one is found by trying all patient numbers; leave it out and one is made.",
        )
    return Secret(key=given.encode())


@dataclass(frozen=True, kw_only=True)
class Patient:
    """What stands for one patient: `name` is both the new Patient ID and the new name."""

    name: str
    days_earlier: int


class Keyed:
    """New UIDs, patients and folder names, by HMAC-SHA256 with the secret."""

    def __init__(self, secret: Secret) -> None:
        self._key = secret.key
        self.uids: dict[str, str] = {}

    def uid(self, old: str) -> str:
        """Return "2.25." and 128 bits of the HMAC of the old UID (PS3.5 B.2); UIDs of the standard stay."""
        if not old or old.startswith(DICOM_ROOT):
            return old
        if old not in self.uids:
            self.uids[old] = f"2.25.{int.from_bytes(self._digest(old)[:16])}"
        return self.uids[old]

    def patient(self, identity: str) -> Patient:
        """Return the pseudonym of a patient, and by how many days (1 to 3652) all of its dates become earlier."""
        return Patient(
            name=f"P-{self._digest(f'patient {identity}').hex()[:16]}",
            days_earlier=1 + int.from_bytes(self._digest(f"days {identity}")[:8]) % MOST_DAYS,
        )

    def folder(self, series: str) -> str:
        """Return the name of the folder of a series."""
        return self._digest(f"series {series}").hex()[:16]

    def _digest(self, message: str) -> bytes:
        return hmac.digest(self._key, message.encode(), "sha256")


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(f"The secret in {file} cannot be read.", "Give a text file.") from error


def _keep(secret: str, file: Path) -> None:
    """Write a new file that only its owner can read."""
    try:
        number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise OutputError(
            f"{file} cannot be written ({error.strerror}).", "Name a file in a folder of yours."
        ) from error
    with os.fdopen(number, "w", encoding="utf-8") as stream:
        stream.write(secret + "\n")
