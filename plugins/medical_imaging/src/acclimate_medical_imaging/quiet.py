"""pydicom kept from saying what malformed headers hold: its warnings and logs may quote values of a patient."""

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

_LOGGER = "pydicom"


class _Quiet:
    """Warnings and logs turned off while any thread is inside, and as they were after the last has left."""

    def __init__(self) -> None:
        self.lock, self.inside, self.undo = threading.Lock(), 0, ExitStack()

    def enter(self) -> None:
        with self.lock:
            self.inside += 1
            if self.inside == 1:
                self.undo.enter_context(warnings.catch_warnings())
                warnings.simplefilter("ignore")
                logger = logging.getLogger(_LOGGER)
                self.undo.callback(logger.setLevel, logger.level)
                logger.setLevel(logging.CRITICAL + 1)

    def leave(self) -> None:
        with self.lock:
            self.inside -= 1
            if self.inside == 0:
                self.undo.close()


_quiet = _Quiet()


@contextmanager
def quiet() -> Iterator[None]:
    """Turn off what pydicom and its decoders say of malformed files: what matters is raised."""
    _quiet.enter()
    try:
        yield
    finally:
        _quiet.leave()
