"""Names for patients and files that tell nothing about them, the same on this machine each time."""

import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from acclimate.contracts import OptionError, cache_folder

VARIABLE = "ACCLIMATE_PSEUDONYM_KEY"
_FILE = "pseudonym-key"
_FEWEST = 16  # characters of a key
_DIGITS = 16  # of a pseudonym: 64 bits, which repeat by chance once in four thousand million files


@dataclass(frozen=True, slots=True, kw_only=True)
class Pseudonyms:
    """Keyed pseudonyms (HMAC-SHA256, RFC 2104): without the key, a name cannot be tried against them."""

    key: bytes

    def of(self, kind: str, value: str) -> str:
        """Return the pseudonym of a value, such as "patient-6f1d5a0c…" of kind "patient"."""
        digest = hmac.digest(self.key, f"{kind}\0{value}".encode(), "sha256").hex()
        return f"{kind}-{digest[:_DIGITS]}"


def pseudonyms() -> Pseudonyms:
    """Return the pseudonyms of this machine's key.

    The key is in ACCLIMATE_PSEUDONYM_KEY, where several machines are to give the same; else it is made once and
    kept in the cache folder, readable for this user alone.

    Raises:
        OptionError: when the variable holds fewer than 16 characters.
    """
    given = os.environ.get(VARIABLE)
    if given is not None and len(given) < _FEWEST:
        raise OptionError(
            f"{VARIABLE} has {len(given)} characters, and {_FEWEST} are needed.",
            "Make one: python -c 'import secrets; print(secrets.token_hex())'.",
        )
    return Pseudonyms(key=given.encode() if given else _kept(cache_folder() / _FILE))


def _kept(file: Path) -> bytes:
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_bytes()
    with os.fdopen(handle, "wb") as stream:
        stream.write(secrets.token_bytes(32))
    return file.read_bytes()
