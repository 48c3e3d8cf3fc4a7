"""Libraries that would log addresses, kept from it while a request runs."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

# They log URLs, whose query may name a patient and whose path holds UIDs; retrying logs tracebacks of them.
_TALKATIVE = (
    "dicomweb_client.web",
    "dicomweb_client.uri",
    "retrying",
    "urllib3.connectionpool",
    "urllib3.util.retry",
)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the HTTP libraries from logging, whatever the level, until the block ends."""

    def nothing(_: logging.LogRecord) -> bool:
        return False

    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(nothing)
    try:
        yield
    finally:
        for name in _TALKATIVE:
            logging.getLogger(name).removeFilter(nothing)
