"""Seconds spent in each stage of a run."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """Adds up wall-clock seconds by stage."""

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self.spent = {"prepare": 0.0, "train": 0.0, "evaluate": 0.0}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the block's seconds under `name`."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.spent[name] = self.spent.get(name, 0.0) + time.perf_counter() - start

    def seconds(self) -> dict[str, float]:
        """Return the seconds of each stage and in total."""
        return {**self.spent, "total": time.perf_counter() - self.started}
