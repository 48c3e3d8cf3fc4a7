"""Libraries that would log addresses and values, kept from it while a request runs."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from acclimate_medical_imaging.quiet import quiet

# They log URLs, whose query may name a patient and whose path holds UIDs; retrying logs tracebacks of them.
_TALKATIVE = (
    "dicomweb_client.web",
    "dicomweb_client.uri",
    "retrying",
    "urllib3.connectionpool",
    "urllib3.util.retry",
)


@contextmanager
def unlogged() -> Iterator[None]:
    """Keep the HTTP libraries and pydicom from logging and warning, whatever the level, until the block ends."""

    def nothing(_: logging.LogRecord) -> bool:
        return False

    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(nothing)
    try:
        with quiet():
            yield
    finally:
        for name in _TALKATIVE:
            logging.getLogger(name).removeFilter(nothing)
