"""highdicom, imported when it is first needed."""

from importlib import import_module
from typing import Any

from acclimate.contracts import MissingPackageError


def highdicom() -> Any:
    """Return the module highdicom, with its parts `seg` and `sr`.

    Raises:
        MissingPackageError: when it is not installed.
    """
    try:
        return import_module("highdicom")
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            f"DICOM segmentations and reports need the package {error.name!r}, which is not installed.",
            "Install it: pip install 'acclimate-medical-imaging[results]'.",
        ) from error
