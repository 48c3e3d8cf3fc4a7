"""What can go wrong with a server, said without naming a patient."""

from hashlib import sha256

from acclimate.contracts import AcclimateError


class ServerError(AcclimateError, ConnectionError):
    """A DICOMweb server is down, slow, refuses, or answers what it should not.

    `status` is the HTTP status it answered with, where it did. Neither message nor hint holds a patient's name or
    id, a UID, or anything of the answer: instances are named by the start of the sha256 of their UID.
    """

    def __init__(self, message: str, hint: str = "", *, status: int | None = None) -> None:
        super().__init__(message, hint)
        self.status = status


class UnreadableAnswerError(ServerError):
    """A DICOMweb server answered, and what it answered is not in the form it should have."""


def hashed(uid: str) -> str:
    """Return the name of a UID in messages: eight hexadecimal digits."""
    return sha256(uid.encode()).hexdigest()[:8]
