"""Checkpoints: all that training needs to go on as if it had never stopped, in one safetensors file.

Weights, optimizer, schedule, moving average, best weights so far, random states and losses. No pickle is written or
read; numbers that are no tensors are JSON in the file's header.
"""

import json
import os
import random
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor
from transformers import TrainerCallback
from transformers.trainer import TRAINER_STATE_NAME

from acclimate.contracts import OutputError
from acclimate.training.averaging import Average
from acclimate.training.best import Best

_OPTIMIZER, _AVERAGE, _BEST, _LOWEST, _WEIGHT, _RANDOM = "optimizer", "average", "best", "lowest", "weight", "random"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Where a run keeps its state, what identifies the run, and how often (seconds or steps) it is written.

    A run goes on from `file` where it exists.
    """

    file: Path
    key: str
    every_seconds: float = 300.0
    every_steps: int | None = None


class _Batches(Protocol):
    def __len__(self) -> int: ...

    def begin_at(self, epoch: int) -> None: ...


class Resuming(TrainerCallback):
    """Writes the checkpoint of a Trainer, and puts a state that was written back into it."""

    def __init__(self, checkpoint: Checkpoint, engine: Any, average: Average, best: Best) -> None:
        self.checkpoint, self.engine, self.average, self.best = checkpoint, engine, average, best
        self.written = time.monotonic()
        self.header: dict[str, Any] = {}
        self.tensors: dict[str, Tensor] = {}

    def prepare(self, folder: str) -> str | None:
        """Read what was written; return the folder where the Trainer finds its own counters, or None to begin anew.

        Raises:
            OutputError: when the file is damaged, or of another run.
        """
        file = self.checkpoint.file
        if not file.is_file():
            return None
        try:
            with safe_open(file, framework="pt") as stream:
                self.header = json.loads(stream.metadata()["state"])
                self.tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118 - no mapping
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            raise OutputError(f"The checkpoint {file} is damaged: {error}.", "Remove it and begin anew.") from error
        if self.header["key"] != self.checkpoint.key:
            raise OutputError(
                f"The checkpoint {file} belongs to a run with other data, method, settings or library versions.",
                "Ask for what that run was asked for, or remove the file and begin anew.",
            )
        (Path(folder) / TRAINER_STATE_NAME).write_text(self.header["trainer"], encoding="utf-8")
        return folder

    def load_weights(self, batches: _Batches) -> None:
        """Put back weights, averages, what the best epoch was, and the epoch that batches are drawn for."""
        with torch.no_grad():
            for name, tensor in self.best.trained(self.engine.model).items():
                tensor.copy_(self.tensors[f"{_WEIGHT}.{name}"])
            for number, tensor in enumerate(self.average.average):
                tensor.copy_(self.tensors[f"{_AVERAGE}.{number}"])
        self.best.weights = {
            name.removeprefix(f"{_BEST}."): tensor
            for name, tensor in self.tensors.items()
            if name.startswith(f"{_BEST}.")
        }
        self.best.lowest = self.tensors[_LOWEST].numpy()
        self.best.history = list(self.header["history"])
        self.best.best_epoch, self.best.loss = self.header["best_epoch"], list(self.header["losses"])
        batches.begin_at(json.loads(self.header["trainer"])["global_step"] // len(batches))

    def load_optimizer(self) -> None:
        """Put back the optimizer and the schedule.

        What is kept of a weight must lie in memory as the weight does, which convolutions in channels-last do not do
        in the order of their axes: the fused AdamW goes through both without looking at strides.
        """
        state: dict[int, dict[str, Tensor]] = {}
        weights = [weight for group in self.engine.optimizer.param_groups for weight in group["params"]]
        for name, tensor in self.tensors.items():
            if name.startswith(_OPTIMIZER):
                _, number, part = name.split(".")
                weight = weights[int(number)]
                alike = tensor.shape == weight.shape
                state.setdefault(int(number), {})[part] = (
                    torch.empty_like(weight, dtype=tensor.dtype).copy_(tensor) if alike else tensor
                )
        self.engine.optimizer.load_state_dict({"state": state, "param_groups": self.header["groups"]})
        self.engine.lr_scheduler.load_state_dict(self.header["schedule"])

    def load_random(self) -> None:
        """Put back the states of the random generators."""
        version, numbers, gauss = self.header["python"]
        random.setstate((version, tuple(numbers), gauss))
        keys = self.tensors[f"{_RANDOM}.numpy"].numpy().astype(np.uint32)
        np.random.set_state(("MT19937", keys, *self.header["numpy"]))
        torch.set_rng_state(self.tensors[f"{_RANDOM}.torch"])
        if f"{_RANDOM}.cuda" in self.tensors:
            torch.cuda.set_rng_state(self.tensors[f"{_RANDOM}.cuda"])

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Go on with the sums of the training loss, which the Trainer has just set to 0."""
        if self.header:
            loss, total, logged = self.header["logged"]
            self.engine._tr_loss.fill_(loss)
            self.engine._total_loss_scalar, self.engine._globalstep_last_logged = total, logged

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Write where it is due; the last step of an epoch waits for its validation."""
        if state.global_step % len(self.engine.batches):
            self._write_if_due(state)

    def on_epoch_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Write where it is due."""
        self._write_if_due(state)

    def _write_if_due(self, state: Any) -> None:
        steps = self.checkpoint.every_steps
        waited = time.monotonic() - self.written
        if state.global_step % steps == 0 if steps else waited >= self.checkpoint.every_seconds:
            self._write(state)
            self.written = time.monotonic()

    def _write(self, state: Any) -> None:
        engine, file = self.engine, self.checkpoint.file
        optimizer = engine.optimizer.state_dict()
        numbers: Any = np.random.get_state()
        tensors = {f"{_WEIGHT}.{name}": tensor for name, tensor in self.best.trained(engine.model).items()}
        for number, values in optimizer["state"].items():
            tensors |= {f"{_OPTIMIZER}.{number}.{name}": tensor for name, tensor in values.items()}
        tensors |= {f"{_AVERAGE}.{number}": tensor for number, tensor in enumerate(self.average.average)}
        tensors |= {f"{_BEST}.{name}": tensor for name, tensor in self.best.weights.items()}
        tensors[_LOWEST] = torch.from_numpy(self.best.lowest)
        tensors[f"{_RANDOM}.torch"] = torch.get_rng_state()
        tensors[f"{_RANDOM}.numpy"] = torch.from_numpy(numbers[1].astype(np.int64))
        if torch.cuda.is_available():
            tensors[f"{_RANDOM}.cuda"] = torch.cuda.get_rng_state()
        header = {
            "key": self.checkpoint.key,
            "trainer": _counters(state),
            "groups": optimizer["param_groups"],
            "schedule": engine.lr_scheduler.state_dict(),
            "numpy": [int(numbers[2]), int(numbers[3]), float(numbers[4])],
            "python": random.getstate(),
            "history": self.best.history,
            "best_epoch": self.best.best_epoch,
            "losses": self.best.loss,
            "logged": [float(engine._tr_loss), float(engine._total_loss_scalar), engine._globalstep_last_logged],
        }
        partial = file.with_name(f".{file.name}.partial")
        copied = {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}
        save_file(copied, partial, metadata={"state": json.dumps(header)})
        os.replace(partial, file)  # noqa: PTH105 - atomic on every platform


def _counters(state: Any) -> str:
    """Return the Trainer's own counters as the JSON it writes itself."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / TRAINER_STATE_NAME
        state.save_to_json(str(file))
        text: str = file.read_text(encoding="utf-8")
        return text
