"""The runs of a comparison, one after the other: which are done, which may start, and how each one ended."""

import shutil
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from acclimate.api.measuring import Result, measure, measure_separately, read_result
from acclimate.api.request import Request
from acclimate.plugins import Host

Results = Mapping[tuple[str, int], Result | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How runs are done: `folder` is the comparison's.

    `separate` gives each run a process of its own. No run starts that would not be done by `ends`, in seconds of the
    monotonic clock.
    """

    host: Host
    folder: Path
    separate: bool
    shown: bool
    ends: float | None

    def run(self, requests: Mapping[str, Request], seeds: int) -> Results:
        """Return by method and seed what is known of each run: its result, or why it was not started.

        `requests` are by the method as it was written, with any seed and output.

        All methods take their turn with the first seed, then with the next, so that a budget leaves methods that can
        be compared.
        """
        results: dict[tuple[str, int], Result | str] = {}
        for seed in range(seeds):
            for method, request in requests.items():
                results[method, seed] = self._kept(method, seed) or self._attempt(method, request, seed, results)
        return results

    def _attempt(self, method: str, request: Request, seed: int, results: Results) -> Result | str:
        found = self._hindrance(method, results) or self._do(method, request, seed)
        self._tell(method, seed, found if isinstance(found, str) else found.reason or "done")
        return found

    def _kept(self, method: str, seed: int) -> Result | None:
        """Return the result of an earlier call; a run that failed is tried again."""
        folder = self.folder / "results" / _name(method, seed)
        result = read_result(folder)
        if result is not None and result.reason:
            shutil.rmtree(folder)
            return None
        return result

    def _hindrance(self, method: str, results: Results) -> str:
        done = {key: result for key, result in results.items() if isinstance(result, Result)}
        own = [result for (name, _), result in done.items() if name == method]
        if any(result.reason for result in own):
            return "not started, since it failed with another seed"
        if self.ends is None:
            return ""
        left = self.ends - time.monotonic()
        longest = max((result.seconds for result in own or done.values()), default=0.0)
        if left > longest:
            return ""
        if left <= 0:
            return "not started, since the budget was used up"
        return f"not started, since it takes about {longest:.0f} s and {left:.0f} s of the budget were left"

    def _do(self, method: str, request: Request, seed: int) -> Result:
        name, folder = _name(method, seed), self.folder
        request = replace(request, settings=replace(request.settings, seed=seed), output=folder / "runs" / name)
        self._tell(method, seed, "running")
        status = 0
        if self.separate:
            status = measure_separately(request, folder / "results" / name, shown=self.shown)
        else:
            measure(self.host, request, folder / "results" / name, alone=False, shown=self.shown)
        return read_result(folder / "results" / name) or Result(reason=_ending(status))

    def _tell(self, method: str, seed: int, what: str) -> None:
        if self.shown:
            sys.stderr.write(f"{method}, seed {seed}: {what}\n")


def _name(method: str, seed: int) -> str:
    """Return the name of a run's folders; a colon could not stand in it on Windows."""
    return f"{method.replace(':', '+')}-seed-{seed}"


def _ending(status: int) -> str:
    if status == -signal.SIGKILL:
        return "Its process was killed, most often for want of memory."
    return f"Its process ended with status {status}; standard error has its last words."
