"""Libraries that look for code on a hub when they are imported, imported without it."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec


def import_bitsandbytes() -> None:
    """Import bitsandbytes from its own files alone; nothing happens where it is imported already or not installed.

    On a processor with bfloat16 instructions it asks the package `kernels` for compiled code of a hub while it is
    imported (bitsandbytes 0.50, backends/cpu/ops.py), and warns where that package is missing; its own code does the
    same work. `kernels` is hidden from it, and the warning held back, for the time of this import.
    """
    if "bitsandbytes" not in sys.modules and find_spec("bitsandbytes"):
        with _hidden("kernels"), _silent("bitsandbytes.backends.cpu.ops"):
            import_module("bitsandbytes")


@contextmanager
def _hidden(module: str) -> Iterator[None]:
    """Let every import of a module fail, as if it were not installed."""
    before = sys.modules.get(module)
    sys.modules[module] = None  # type: ignore[assignment]  # what Python gives to modules that must not be found
    try:
        yield
    finally:
        del sys.modules[module]
        if before is not None:
            sys.modules[module] = before


@contextmanager
def _silent(name: str) -> Iterator[None]:
    logger = logging.getLogger(name)
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before
