"""One line that moves: what is being done, how far, how long still."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol


class Bar(Protocol):
    """A progress bar."""

    def update(self, n: float) -> object:
        """Move by `n`."""
        ...

    def set_postfix_str(self, s: str, refresh: bool = True) -> None:
        """Show a text behind the bar."""
        ...


@contextmanager
def bar(title: str, total: int, unit: str, *, shown: bool = True) -> Iterator[Bar]:
    """Show progress on standard error, never on standard output; nothing where `shown` is false."""
    from tqdm import tqdm  # type: ignore[import-untyped]

    with tqdm(
        total=total, desc=title, unit=unit, file=sys.stderr, disable=not shown, mininterval=0.5, leave=False
    ) as shown_bar:
        yield shown_bar


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Silence the loading bars and load reports of transformers inside the block."""
    from transformers.utils import logging

    before = logging.get_verbosity()
    bars: Any = logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(before)
        if bars:
            logging.enable_progress_bar()
