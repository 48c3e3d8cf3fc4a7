"""The errors a user can meet: each says what was expected, what was found and what to do next."""

from collections.abc import Iterable
from difflib import get_close_matches


class AcclimateError(Exception):
    """Base of every error that Acclimate raises on purpose.

    `str(error)` is the message followed by the hint; `message` and `hint` are also kept apart for `--json`.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint


class DataError(AcclimateError, ValueError):
    """The rows, files or columns that were given cannot be used as they are."""


class OptionError(AcclimateError, ValueError):
    """An option has a value that does not fit."""


class UnknownNameError(AcclimateError, LookupError):
    """A preset, method, backbone, metric or column of that name does not exist."""


class PluginError(AcclimateError, ImportError):
    """A plugin did not load, or broke while it was used."""


class MissingPackageError(AcclimateError, ImportError):
    """An optional package is needed; the hint is the command that installs it."""


class BackboneError(AcclimateError, ValueError):
    """Pretrained weights are missing, damaged, or do not belong to the architecture."""


class OutputError(AcclimateError, OSError):
    """The output folder cannot be written: it exists, the disk is full, or it is not a folder."""


class BundleError(AcclimateError, ValueError):
    """A saved run is incomplete, was changed after it was written, or does not reproduce its model."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a hint that names the closest known names, or all of them when none is close."""
    names = sorted(set(known))
    if not names:
        return "There are none."
    close = get_close_matches(name, names, n=3, cutoff=0.6)
    # A bare name ("clauses") is closest to the qualified name it ends.
    close = close or [known for known in names if known.rpartition("/")[2] == name]
    if close:
        return f"Did you mean {' or '.join(repr(match) for match in close)}?"
    return f"Known: {', '.join(names)}."
