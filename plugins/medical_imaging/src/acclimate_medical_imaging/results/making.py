"""highdicom, imported when it is first needed, and kept from naming patients."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from acclimate.contracts import AcclimateError, DataError, MissingPackageError

from acclimate_medical_imaging.quiet import quiet


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


@contextmanager
def making(what: str) -> Iterator[None]:
    """Turn what highdicom refuses within the block into an error that says so.

    What pydicom and highdicom say meanwhile is held back: it quotes names of patients that have one part only, values
    of another form than today's, and UIDs.

    Raises:
        DataError: when the images cannot carry such an object; the cause, which may quote their values, is chained.
    """
    log = logging.getLogger("highdicom.base")
    log.addFilter(_says_nothing)
    try:
        with quiet():
            yield
    except AcclimateError:
        raise
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        raise DataError(
            f"{what} cannot be made of these images: {type(error).__name__} in highdicom.",
            "Their kind, or an attribute they have or lack, is not one it can refer to; see the cause.",
        ) from error
    finally:
        log.removeFilter(_says_nothing)


def _says_nothing(_: logging.LogRecord) -> bool:
    return False
