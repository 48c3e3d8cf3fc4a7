"""What every method must do on every architecture and task, or refuse before training with the reason.

    outcome = check(Cell(method=host.methods()["lora"], architecture="bert", task="text-classification"))

There is no third state: `check` returns that the cell passed or was refused, and raises AssertionError otherwise.
Authors of methods outside this project certify theirs with the same function.
"""

import copy
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from acclimate import evaluation, models, training
from acclimate.api.heads import put_head
from acclimate.api.request import check_method
from acclimate.contracts import BackboneError, DataError, Method, Need, OptionError, Plan, Settings
from acclimate.plugins import Host
from acclimate.testing import tiny
from acclimate.testing.observing import State, logits, loss, relative, same, snapshot
from acclimate.testing.toy import IGNORED, ToyExamples
from acclimate.testing.zoo import zoo

SIZES = (1, 4, 8, 21)  # rows in a batch of evaluation; the last does not divide the 24 rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a cell; `trained` counts the parameters that trained, `total` all of them."""

    status: Literal["passed", "refused"]
    reason: str = ""
    trained: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A method on an architecture for a task, with options; `rate` and `epochs` are those on the toy task.

    `identity`: it changes no logits before training. `merges`: what it adds can be folded into plain weights.
    `unquantised`: the method that adds the same to weights as they were pretrained, for one that keeps them coarser.
    `count`: how many parameters train by the method's formula, where it is known. `precision`: what training computes
    in; the properties are checked in float32.
    """

    method: Method
    architecture: str
    task: str
    options: Mapping[str, Any] = field(default_factory=dict)
    rate: float | None = None
    identity: bool = False
    merges: bool = False
    unquantised: Method | None = None
    epochs: int = 8
    count: int | None = None
    precision: str = "float32"

    def build(self, seed: int = 0) -> Any:
        """Return the model as it was before the method saw it."""
        return zoo(self.architecture).build(self.architecture, self.task, seed)

    def examples(self, seed: int = 0) -> ToyExamples:
        """Return the toy rows."""
        return ToyExamples(self.architecture, self.task, seed=seed)

    def plan(self, model: Any, *, seed: int = 0) -> Plan:
        """Return the plan, shortened for the toy task.

        Raises:
            OptionError: when the method does not do the task.
            BackboneError: when the method cannot adapt the architecture.
        """
        check_method(self.method, self.task, Host(discover=False).methods().values())
        modality: Literal["text", "image"] = "text" if self.architecture in zoo(self.architecture).TEXT else "image"
        need = Need(task=self.task, modality=modality, rows=24, labels=tiny.LABELS)
        settings = Settings(seed=seed, learning_rate=self.rate, options=self.options)
        plan: Plan = self.method.plan.load()(model, need, settings)
        return replace(plan, epochs=self.epochs, batch_size=8, augment=False)

    def install(self, model: Any, plan: Plan, *, seed: int = 0) -> Sequence[Mapping[str, Any]]:
        """Add what the method adds and return the optimizer groups; one of the head, where that is solved."""
        if plan.groups is None:
            model.encoder.requires_grad_(False)
            return [{"params": list(model.head.parameters())}]
        with training.seeded(seed):
            if self.method.install is not None:
                self.method.install.load()(model, plan.adapter)
            return plan.groups(model)

    def fit(
        self,
        model: Any,
        plan: Plan,
        groups: Any,
        *,
        seed: int = 0,
        checkpoint: training.Checkpoint | None = None,
        stop: bool = False,
        keep_last: bool = False,
    ) -> float:
        """Train on the toy task, or solve the head of frozen features; return the mean loss of the rows at the end.

        With `stop`, training is broken off as soon as the checkpoint is written. With `keep_last`, the weights of the
        last epoch are kept, not those of the best.
        """
        examples = self.examples()
        if stop and checkpoint is not None:
            examples = _Stopping(self.architecture, self.task, checkpoint.file)

        def solve_head() -> None:
            features, truth = _learned_from(model, examples)
            put_head(model, features, truth, groups=None, seed=seed, solver=plan.solver)

        if plan.groups is None:
            solve_head()
            return loss(model, examples)

        def validate() -> tuple[dict[str, float], NDArray[np.float64]]:
            found = -time.monotonic() if keep_last else loss(model, examples)
            return {"log_loss": found}, np.array([found])

        training.fit(
            model,
            plan,
            groups,
            examples,
            examples.truth,
            settings=Settings(seed=seed, patience=99),
            precision=self.precision,
            validate=validate,
            shown=False,
            solve_head=None if plan.objective is None else solve_head,
            checkpoint=checkpoint,
        )
        model.cpu()  # all properties are checked there; training uses the accelerator where there is one
        return loss(model, examples)


def _learned_from(model: Any, examples: ToyExamples) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return features and class of each row, or of each token where tokens have one."""
    if examples.truth is not None:
        return models.current_features(model, examples, precision="float32"), examples.truth
    batch = examples.batch(range(len(examples)))
    truth = batch.pop("truth")
    with torch.inference_mode():
        hidden = model.eval().encoder(**batch).last_hidden_state.float()
    kept = truth != IGNORED
    return hidden[kept].numpy(), truth[kept].numpy()


def refusal(cell: Cell) -> str:
    """Return why the method refuses the architecture or the task, and what does work; "" when it does not.

    Raises:
        AssertionError: when planning or refusing changed the model, or a refusal does not say what to do.
    """
    model = cell.build()
    before = snapshot(model)
    refused: BackboneError | OptionError | None = None
    try:
        cell.plan(model)
    except (BackboneError, OptionError) as error:
        refused = error
    assert same(before, snapshot(model)), "planning and refusing change nothing"
    if refused is None:
        return ""
    assert refused.hint, "a refusal says what to do"
    return str(refused)


def check(cell: Cell) -> Outcome:
    """Check the properties of a cell that one training shows.

    Raises:
        AssertionError: which property does not hold, and where.
    """
    if reason := refusal(cell):
        return Outcome(status="refused", reason=reason)
    model = cell.build()
    plan = cell.plan(model)
    inputs = cell.examples().batch([0, 1, 2])
    inputs.pop("truth", None)
    plain = logits(model, inputs)
    groups = cell.install(model, plan)
    if cell.identity:
        difference = float((logits(model, inputs) - plain).abs().max())
        assert difference <= 1e-5, f"logits move by {difference:.2g} before any training"
    trained = _check_groups(cell, model, groups)
    start, first = snapshot(model), loss(model, cell.examples())
    reached = _reached(model, cell.examples())
    last = cell.fit(model, plan, groups)
    _check_moved(model, groups, start, reached | _reached(model, cell.examples()))
    share = 0.995 if cell.task == "text-generation" else 0.97
    assert last < share * first, f"the loss went from {first:.3f} to {last:.3f}, not to {share} of it"
    _check_padding(cell, model)
    _check_batches(cell, model)
    _check_saved(cell, model, plan, inputs)
    if cell.merges:
        _check_merge(cell, model, plan, inputs)
    total = sum(p.numel() for p in model.parameters())
    return Outcome(status="passed", trained=trained, total=total)


def check_seeds(cell: Cell) -> None:
    """Check that the same seed gives the same weights bit for bit, and another seed others."""
    states = []
    for seed in (0, 0, 1):
        model = cell.build()
        plan = cell.plan(model, seed=seed)
        cell.fit(model, plan, cell.install(model, plan, seed=seed), seed=seed)
        states.append(snapshot(model))
    assert same(states[0], states[1]), "one seed gave two results"
    if plan.groups is not None:  # a head that is solved has one solution
        assert not same(states[0], states[2]), "two seeds gave one result"


def check_resume(cell: Cell, folder: Path, *, stops: Sequence[int]) -> None:
    """Check that a run that stops after so many steps and goes on has the weights of one that never stopped.

    The toy task has 3 steps an epoch.
    """
    model = cell.build()
    plan = cell.plan(model)
    cell.fit(model, plan, cell.install(model, plan), keep_last=True)
    expected = snapshot(model)
    for stop in stops:
        checkpoint = training.Checkpoint(file=folder / f"{stop}.safetensors", key="toy", every_steps=stop)
        again = cell.build()
        with suppress(_StoppedError):
            cell.fit(again, plan, cell.install(again, plan), checkpoint=checkpoint, stop=True, keep_last=True)
        assert checkpoint.file.exists(), f"nothing was written after step {stop}"
        resumed = cell.build()
        cell.fit(resumed, plan, cell.install(resumed, plan), checkpoint=checkpoint, keep_last=True)
        assert same(expected, snapshot(resumed)), f"stopping after step {stop} changed the result"


class _StoppedError(Exception):
    """Stands for whatever ends a process."""


class _Stopping(ToyExamples):
    """The toy rows, until a file appears."""

    def __init__(self, architecture: str, task: str, file: Path) -> None:
        super().__init__(architecture, task)
        self.file = file

    def batch(self, rows: Any, augment: Any = None, *, left: bool = False) -> dict[str, Tensor]:
        if self.file.exists():
            raise _StoppedError
        return super().batch(rows, augment, left=left)


def _check_groups(cell: Cell, model: nn.Module, groups: Sequence[Mapping[str, Any]]) -> int:
    """Return how many parameters train: each is in one group, and there are as many as the formula says."""
    given = [id(parameter) for group in groups for parameter in group["params"]]
    assert len(given) == len(set(given)), "a parameter is in two groups"
    training_now = {id(parameter) for parameter in model.parameters() if parameter.requires_grad}
    assert training_now <= set(given), "a parameter requires a gradient and is in no group"
    assert set(given) <= {id(parameter) for parameter in model.parameters()}, "a group holds a foreign parameter"
    trained: int = sum(parameter.numel() for group in groups for parameter in group["params"])
    assert cell.count in (None, trained), f"{trained} parameters train, the formula says {cell.count}"
    return trained


def _reached(model: nn.Module, examples: ToyExamples) -> set[int]:
    """Return the parameters that have a gradient; others (DINOv2's mask token, dead channels) play no part."""
    inputs = examples.batch(range(len(examples)))
    truth = inputs.pop("truth", None)
    if truth is None:
        assert examples.truth is not None
        truth = torch.from_numpy(examples.truth)
    frozen = [parameter for parameter in model.parameters() if not parameter.requires_grad]
    for parameter in frozen:
        parameter.requires_grad_(parameter.is_floating_point())
    value = cross_entropy(model(**inputs).flatten(0, -2), truth.flatten(), ignore_index=IGNORED)
    torch.autograd.backward(value)
    # Below Adam's epsilon it is rounding: attention does not depend on what is added to all of its keys.
    found = {id(p) for p in model.parameters() if p.grad is not None and bool((p.grad.abs() > 1e-8).any())}
    model.zero_grad(set_to_none=True)
    for parameter in frozen:
        parameter.requires_grad_(False)
    return found


def _check_moved(model: nn.Module, groups: Sequence[Mapping[str, Any]], start: State, reached: set[int]) -> None:
    learning = {id(parameter) for group in groups for parameter in group["params"]}
    state = model.state_dict()
    for name, parameter in model.named_parameters(remove_duplicate=False):
        moved = not torch.equal(state[name], start[name])
        assert moved or id(parameter) not in learning & reached, f"{name} should have moved"
        assert not moved or id(parameter) in learning, f"{name} should not have moved"


def _check_padding(cell: Cell, model: nn.Module) -> None:
    """A row alone and beside a longer one, padded on either side, has the same logits."""
    examples = cell.examples()
    if examples.lengths is None:
        return
    short, long = int(np.argmin(examples.lengths)), int(np.argmax(examples.lengths))
    alone = examples.batch([short])
    alone.pop("truth", None)
    expected = logits(model, alone)[0]
    for left in (False, True):
        together = examples.batch([short, long], left=left)
        together.pop("truth", None)
        found = logits(model, together)[0]
        if found.ndim > 1:
            kept = together["attention_mask"][0].bool()
            found = found[kept]
        if left and cell.architecture in LEARNED_POSITIONS:
            continue  # the plain model itself counts padding on the left as positions
        difference = relative(found, expected)
        assert difference < 1e-4, f"padding on the {'left' if left else 'right'} moves logits by {difference:.2g}"


# These count positions from the first column of a batch, padding included, also without any adaptation.
LEARNED_POSITIONS = ("bert", "minilm", "distilbert", "electra", "gpt2", "deberta-v2")


def _check_batches(cell: Cell, model: Any) -> None:
    """The evaluation of runs gives each row the same logits in batches of any size, and misses none."""
    examples = cell.examples()
    if examples.truth is None:  # runs do not evaluate tokens yet
        found = [loss(model, examples, size) for size in SIZES]
        assert max(found) - min(found) < 1e-5, f"the loss depends on the batch size: {found}"
        return
    first, *others = (torch.from_numpy(_evaluated(model, examples, size)) for size in SIZES)
    difference = max(relative(each, first) for each in others)
    assert difference < 1e-4, f"logits depend on the batch size: they differ by {difference:.2g} of the greatest"


def _evaluated(model: Any, examples: ToyExamples, size: int) -> NDArray[np.float64]:
    try:
        return evaluation.by_id(examples.ids, models.logits(model, examples, precision="float32", batch_size=size))
    except DataError as error:
        raise AssertionError(f"evaluated in batches of {size}: {error.message}") from error


def _check_saved(cell: Cell, model: nn.Module, plan: Plan, inputs: Mapping[str, Tensor]) -> None:
    expected = logits(model, inputs)
    again = cell.build(seed=9)
    if cell.method.install is not None:
        with training.seeded(5):
            cell.method.install.load()(again, copy.deepcopy(dict(plan.adapter)))
    again.load_state_dict(snapshot(model), strict=True)
    difference = float((logits(again, inputs) - expected).abs().max())
    assert difference <= 1e-6, f"a reloaded model's logits differ by {difference:.2g}"


def _check_merge(cell: Cell, model: nn.Module, plan: Plan, inputs: Mapping[str, Tensor]) -> None:
    assert cell.method.merge is not None
    if cell.unquantised is not None:
        expected = logits(_unquantised(cell, cell.unquantised, model, plan), inputs)
    else:
        expected = logits(model, inputs)
    merged = copy.deepcopy(model)
    plain = cell.build()
    cell.method.merge.load()(merged, plan.adapter, plain.encoder.get_parameter)
    found, wanted = snapshot(merged), snapshot(plain)
    assert [(name, t.shape, t.dtype) for name, t in found.items()] == [
        (name, t.shape, t.dtype) for name, t in wanted.items()
    ], "a merged model is a plain one"
    difference = relative(logits(merged, inputs), expected)
    assert difference <= 1e-4, f"merging moves logits by {difference:.2g}"


def _unquantised(cell: Cell, method: Method, model: nn.Module, plan: Plan) -> Any:
    """Return the pretrained model with what was trained, added by a method that leaves its weights as they are."""
    assert method.install is not None
    reference = cell.build()
    method.install.load()(reference, plan.adapter)
    state, learned = reference.state_dict(), model.state_dict()
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            state[name] = learned[name]
    reference.load_state_dict(state)
    return reference
