"""What this machine can do: its devices, its memory, and which arithmetic is faster on it."""

import json
import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar
from uuid import uuid4

import torch

Precision = Literal["float32", "bfloat16"]
T = TypeVar("T")
_WORTH = 1.15  # bfloat16 must be this much faster; below, its rounding buys nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic:
    """The precision of matrix products, and why; `ratio` is float32 over bfloat16 time, where measured."""

    precision: Precision
    reason: str
    ratio: float | None = None


def device() -> torch.device:
    """Return the accelerator where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def has_bfloat16() -> bool:
    """Whether the hardware multiplies bfloat16 itself: CUDA from Ampere on, CPUs with AVX512-BF16 or AMX."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, probe, lambda: False)() for probe in probes)


def processor() -> str:
    """Return the name of the processor or accelerator that computes."""
    if torch.cuda.is_available():
        return str(torch.cuda.get_device_name())
    file = Path("/proc/cpuinfo")
    if file.is_file():
        fields = dict(
            [part.strip() for part in line.split(":", 1)] for line in file.read_text().splitlines() if ":" in line
        )
        return " ".join(fields.get(name, "") for name in ("model name", "cpu family", "model", "stepping"))
    return platform.processor() or platform.machine()


def choose_arithmetic(
    wanted: Literal["auto", "float32", "bfloat16"],
    step: Callable[[Precision], object],
    *,
    store: Path,
    key: str,
) -> Arithmetic:
    """Choose the precision for `step`: as asked, or the faster one as measured once on this machine.

    The measurement is kept in `store` under the machine, the torch release and `key`, so that later runs choose
    the same and their results stay comparable.
    """
    if wanted != "auto":
        return Arithmetic(precision=wanted, reason=f"{wanted} was asked for")
    if not has_bfloat16():
        return Arithmetic(precision="float32", reason="the hardware has no bfloat16 arithmetic")
    name = f"{processor()} | torch {torch.__version__} | {torch.get_num_threads()} threads | {key}"
    known = json.loads(store.read_text()) if store.is_file() else {}
    if name not in known:
        known[name] = _ratio(step)
        store.parent.mkdir(parents=True, exist_ok=True)
        partial = store.with_name(f"{store.name}.{uuid4().hex}")
        partial.write_text(json.dumps(known, indent=2))
        os.replace(partial, store)  # noqa: PTH105 - atomic on every platform
    ratio = float(known[name])
    precision: Precision = "bfloat16" if ratio >= _WORTH else "float32"
    return Arithmetic(
        precision=precision, reason=f"measured once: bfloat16 is {ratio:.1f} times as fast here", ratio=ratio
    )


def _ratio(step: Callable[[Precision], object]) -> float:
    spent: dict[Precision, list[float]] = {"float32": [], "bfloat16": []}
    for precision in spent:
        step(precision)  # the first call allocates and chooses kernels
    for _ in range(3):
        for precision, seconds in spent.items():
            seconds.append(seconds_of(partial(step, precision)))
    return statistics.median(spent["float32"]) / statistics.median(spent["bfloat16"])


def seconds_of(work: Callable[[], object]) -> float:
    """Return how long `work` takes, on the accelerator too."""
    return timed(work)[1]


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """Return what `work` does, and how many seconds it takes, on the accelerator too."""
    _finish()
    start = time.perf_counter()
    done = work()
    _finish()
    return done, time.perf_counter() - start


def _finish() -> None:
    """Wait until the accelerator has done what it was given; calls to it return at once."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def peak_memory_bytes() -> int:
    """Return the most memory this process has held: on the accelerator where there is one, else resident."""
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    status = Path("/proc/self/status")
    if status.is_file():  # Linux counts in ru_maxrss also the process that started this one
        own = [line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        if own:
            return int(own[0]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)
