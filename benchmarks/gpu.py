"""Tokens per second, model FLOPs utilisation and peak memory on one GPU, against plain PEFT in the same run.

    python benchmarks/gpu.py                   # a few minutes on an H100; writes docs/results/gpu.json
    python benchmarks/gpu.py --tiny            # the same code with tiny shapes, also on the CPU; writes nothing

Model FLOPs utilisation is tokens per second times the operations of a token, over the peak of the device. A token
takes 6 N operations in `full` and 4 N + 6 A in methods with a frozen base, forward and backward, with N weights in
the base's linear layers and head and A weights added; attention takes 12 L h s more (L layers, width h, s tokens).
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

import torch
from acclimate import training
from acclimate.plugins import Host
from gpu_cells import SIZES, Cell, Measured, Side, Steps, measure, refusal, release
from gpu_sides import with_acclimate, with_peft
from recording import record, table

# Dense bfloat16 operations per second, from the data sheets of NVIDIA; the longest name that fits counts.
PEAK = {"H100": 989e12, "H100 PCIe": 756e12, "H200": 989e12, "A100": 312e12}
HEADER = [
    "model",
    "method",
    "attention",
    "layers",
    "tokens/s",
    "plain PEFT",
    "ratio",
    "MFU",
    "plain MFU",
    "peak GB",
    "plain GB",
]
# Both sides start from the same weights; bfloat16 has three digits. PEFT may draw its additions in another order.
START_TOLERANCE, MEAN_TOLERANCE = 0.02, 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Both sides of a cell, or the reason why there are none; `wrong` where that should not have been."""

    cell: Cell
    ours: Measured | None = None
    plain: Measured | None = None
    reason: str = ""
    wrong: bool = False

    @property
    def ratio(self) -> float | None:
        """Median tokens per second over those of plain PEFT."""
        if self.ours is None or self.plain is None:
            return None
        return statistics.median(self.ours.tokens_per_second) / statistics.median(self.plain.tokens_per_second)

    def row(self, peak: float | None) -> list[str]:
        """Return the line of the table."""
        start = [self.cell.size.name, self.cell.method, self.cell.attention]
        start.append("compiled" if self.cell.compiled else "eager")
        if self.ours is None or self.plain is None:
            return [*start, self.reason, *[""] * (len(HEADER) - len(start) - 1)]
        sides = (self.ours, self.plain)
        return [
            *start,
            *(_rate(side) for side in sides),
            f"{self.ratio:.3f}{' (work differs)' if self.wrong else ''}",
            *(_utilisation(side, peak) for side in sides),
            *("" if side.peak_bytes is None else f"{side.peak_bytes / 1e9:.1f}" for side in sides),
        ]

    def raw(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "cell": str(self.cell),
            "batch": self.cell.size.batch,
            "tokens": self.cell.size.tokens,
            "ratio": self.ratio,
            "reason": self.reason,
            **{name: side and asdict(side) for name, side in (("acclimate", self.ours), ("peft", self.plain))},
        }


def run_pair(cell: Cell, host: Host, steps: Steps) -> Pair:
    """Measure both sides, one after the other; each has the device to itself."""
    reason = refusal(cell, host)
    if reason:
        return Pair(cell=cell, reason=reason)
    ours, reason = _try(cell, partial(with_acclimate, host), steps)
    if ours is None:
        return Pair(cell=cell, reason=f"Acclimate failed: {reason}", wrong=True)
    plain, reason = _try(cell, with_peft, steps)
    if plain is None:
        return Pair(cell=cell, ours=ours, reason=f"plain PEFT failed: {reason}", wrong=True)
    reason = _difference(ours, plain)
    return Pair(cell=cell, ours=ours, plain=plain, reason=reason, wrong=bool(reason))


def _try(cell: Cell, make: Callable[[Cell], Side], steps: Steps) -> tuple[Measured | None, str]:
    """Return the measurement, or the first line of what device or compiler said; the other cells still run."""
    try:
        return measure(cell, make, steps), ""
    except RuntimeError as error:
        return None, f"{type(error).__name__}: {str(error).strip().splitlines()[0][:120]}"
    finally:
        release()


def _difference(ours: Measured, plain: Measured) -> str:
    """Return in what the two sides did not do the same work, or ""."""
    found = []
    if ours.trained != plain.trained:
        found.append(f"{ours.trained} and {plain.trained} parameters train")
    if abs(ours.start_loss - plain.start_loss) > START_TOLERANCE:
        found.append(f"losses start at {ours.start_loss:.3f} and {plain.start_loss:.3f}")
    if not abs(ours.mean_loss - plain.mean_loss) <= MEAN_TOLERANCE * plain.mean_loss:
        found.append(f"mean losses are {ours.mean_loss:.3f} and {plain.mean_loss:.3f}")
    return "; ".join(found)


def _rate(side: Measured) -> str:
    values = side.tokens_per_second
    return f"{statistics.median(values):,.0f} ({min(values):,.0f} to {max(values):,.0f})"


def _utilisation(side: Measured, peak: float | None) -> str:
    if peak is None:
        return ""
    return f"{statistics.median(side.tokens_per_second) * side.flops_per_token / peak:.1%}"


def peak_of(processor: str) -> float | None:
    """Return the peak dense bfloat16 operations per second of a device, or None where the table has none."""
    found = [name for name in PEAK if all(word in processor for word in name.split())]
    return PEAK[max(found, key=len)] if found else None


def cells(sizes: Sequence[str], methods: Sequence[str], *, compiled: bool) -> Iterator[Cell]:
    """Yield the cells, those that take long to compile last."""
    attentions = ["sdpa"]
    if torch.cuda.is_available() and find_spec("flash_attn"):
        attentions.append("flash_attention_2")
    for compile_layers in (False, True) if compiled else (False,):
        for size in sizes:
            for method in methods:
                for attention in attentions:
                    yield Cell(size=SIZES[size], method=method, attention=attention, compiled=compile_layers)


def run(chosen: Sequence[Cell], steps: Steps, budget_seconds: float) -> list[Pair]:
    """Measure the cells, printing each as it is done; those that the budget leaves no time for are named."""
    host, start, pairs = Host(discover=False), time.perf_counter(), []
    for cell in chosen:
        spent = time.perf_counter() - start
        if spent > budget_seconds:
            pairs.append(Pair(cell=cell, reason=f"not started: {budget_seconds:.0f} s are over"))
        else:
            pairs.append(run_pair(cell, host, steps))
        print(f"{time.perf_counter() - start:.0f} s {json.dumps(pairs[-1].raw())}", flush=True)
    return pairs


def write(pairs: Sequence[Pair], steps: Steps) -> None:
    """Record the table, and print what differed between the sides."""
    ratios = [pair.ratio for pair in pairs if pair.ratio is not None]
    record(
        "gpu",
        title="Language models on one GPU, against plain PEFT",
        claim=f"Median ratio {statistics.median(ratios):.3f} of tokens per second (Acclimate over plain PEFT, the "
        f"same batch, length, optimizer and precision, one after the other): {steps.blocks} repetitions of "
        f"{steps.block} steps after {steps.warmup}, median and range. Llama shapes with random weights. MFU is model "
        "FLOPs utilisation; the script defines it.",
        header=HEADER,
        rows=[pair.row(peak_of(training.processor())) for pair in pairs],
        raw={"cells": [pair.raw() for pair in pairs], "libraries": _libraries()},
    )


def _libraries() -> dict[str, str]:
    found = {"cuda": str(torch.version.cuda)}
    for name in ("accelerate", "bitsandbytes", "flash-attn", "peft", "triton"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def main() -> int:
    """Measure, and record where there is a GPU."""
    parser = argparse.ArgumentParser(description="Acclimate against plain PEFT on one GPU.")
    parser.add_argument("--methods", default="full,lora,qlora", help="separated by commas")
    parser.add_argument("--sizes", default="1B,8B", help="separated by commas")
    parser.add_argument("--tiny", action="store_true", help="tiny shapes, on the CPU too; nothing is recorded")
    parser.add_argument("--eager-only", action="store_true", help="compile nothing")
    parser.add_argument("--block", type=int, default=10, help="steps of a repetition")
    parser.add_argument("--blocks", type=int, default=5, help="repetitions")
    parser.add_argument("--budget-seconds", type=float, default=460, help="no cell is started after these")
    arguments = parser.parse_args()
    if not (arguments.tiny or torch.cuda.is_available()):
        print("skipped: no CUDA device")
        return 0
    if torch.cuda.device_count() > 1:
        parser.error("one GPU is measured; set CUDA_VISIBLE_DEVICES to one of them")
    steps = Steps(warmup=9, block=arguments.block, blocks=arguments.blocks)
    sizes = ["tiny"] if arguments.tiny else arguments.sizes.split(",")
    chosen = list(cells(sizes, arguments.methods.split(","), compiled=not arguments.eager_only))
    with training.quiet_libraries():
        pairs = run(chosen, steps, arguments.budget_seconds)
    if arguments.tiny or not any(pair.ratio for pair in pairs):
        print(table(HEADER, [pair.row(None) for pair in pairs]))
    else:
        write(pairs, steps)
    wrong = [f"{pair.cell}: {pair.reason}" for pair in pairs if pair.wrong]
    print("\n".join(wrong), file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
