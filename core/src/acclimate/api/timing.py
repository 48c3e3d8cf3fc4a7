"""How long a saved run, and its ONNX file, take for one item and for many, measured on this machine."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from acclimate import training
from acclimate.api import own_rows
from acclimate.api.manifest import task_of
from acclimate.api.predictor import load
from acclimate.api.timed_steps import COMPUTE, Steps, steps_of_file, steps_of_run
from acclimate.contracts import OptionError
from acclimate.plugins import Host, default_host

TASKS = ("text-classification", "image-classification", "anomaly-detection")
REPEATS, BATCH = 200, 16
_FEWEST, _WARM_UP = 20, 10
_ITEMS = 32
_BATCHES = 5
# Ways are timed in turns of so many items, so that what else the machine does falls on all of them.
_TURN = 10
WHOLE = "whole"
_NAME_ROWS = "Name rows like them: acclimate latency RUN ROWS."


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Milliseconds of one item over all repeats: the half that is fastest stays below `p50`, 99 % below `p99`."""

    p50: float
    p99: float
    longest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """One way to predict: `what` is "run" or the name of a file.

    `milliseconds` of one item are by step, and "whole" from the first to the last: "open" reads and decodes an image,
    "prepare" resizes it or makes tokens, "compute" is the network (of the file of parts all that follows), "decide"
    what is made of its numbers. `per_second` is the number of items in batches from the first step to the last,
    `computed_per_second` of the network alone.
    """

    what: str
    milliseconds: Mapping[str, Spread]
    per_second: float
    computed_per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """What was measured, of what and where; `rows` different ones took turns over `repeats` of each way."""

    run: Path
    task: str
    rows: int
    repeats: int
    warm_up: int
    batch: int
    batches: int
    threads: int
    processor: str
    device: str
    precision: str
    timed: tuple[Timed, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {**asdict(self), "run": str(self.run), "timed": [asdict(each) for each in self.timed]}

    def __str__(self) -> str:
        lines = [f"{'':<26}{'p50 ms':>10}{'p99 ms':>10}{'longest':>10}"]
        for each in self.timed:
            steps = [name for name in each.milliseconds if name != WHOLE]
            for name in (WHOLE, *steps):
                spread, what = each.milliseconds[name], each.what if name == WHOLE else f"  {name}"
                lines.append(f"{what:<26}{spread.p50:>10.2f}{spread.p99:>10.2f}{spread.longest:>10.2f}")
            lines.append(
                f"  {each.per_second:,.1f} a second in batches of {self.batch} "
                f"({each.computed_per_second:,.1f} by compute alone)"
            )
        noun = "texts" if self.task.startswith("text") else "images"
        lines.append(
            f"one at a time, {self.repeats} repeats after {self.warm_up} to warm up, {self.batches} batches, over "
            f"{self.rows} {noun}; {self.threads} threads, run on {self.device} in {self.precision}, files on cpu; "
            f"{self.processor}"
        )
        return "\n".join(lines)


def latency(
    folder: str | Path,
    source: str | Path | None = None,
    *,
    onnx: Sequence[str | Path] = (),
    repeats: int = REPEATS,
    batch: int = BATCH,
    threads: int | None = None,
    host: Host | None = None,
) -> Latency:
    """Return how long a saved run takes for one text or image, and how many it does in a second in batches.

    What is timed is what `predict` does, from the path of an image or a text to the prediction, step by step. Files
    are read from the system's memory once they were read. All ways are timed in turns on the same rows.

    Args:
        folder: a saved run that sorts single texts or images into labels, or inspects parts.
        source: rows to predict, at most 32 of which are taken; test rows of the run when left out.
        onnx: files that were exported from the run, which are timed beside it in onnxruntime.
        repeats: how often one item is predicted; of 200 two are slower than p99.
        batch: items at once where a second's worth is counted.
        threads: of the processor, those that torch takes when left out.
        host: the plugins to use; those installed when left out.

    Raises:
        OptionError: for a run of another task, a file of another run, and numbers that cannot be.
        DataError: when the run's own rows are not at hand, or a row or file cannot be read.
    """
    for name, value, least in (
        ("repeats", repeats, _FEWEST),
        ("batch", batch, 1),
        ("threads", 1 if threads is None else threads, 1),
    ):
        if value < least:
            raise OptionError(f"{name} is {least} or more, found {value}.", f"Leave {name} out.")
    task = task_of(Path(folder))
    if task not in TASKS:
        raise OptionError(f"Latency is measured of {', '.join(TASKS)}, found a run for {task}.", "Name another run.")
    host = host or default_host()
    predictor = load(folder, host=host)
    with _threads(threads) as count, ExitStack() as stack:
        ways = {"run": steps_of_run(predictor)}
        ways |= {Path(file).name: steps_of_file(predictor, Path(file), count) for file in onnx}
        rows = stack.enter_context(own_rows.items(host, predictor, source, _NAME_ROWS, halved=False))
        items = own_rows.spread(rows["test"], _ITEMS)
        single = _singles(ways, items, repeats)
        many = {what: _batches(steps, items, batch) for what, steps in ways.items()}
    return Latency(
        run=Path(folder),
        task=task,
        rows=len(items),
        repeats=repeats,
        warm_up=_WARM_UP,
        batch=batch,
        batches=_BATCHES,
        threads=count,
        processor=training.processor(),
        device=training.device().type,
        precision=predictor.precision,
        timed=tuple(
            Timed(
                what=what,
                milliseconds={name: _spread(values) for name, values in single[what].items()},
                per_second=_BATCHES * batch / sum(many[what][WHOLE]),
                computed_per_second=_BATCHES * batch / sum(many[what][COMPUTE]),
            )
            for what in ways
        ),
    )


def _singles(ways: Mapping[str, Steps], items: Sequence[Any], repeats: int) -> dict[str, dict[str, list[float]]]:
    """Return the seconds of each way and step, one item at a time, in turns."""
    for steps in ways.values():
        _timed_steps(steps, ([item] for item in islice(cycle(items), _WARM_UP)))
    found: dict[str, dict[str, list[float]]] = {what: {} for what in ways}
    order = {what: cycle(items) for what in ways}
    for start in range(0, repeats, _TURN):
        for what, steps in ways.items():
            some = islice(order[what], min(_TURN, repeats - start))
            for name, seconds in _timed_steps(steps, ([item] for item in some)).items():
                found[what].setdefault(name, []).extend(seconds)
    return found


def _batches(steps: Steps, items: Sequence[Any], size: int) -> dict[str, list[float]]:
    """Return the seconds of each step of batches, after one to warm up."""
    order = cycle(items)
    found = _timed_steps(steps, (list(islice(order, size)) for _ in range(_BATCHES + 1)))
    return {name: seconds[1:] for name, seconds in found.items()}


def _timed_steps(steps: Steps, given: Iterator[list[Any]]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {name: [] for name in (*(name for name, _ in steps), WHOLE)}
    for value in given:
        total, current = 0.0, value
        for name, step in steps:
            current, seconds = training.timed(partial(step, current))
            found[name].append(seconds)
            total += seconds
        found[WHOLE].append(total)
    return found


def _spread(seconds: Sequence[float]) -> Spread:
    """Return percentiles that were measured, none between two."""
    p50, p99 = (float(each) for each in np.percentile(seconds, [50, 99], method="inverted_cdf") * 1000)
    return Spread(p50=p50, p99=p99, longest=1000 * max(seconds))


@contextmanager
def _threads(wanted: int | None) -> Iterator[int]:
    """Compute with so many threads while the block lasts."""
    before = torch.get_num_threads()
    torch.set_num_threads(wanted or before)
    try:
        yield torch.get_num_threads()
    finally:
        torch.set_num_threads(before)
