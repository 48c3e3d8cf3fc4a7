"""One run of a comparison, in a process of its own, and its result in a file that is read when resuming."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from acclimate import bundle, evaluation
from acclimate.api.adapting import ask, run
from acclimate.api.command import arguments_of
from acclimate.api.request import Request
from acclimate.contracts import AcclimateError, BundleError, cache_folder
from acclimate.plugins import Host, default_host

_FILE = "result.json"
_PROGRAM = "from acclimate.api.measuring import main; main()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A finished run, or the `reason` why there is none.

    `seconds` is the whole run by the clock, `peak_memory_bytes` None where other runs shared the process.
    """

    reason: str = ""
    report: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    peak_memory_bytes: int | None = None
    bundle_bytes: int = 0
    test_rows: evaluation.ScoredRows | None = None


def read_result(folder: Path) -> Result | None:
    """Return the result kept in `folder`; None where there is none.

    Raises:
        BundleError: when the file is damaged.
    """
    file = folder / _FILE
    if not file.is_file():
        return None
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        test_rows = found.pop("test_rows")
        if test_rows is not None:
            test_rows["truth"] = np.asarray(test_rows["truth"], dtype=np.int64)
            test_rows["scores"] = np.asarray(test_rows["scores"], dtype=np.float64)
            test_rows = evaluation.ScoredRows(**test_rows)
        return Result(**found, test_rows=test_rows)
    except (ValueError, TypeError, KeyError) as error:
        raise BundleError(f"{file} is damaged: {error}.", f"Remove {folder} to repeat the run.") from error


def measure(host: Host, request: Request, folder: Path, *, alone: bool, shown: bool) -> None:
    """Do a run and write its result, or why it failed, into `folder`.

    `alone` says that this process does nothing else, so that its peak memory is that of the run.
    """
    shutil.rmtree(request.output, ignore_errors=True)  # of a run that was interrupted before its result was written
    started = time.perf_counter()
    try:
        done = run(host, request, shown=shown)
    except AcclimateError as error:
        result = Result(reason=" ".join((str(error), *getattr(error, "__notes__", ()))))
    else:
        result = Result(
            report=done.report.to_dict(),
            seconds=time.perf_counter() - started,
            peak_memory_bytes=done.report.peak_memory_bytes if alone else None,
            bundle_bytes=sum(file.stat().st_size for file in done.output.rglob("*") if file.is_file()),
            test_rows=done.test_rows,
        )
    with bundle.writing(folder) as partial:
        text = json.dumps(asdict(result), default=np.ndarray.tolist, ensure_ascii=False)
        (partial / _FILE).write_text(text, encoding="utf-8")


def measure_separately(request: Request, folder: Path, *, shown: bool) -> int:
    """Do `measure` in a new process and return its exit status; below 0 it is the signal that ended it.

    Features are computed anew, so that the seconds of a run do not depend on the runs before it.
    """
    asked = {**arguments_of(request), "output": str(request.output)}
    with _empty_cache() as cache:
        return subprocess.run(
            [sys.executable, "-P", "-c", _PROGRAM],
            input=json.dumps({"request": asked, "folder": str(folder), "shown": shown}),
            stdout=2,  # standard output is for what compare itself prints
            text=True,
            check=False,
            env={**os.environ, "ACCLIMATE_CACHE": str(cache)},
        ).returncode


def main() -> None:
    """Do the run that standard input describes."""
    task = json.load(sys.stdin)
    output = Path(task["request"].pop("output"))
    host = default_host()
    # The output of an interrupted run may still be there, which `ask` would refuse.
    request = replace(ask(host, **task["request"], output=output / "new"), output=output)
    measure(host, request, Path(task["folder"]), alone=True, shown=task["shown"])


@contextmanager
def _empty_cache() -> Iterator[Path]:
    """Give a cache that knows only which arithmetic is fast here, and keep what the run learns about that."""
    shared = cache_folder()
    shared.mkdir(parents=True, exist_ok=True)
    known = shared / "precision.json"
    with TemporaryDirectory(prefix="compare-", dir=shared) as folder:
        own = Path(folder) / known.name
        if known.is_file():
            shutil.copyfile(known, own)
        yield Path(folder)
        if own.is_file():
            os.replace(own, known)  # noqa: PTH105 - atomic on every platform
