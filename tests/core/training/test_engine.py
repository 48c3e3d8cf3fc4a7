"""The engine: the loop one would write by hand, the best weights, and a process left as it was."""

import random
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import get_all_start_methods
from typing import Any

import numpy as np
import pytest
import torch
from acclimate.contracts import DataError, Plan, Settings
from acclimate.training import Trained, engine, fit, freeze_statistics
from acclimate.training.batching import LengthBatches
from torch import nn
from torch.nn.functional import cross_entropy
from transformers import get_cosine_schedule_with_warmup

Problem = tuple[Any, np.ndarray]
Look = tuple[dict[str, float], np.ndarray]
Build = Callable[..., nn.Module]
Plans = Callable[..., Plan]


def snapshot(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def equal(one: Mapping[str, torch.Tensor], other: Mapping[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


def look(losses: Any, **scores: float) -> Look:
    """What a validation tells, of one row or of several."""
    rows = np.atleast_1d(np.asarray(losses, dtype=float))
    return {"log_loss": float(rows.mean()), **scores}, rows


def log_loss(model: nn.Module, problem: Problem) -> float:
    model.eval()
    with torch.inference_mode():
        return float(cross_entropy(model(problem[0].values), torch.from_numpy(problem[1])))


def train(model: nn.Module, plan: Plan, problem: Problem, **values: Any) -> Trained:
    validate = values.pop("validate", lambda: look(log_loss(model, problem)))
    precision = values.pop("precision", "float32")
    assert plan.groups is not None
    return fit(
        model,
        plan,
        plan.groups(model),
        problem[0],
        problem[1],
        settings=Settings(**values),
        precision=precision,
        validate=validate,
        shown=False,
    )


def script(model: nn.Module, losses: Sequence[Any]) -> tuple[Callable[[], Look], list[Any]]:
    """Validate by script, and keep a snapshot of each look."""
    looks: list[Any] = []

    def validate() -> Look:
        looks.append(snapshot(model))
        return look(losses[len(looks) - 1])

    return validate, looks


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_loss_falls_on_a_separable_problem(network: Build, plan: Plans, problem: Problem, precision: str) -> None:
    model = network()
    before = log_loss(model, problem)
    trained = train(model, plan(rate=0.03, epochs=8), problem, precision=precision)
    assert log_loss(model, problem) < before / 2
    assert [entry["epoch"] for entry in trained.history] == list(range(9))
    assert trained.history[-1]["training_loss"] < trained.history[1]["training_loss"]
    assert trained.steps == 8 * 5
    assert all(parameter.dtype == torch.float32 for parameter in model.parameters())
    assert not model.training


@pytest.mark.parametrize(("values", "total"), [({}, 15), ({"max_steps": 7}, 7)], ids=["whole epochs", "max_steps"])
def test_it_is_the_loop_one_would_write_by_hand(
    network: Build, plan: Plans, problem: Problem, values: dict[str, Any], total: int
) -> None:
    ours, theirs = network(), network()
    falling = iter(range(100, 0, -1))
    train(ours, plan(), problem, seed=3, validate=lambda: look(next(falling)), **values)

    given = plan()
    optimizer = torch.optim.AdamW(given.groups(theirs))
    schedule = get_cosine_schedule_with_warmup(optimizer, int(np.ceil(total * given.warmup)), total)
    batches = LengthBatches(40, problem[0].lengths, batch_size=8, seed=3)
    rows = [batch for _ in range(3) for batch in batches][:total]
    for batch in rows:
        theirs.train()
        freeze_statistics(theirs)
        loss = cross_entropy(theirs(problem[0].values[batch]), torch.from_numpy(problem[1][batch]))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(theirs.parameters(), given.clip)
        optimizer.step()
        schedule.step()
    for (name, one), other in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=0, msg=name)
    assert not torch.equal(ours.head.weight, network().head.weight)


@pytest.mark.parametrize(
    ("losses", "best"),
    [([1.0, 0.9, 0.5, 0.7], 2), ([1.0, 0.9, 0.8, 0.7], 3), ([1.0, 0.5, 0.9, 0.8], 1), ([1.0, 0.6, 0.6, 0.6], 1)],
)
def test_the_weights_of_the_best_epoch_are_restored(
    network: Build, plan: Plans, problem: Problem, losses: list[float], best: int
) -> None:
    model = network()
    validate, looks = script(model, losses)
    trained = train(model, plan(), problem, validate=validate)
    assert trained.best_epoch == best
    assert equal(snapshot(model), looks[best])
    assert not equal(looks[best], looks[best - 1])


def test_a_start_that_is_never_beaten_is_left_unchanged(network: Build, plan: Plans, problem: Problem) -> None:
    model = network()
    before = snapshot(model)
    validate, looks = script(model, [0.1, 0.9, 0.8, 0.7])
    trained = train(model, plan(frozen_statistics=False), problem, validate=validate, patience=9)
    assert trained.best_epoch == 0
    assert not equal(looks[-1], before), "training moved the weights, and they came back"
    assert equal(snapshot(model), before), "batch-normalisation statistics too"


ROWS = np.linspace(0.2, 1.8, 9)  # losses of nine validation rows, their mean is 1
LUCK = np.array([0.3, -0.3, 0.3, -0.3, 0.3, -0.3, 0.3, -0.3, 0.0])  # standard error 0.094


@pytest.mark.parametrize(
    ("losses", "best"),
    [
        # The second epoch is lowest, the third above it by less than what the rows differ by chance.
        ([ROWS, ROWS - 0.5, ROWS - 0.45 + LUCK, ROWS - 0.1], 2),
        # As far above it on every row: that is no chance.
        ([ROWS, ROWS - 0.5, ROWS - 0.45, ROWS - 0.1], 1),
        # One standard error is 0.094.
        ([ROWS, ROWS - 0.5, ROWS - 0.41 + LUCK, ROWS - 0.4 + LUCK], 2),
        # Of the lowest, not of the one kept last: small steps do not add up.
        ([ROWS, ROWS - 0.5, ROWS - 0.45 + LUCK, ROWS - 0.38 + LUCK], 2),
        # The start is left for a lower loss only.
        ([ROWS, ROWS + 0.05 + LUCK, ROWS + 0.05 + LUCK, ROWS + LUCK], 0),
        ([ROWS, ROWS - 0.02 + LUCK, ROWS + 0.01 - LUCK, ROWS + 0.01 + LUCK], 1),
    ],
)
def test_the_latest_epoch_within_one_standard_error_of_the_lowest_is_kept(
    network: Build, plan: Plans, problem: Problem, losses: list[np.ndarray], best: int
) -> None:
    model = network()
    validate, looks = script(model, losses)
    assert train(model, plan(), problem, validate=validate, patience=9).best_epoch == best
    assert equal(snapshot(model), looks[best])


@pytest.mark.parametrize(
    ("losses", "patience", "epochs"),
    [
        ([1.0, 0.5, 0.6, 0.7, 0.1], 2, 3),
        ([1.0, 0.5, 0.6, 0.1], 1, 2),
        ([1.0, 0.5, 0.6, 0.4, 0.5, 0.6, 0.1], 2, 5),
        ([0.1, 0.5, 0.6, 0.7, 0.8], 2, 3),
    ],
)
def test_training_stops_when_patience_ends(
    network: Build, plan: Plans, problem: Problem, losses: list[float], patience: int, epochs: int
) -> None:
    model = network()
    validate, looks = script(model, losses)
    trained = train(model, plan(epochs=10), problem, validate=validate, patience=patience)
    assert len(looks) - 1 == epochs
    assert trained.steps == 5 * epochs


@pytest.mark.parametrize("steps", [1, 4, 12])
def test_max_steps_is_honoured(network: Build, plan: Plans, problem: Problem, steps: int) -> None:
    model = network()
    trained = train(model, plan(epochs=50), problem, max_steps=steps)
    assert trained.steps == steps
    assert len(trained.history) == -(-steps // 5) + 1, "an epoch that was cut short is validated too"


def test_the_same_seed_gives_the_same_weights_and_another_does_not(
    network: Build, plan: Plans, problem: Problem
) -> None:
    states = []
    for number, seed in enumerate((4, 4, 5)):
        torch.manual_seed(number)  # what the process drew before does not matter
        model = network(dropout=0.3)
        train(model, plan(), problem, seed=seed)
        states.append(snapshot(model))
    assert equal(states[0], states[1])
    assert not equal(states[0], states[2])


def test_the_global_random_states_are_untouched(network: Build, plan: Plans, problem: Problem) -> None:
    model = network(dropout=0.3)
    given = plan()
    random.seed(1), np.random.seed(2), torch.manual_seed(3)
    expected = random.random(), np.random.rand(), float(torch.rand(()))
    random.seed(1), np.random.seed(2), torch.manual_seed(3)
    train(model, given, problem, seed=8)
    assert (random.random(), np.random.rand(), float(torch.rand(()))) == expected


@pytest.mark.parametrize("frozen", [True, False])
def test_batch_normalisation_keeps_its_pretrained_statistics_unless_planned_otherwise(
    network: Build, plan: Plans, problem: Problem, frozen: bool
) -> None:
    model = network()
    before = snapshot(model.norm)
    train(model, plan(frozen_statistics=frozen), problem)
    after = snapshot(model.norm)
    assert torch.equal(before["running_mean"], after["running_mean"]) is frozen
    assert torch.equal(before["running_var"], after["running_var"]) is frozen
    assert not torch.equal(before["weight"], after["weight"]), "its scale trains either way"


@pytest.mark.parametrize("epochs", [1, 2], ids=["fewer steps than a log line", "more"])
def test_a_loss_that_is_no_number_stops_the_run(network: Build, plan: Plans, problem: Problem, epochs: int) -> None:
    points, truth = problem
    points.values[7] = float("nan")
    model = network()
    with pytest.raises(DataError, match=r"training loss is nan at step \d+.*Lower the learning rate"):
        train(
            model,
            plan(epochs=epochs, batch_size=20),
            (points, truth),
            validate=lambda: look(1.0),
        )


def test_nothing_is_printed_on_standard_output(
    network: Build, plan: Plans, problem: Problem, capsys: pytest.CaptureFixture[str]
) -> None:
    model = network()
    validate = lambda: look(1.0)  # noqa: E731
    settings = Settings()
    fit(
        model,
        plan(),
        plan().groups(model),
        *problem,
        settings=settings,
        precision="float32",
        validate=validate,
        shown=True,
    )
    seen = capsys.readouterr()
    assert seen.out == ""
    assert "training" in seen.err
    fit(
        model,
        plan(),
        plan().groups(model),
        *problem,
        settings=settings,
        precision="float32",
        validate=validate,
        shown=False,
    )
    assert capsys.readouterr().out == ""


def test_every_row_is_seen_once_an_epoch(network: Build, plan: Plans, problem: Problem) -> None:
    model = network()
    train(model, plan(epochs=2), problem)
    rows = [row for batch in problem[0].seen for row in batch]
    assert sorted(rows[:40]) == sorted(rows[40:]) == list(range(40))


@pytest.mark.parametrize("augment", [True, False])
def test_augmentation_is_drawn_only_where_planned_and_from_the_seed(
    network: Build, plan: Plans, problem: Problem, augment: bool
) -> None:
    points = problem[0]
    draws = []
    for _ in range(2):
        points.random.clear()
        model = network()
        train(model, plan(epochs=2, augment=augment), problem, seed=6)
        assert all((generator is not None) is augment for generator in points.random)
        draws.append([generator.random() for generator in points.random if generator is not None])
    assert draws[0] == draws[1]
    assert len(set(draws[0])) == len(draws[0])


class Noisy:
    """Points that augmentation moves, wherever the batch is prepared."""

    lengths = None

    def __init__(self, values: torch.Tensor) -> None:
        self.values = values

    def __len__(self) -> int:
        return len(self.values)

    def batch(self, rows: Sequence[int], augment: np.random.Generator | None = None) -> dict[str, torch.Tensor]:
        assert augment is not None
        return {"x": self.values[list(rows)] + torch.from_numpy(augment.normal(size=(len(rows), 4))).float()}


@pytest.mark.skipif("fork" not in get_all_start_methods(), reason="worker processes need fork")
def test_worker_processes_do_not_change_what_is_drawn(
    network: Build, plan: Plans, problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = Noisy(problem[0].values)
    trained = []
    for workers in (0, 2, 3):
        monkeypatch.setattr(engine, "_workers", lambda _, workers=workers: workers)
        falling = iter(range(9, 0, -1))
        model = network()
        train(
            model,
            plan(epochs=2, augment=True),
            (rows, problem[1]),
            validate=lambda falling=falling: look(next(falling)),
        )
        trained.append(snapshot(model))
    assert not equal(trained[0], snapshot(network()))
    assert equal(trained[0], trained[1])
    assert equal(trained[0], trained[2])


def test_frozen_parameters_do_not_move(network: Build, plan: Plans, problem: Problem) -> None:
    model = network()
    model.first.requires_grad_(False)
    before = snapshot(model)

    def groups(model: Any) -> list[dict[str, Any]]:
        return [{"params": list(model.head.parameters()), "lr": 0.1, "weight_decay": 0.0}]

    train(model, Plan(method="x", groups=groups, epochs=2, batch_size=8), problem)
    after = snapshot(model)
    assert torch.equal(before["first.weight"], after["first.weight"])
    assert not torch.equal(before["head.weight"], after["head.weight"])


def test_each_epoch_is_told_as_it_ends(network: Build, plan: Plans, problem: Problem) -> None:
    model = network()
    told: list[Mapping[str, float]] = []
    trained = fit(
        model,
        plan(),
        plan().groups(model),
        *problem,
        settings=Settings(),
        precision="float32",
        validate=lambda: look(1.0, accuracy=0.5),
        shown=False,
        on_epoch=told.append,
    )
    assert tuple(told) == trained.history
    assert all(entry["accuracy"] == 0.5 for entry in told)


def test_a_group_waits_for_its_epoch(network: Build, plan: Plans, problem: Problem) -> None:
    model = network()
    seen: list[torch.Tensor] = []

    def groups(model: Any) -> list[dict[str, Any]]:
        own = {"params": list(model.first.parameters()), "lr": 0.05, "weight_decay": 0.1, "from_epoch": 2}
        return [own, {"params": list(model.head.parameters()), "lr": 0.05, "weight_decay": 0.0}]

    def validate() -> Look:
        seen.append(model.first.weight.detach().clone())
        return look(1.0 / len(seen))

    train(model, Plan(method="x", groups=groups, epochs=4, batch_size=8), problem, validate=validate)
    assert torch.equal(seen[0], seen[1])
    assert torch.equal(seen[1], seen[2]), "two epochs without it, weight decay included"
    assert not torch.equal(seen[2], seen[3])
    assert torch.equal(model.first.weight, seen[4])
