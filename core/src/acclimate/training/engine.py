"""The training engine: transformers' Trainer, with only that replaced which is wrong for us.

Replaced: evaluation (a callable that scores every row once), optimizer groups (the plan's), batches (of similar
length, or those the plan draws), the loss (cross-entropy in float32, or the plan's objective), what is kept (the best
weights, in memory) and the progress bar. Kept: the loop, devices, distribution, mixed precision, schedules, clipping.
"""

import math
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import get_all_start_methods
from typing import Any, Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, Sampler
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments

from acclimate.contracts import DataError, Objective, Plan, Settings
from acclimate.training.averaging import Average
from acclimate.training.batching import DrawnBatches, LengthBatches
from acclimate.training.best import Best, Groups, Validate
from acclimate.training.cached import backward_in_pieces
from acclimate.training.checkpoint import Checkpoint, Resuming
from acclimate.training.losses import loss_of
from acclimate.training.progress import Bar, bar
from acclimate.training.resources import device
from acclimate.training.seeding import seeded

Loss = Callable[[Tensor, Tensor], Tensor]


class Examples(Protocol):
    """Rows that can be turned into model inputs."""

    def __len__(self) -> int: ...

    @property
    def lengths(self) -> NDArray[np.int64] | None:
        """Tokens of each row, or None where all rows have one size."""
        ...

    def batch(self, rows: Sequence[int], augment: np.random.Generator | None = None) -> dict[str, Tensor]:
        """Return the model inputs of some rows."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What training did: one entry per epoch, epoch 0 being the start, and which epoch was kept.

    `collapsed`: after its first epoch the model gave one class to every validation row, as it had not done before;
    training ended there, and the start was kept.
    """

    history: tuple[Mapping[str, float], ...]
    best_epoch: int
    steps: int
    collapsed: bool = False


def fit(
    model: nn.Module,
    plan: Plan,
    groups: Groups,
    examples: Examples,
    truth: NDArray[np.integer] | None,
    *,
    settings: Settings,
    precision: str,
    validate: Validate,
    shown: bool = True,
    on_epoch: Callable[[Mapping[str, float]], None] | None = None,
    solve_head: Callable[[], None] | None = None,
    checkpoint: Checkpoint | None = None,
    loss: Loss = loss_of,
) -> Trained:
    """Train `model` in place by `plan` and leave it with the weights of its best epoch.

    `groups` are what `plan.groups` returned. `truth` is the class of each row, or [rows, labels] of 0 and 1, or None
    where `examples` put the classes of each token into a batch as `truth` [batch, tokens], `losses.IGNORED` where
    nothing is learned.

    `loss` is what is minimised, of the model's outputs and the truth of a batch, where the plan has no objective.

    `validate` returns its scores, at least `log_loss` or `loss`, and the losses of its rows, [rows]. The latest epoch
    is kept whose loss no standard error parts from the lowest one. The start counts as epoch 0 and is left for a
    lower loss only, so that training never ends below where it began on the validation rows. Where the scores hold
    `predicted_classes`, the number of classes given to any row, a collapse to one class ends training.

    `solve_head` gives the model a head for the features it has now. A plan with an `objective` of its own needs it,
    since nothing else trains the head: it is called after each epoch, before `validate`.

    `checkpoint` says where the state is kept from time to time. Where that file exists, training goes on from it; on
    the CPU the result is then that of a run without a stop, bit for bit. When training ends the file is removed.

    Raises:
        DataError: when the loss is no longer a number.
        OutputError: when the checkpoint is damaged or of another run.
    """
    model.to(device())  # before the average copies the weights: its copies must be where they are
    with seeded(settings.seed), tempfile.TemporaryDirectory() as folder:
        arguments = _arguments(plan, groups, settings, folder, _workers(examples))
        batches = _batches(plan, examples, truth, settings.seed)
        average = Average(groups, plan.average)
        patience = plan.patience if settings.patience is None else settings.patience
        keeper = Best(validate, groups, average, patience, on_epoch, solve_head)
        engine = Engine(
            model,
            plan,
            groups,
            arguments,
            _Rows(examples, truth, plan.augment, settings.seed),
            batches,
            precision,
            loss,
        )
        total = arguments.max_steps if arguments.max_steps > 0 else plan.epochs * len(batches)
        with bar("training", total, "step", shown=shown) as shown_bar:
            callbacks = [_Progress(shown_bar), average, keeper, _Unfreezing(groups)]
            if checkpoint is not None:  # last: it writes what the others have made of a step
                engine.resuming = Resuming(checkpoint, engine, average, keeper)
                callbacks.append(engine.resuming)
            for callback in callbacks:
                engine.add_callback(callback)
            engine.train(resume_from_checkpoint=engine.resuming and engine.resuming.prepare(folder))
        keeper.restore(model)
    model.eval()
    if checkpoint is not None:
        checkpoint.file.unlink(missing_ok=True)
    return Trained(
        history=tuple(keeper.history),
        best_epoch=keeper.best_epoch,
        steps=int(engine.state.global_step),
        collapsed=keeper.collapsed,
    )


class Engine(Trainer):
    """The one subclass of transformers' Trainer."""

    def __init__(
        self,
        model: nn.Module,
        plan: Plan,
        groups: Groups,
        arguments: TrainingArguments,
        rows: "_Rows",
        batches: "_Batches",
        precision: str,
        loss: "Loss" = loss_of,
    ) -> None:
        super().__init__(model=model, args=arguments, train_dataset=rows, data_collator=rows.collate)
        self.remove_callback(PrinterCallback)  # it prints to standard output, which is for results
        # A new accelerator holds nothing that could be freed; looking for garbage takes as long as some steps.
        self.accelerator.free_memory = lambda *objects: list(objects)
        self.plan, self.groups, self.batches, self.loss = plan, groups, _Numbered(batches), loss
        self.resuming: Resuming | None = None
        self.bfloat16 = precision == "bfloat16"
        # `forward(**inputs)` looks to the Trainer as if the model computed its own loss; it does not.
        self.model_accepts_loss_kwargs = False

    def get_train_dataloader(self) -> Any:
        """Return batches of similar length, prepared for the devices at hand."""
        workers = self.args.dataloader_num_workers
        loader = DataLoader(
            self.train_dataset,
            batch_sampler=self.batches,
            collate_fn=self.data_collator,
            num_workers=workers,
            # The rows hold open files and functions of plugins, which no other start of a process can hand over.
            multiprocessing_context="fork" if workers else None,
            pin_memory=torch.cuda.is_available(),
        )
        return self.accelerator.prepare(loader)

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """Return AdamW over the groups, in one pass over each weight: a quarter of the time of the plain one."""
        if getattr(self, "optimizer", None) is None:
            own = [{name: value for name, value in group.items() if name != "from_epoch"} for group in self.groups]
            self.optimizer: torch.optim.Optimizer = torch.optim.AdamW(own, fused=True)
        return self.optimizer

    # What transformers reads from its own files, which are pickles, comes from the checkpoint.

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        cast(Resuming, self.resuming).load_weights(self.batches)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if checkpoint is not None:
            cast(Resuming, self.resuming).load_optimizer()

    def _load_scaler(self, checkpoint: str | None) -> None:
        """Nothing is scaled: bfloat16 has the range of float32."""

    def _load_rng_state(self, checkpoint: str | None) -> None:
        if checkpoint is not None:
            cast(Resuming, self.resuming).load_random()

    def training_step(self, model: nn.Module, inputs: Any, num_items_in_batch: Any = None) -> Tensor:
        """Take one step, with batch-normalisation layers on the statistics the plan asks for."""
        model.train()
        if self.plan.frozen_statistics:
            freeze_statistics(model)
        inputs = self._prepare_inputs(inputs)
        objective = self.plan.objective
        if objective is not None and 0 < objective.rows_at_once < len(inputs["truth"]):
            return self._step_in_pieces(model, inputs, objective)
        loss = self.compute_loss(model, inputs, num_items_in_batch=num_items_in_batch)
        self.accelerator.backward(loss)
        return cast(Tensor, loss.detach())

    def _step_in_pieces(self, model: nn.Module, inputs: dict[str, Tensor], objective: Objective) -> Tensor:
        truth = inputs.pop("truth")

        def features(rows: Mapping[str, Tensor]) -> Tensor:
            with torch.autocast(truth.device.type, torch.bfloat16, enabled=self.bfloat16):
                return cast(Tensor, cast(Any, model).features(rows)).float()

        return backward_in_pieces(
            features,
            lambda found: objective.loss(found, truth),
            inputs,
            self.accelerator.backward,
            rows_at_once=objective.rows_at_once,
        )

    def compute_loss(
        self, model: nn.Module, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Return the loss of a batch in float32: the plan's objective, where it has one, on its pooled features."""
        truth, objective = inputs.pop("truth"), self.plan.objective
        # Our own autocast: the one of accelerate stays wrapped around the model when training has ended.
        with torch.autocast(truth.device.type, torch.bfloat16, enabled=self.bfloat16):
            outputs = model(**inputs) if objective is None else cast(Any, model).features(inputs)
        loss = self.loss(outputs, truth) if objective is None else objective.loss(outputs.float(), truth)
        return (loss, outputs) if return_outputs else loss


def freeze_statistics(model: nn.Module) -> None:
    """Keep batch-normalisation layers on their pretrained statistics; batches of 16 estimate them badly."""
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()


_Batches = LengthBatches | DrawnBatches


def _batches(plan: Plan, examples: Examples, truth: NDArray[np.integer] | None, seed: int) -> _Batches:
    if plan.objective is None:
        return LengthBatches(len(examples), examples.lengths, batch_size=plan.batch_size, seed=seed)
    assert truth is not None, "an objective on pooled features is for rows with one class each"
    return DrawnBatches(plan.objective, truth, batch_size=plan.batch_size, seed=seed)


class _Numbered(Sampler[list[tuple[int, int]]]):
    """Batches whose rows carry the number of the batch, counted from the start of training.

    Augmentation is drawn from that number: a count kept where batches are prepared would differ between worker
    processes, and begin again with the new ones of each epoch.
    """

    def __init__(self, batches: _Batches) -> None:
        self.batches, self.batch_size = batches, batches.batch_size
        self.drawn = 0

    def begin_at(self, epoch: int) -> None:
        """Go on with the first batch of an epoch; the first epoch is 0."""
        self.batches.passes, self.drawn = epoch, epoch * len(self.batches)

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        for rows in self.batches:
            yield [(self.drawn, row) for row in rows]
            self.drawn += 1


class _Rows(torch.utils.data.Dataset[tuple[int, int]]):
    """Numbers of batch and row; `collate` turns a batch of them into model inputs with their truth."""

    def __init__(self, examples: Examples, truth: NDArray[np.integer] | None, augment: bool, seed: int) -> None:
        self.examples = examples
        self.truth = None if truth is None else torch.from_numpy(truth)
        self.augment, self.seed = augment, seed

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, numbers: tuple[int, int]) -> tuple[int, int]:
        return numbers

    def collate(self, numbers: list[tuple[int, int]]) -> dict[str, Tensor]:
        drawn, rows = numbers[0][0], [row for _, row in numbers]
        random = np.random.default_rng([self.seed, drawn, *rows]) if self.augment else None
        batch = self.examples.batch(rows, random)
        return batch if self.truth is None else {**batch, "truth": self.truth[rows]}


def _workers(examples: Examples) -> int:
    """Return how many processes prepare batches for a GPU: images take time to open, texts are tokens already."""
    useful = torch.cuda.is_available() and examples.lengths is None
    return min(8, os.cpu_count() or 1) if useful and "fork" in get_all_start_methods() else 0


def _arguments(plan: Plan, groups: Groups, settings: Settings, folder: str, workers: int) -> TrainingArguments:
    return TrainingArguments(
        output_dir=folder,
        num_train_epochs=plan.epochs,
        max_steps=settings.max_steps or -1,
        per_device_train_batch_size=plan.batch_size,
        learning_rate=max(float(group["lr"]) for group in groups),
        lr_scheduler_type="cosine",
        warmup_steps=plan.warmup,
        max_grad_norm=plan.clip,
        use_cpu=not torch.cuda.is_available(),
        seed=settings.seed,
        eval_strategy="no",
        save_strategy="no",
        logging_strategy="steps",
        logging_steps=5,
        logging_nan_inf_filter=False,
        report_to=[],
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_num_workers=workers,
    )


class _Progress(TrainerCallback):
    """Loss, learning rate and time left in one line."""

    def __init__(self, shown: Bar) -> None:
        self.shown = shown

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.shown.update(1)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        # "train_loss" is the mean over all steps; it speaks for the steps after the last regular "loss".
        if not logs or not ("loss" in logs or "train_loss" in logs):
            return
        loss, rate = float(logs.get("loss", logs.get("train_loss"))), float(logs.get("learning_rate", 0.0))
        if not math.isfinite(loss):
            raise DataError(
                f"The training loss is {loss} at step {state.global_step}.",
                "Lower the learning rate, or use precision 'float32'.",
            )
        self.shown.set_postfix_str(f"loss {loss:.3f}, rate {rate:.1e}")


class _Unfreezing(TrainerCallback):
    """Keep groups with a `from_epoch` frozen until that epoch begins; the first epoch is 0."""

    def __init__(self, groups: Groups) -> None:
        self.groups = [group for group in groups if group.get("from_epoch")]

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        for group in self.groups:
            for parameter in group["params"]:
                parameter.requires_grad_(round(state.epoch or 0) >= group["from_epoch"])
