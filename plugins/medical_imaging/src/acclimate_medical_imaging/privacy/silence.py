"""Messages of pydicom hold values of the file: they stay off the terminal and out of logs."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silent() -> Iterator[None]:
    """Keep what pydicom warns of to itself."""
    log = logging.getLogger("pydicom")  # the loggers of its modules pass their messages up to this one
    before = log.handlers, log.propagate
    log.handlers, log.propagate = [logging.NullHandler()], False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.handlers, log.propagate = before
