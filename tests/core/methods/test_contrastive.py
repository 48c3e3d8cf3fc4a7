"""Contrastive fine-tuning: pairs from a budget, the loss of Khosla et al., and a head that is solved again."""

from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from acclimate import methods, models
from acclimate.contracts import Need, OptionError, Plan, Settings
from acclimate.methods import contrastive
from acclimate.plugins import Host
from acclimate.testing import tiny
from acclimate.testing.conformance import Cell, check_resume, check_seeds
from acclimate.testing.observing import same, snapshot
from hypothesis import given, settings
from hypothesis import strategies as st

NEED = Need(task="text-classification", modality="text", rows=24, labels=tiny.LABELS)
UNEVEN = np.array([0] * 50 + [1] * 5 + [2] * 2 + [3])


@cache
def unchanged() -> Any:
    """Return one tiny model for all plans, which leave it as it is."""
    return tiny.build("bert", NEED.task)


def planned(**values: Any) -> Plan:
    return contrastive.plan(unchanged(), NEED, Settings(**values))


def drawn(plan: Plan, truth: np.ndarray, *, batch_size: int = 8, seed: int = 0, epoch: int = 0) -> list[list[int]]:
    assert plan.objective is not None
    return list(plan.objective.draw(truth, batch_size, seed, epoch))


def cell(**values: Any) -> Cell:
    method = Host(discover=False).methods()["contrastive"]
    options = {"pairs": 24}
    return Cell(method=method, architecture="bert", task=NEED.task, options=options, rate=1e-2, epochs=3, **values)


@given(
    truth=st.lists(st.integers(0, 6), min_size=2, max_size=60).map(np.array),
    pairs=st.integers(2, 90),
    size=st.integers(4, 40),
)
@settings(deadline=None)  # the first example builds a model
def test_the_budget_is_kept_in_whole_batches_of_pairs_of_one_class(truth: np.ndarray, pairs: int, size: int) -> None:
    plan = planned(options={"pairs": pairs})
    assert plan.objective is not None
    batches = drawn(plan, truth, batch_size=size)
    assert len(batches) == plan.objective.steps(size)
    assert pairs - size // 2 < sum(len(batch) // 2 for batch in batches) <= pairs
    assert len({len(batch) for batch in batches}) == 1
    assert len(batches[0]) <= size
    for batch in batches:
        assert np.array_equal(truth[batch[0::2]], truth[batch[1::2]])


def test_every_class_is_drawn_equally_often_however_rare() -> None:
    pairs = list(islice(contrastive.draw_pairs(UNEVEN, np.random.default_rng(0)), 41))
    counts = Counter(int(UNEVEN[one]) for one, _ in pairs)
    assert sorted(counts.values()) == [10, 10, 10, 11]


def test_every_row_of_a_class_comes_before_one_comes_again() -> None:
    pairs = islice(contrastive.draw_pairs(np.zeros(10, dtype=np.int64), np.random.default_rng(0)), 15)
    rows = [row for pair in pairs for row in pair]
    for start in (0, 10, 20):
        assert sorted(rows[start : start + 10]) == list(range(10))


def test_a_text_is_paired_with_itself_only_where_its_class_has_no_other() -> None:
    pairs = list(islice(contrastive.draw_pairs(UNEVEN, np.random.default_rng(0)), 400))
    assert {one for one, other in pairs if one == other} == {57}
    assert {frozenset(pair) for pair in pairs if UNEVEN[pair[0]] == 2} == {frozenset((55, 56))}


def test_pairs_are_drawn_as_they_are_asked_for() -> None:
    truth = np.repeat(np.arange(1000), 2)  # all pairs of unlike rows would be two million
    stream = contrastive.draw_pairs(truth, np.random.default_rng(0))
    assert len({truth[one] for one, _ in islice(stream, 1000)}) == 1000


def test_seed_and_epoch_decide_what_is_drawn_and_nothing_else() -> None:
    plan = planned(options={"pairs": 40})
    first = drawn(plan, UNEVEN, seed=3, epoch=1)
    np.random.default_rng().random()
    assert drawn(planned(options={"pairs": 40}), UNEVEN, seed=3, epoch=1) == first
    assert drawn(plan, UNEVEN, seed=3, epoch=2) != first
    assert drawn(plan, UNEVEN, seed=4, epoch=1) != first


def test_the_default_budget_is_four_pairs_for_each_row() -> None:
    plan = planned()
    assert plan.objective is not None
    assert plan.objective.steps(8) == 4 * NEED.rows // 4
    assert plan.objective.steps(plan.batch_size) * plan.batch_size // 2 <= 4 * NEED.rows


def by_hand(features: np.ndarray, truth: np.ndarray, temperature: float) -> float:
    """Khosla et al. 2020, equation 2, term by term."""
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    terms = []
    for i in range(len(unit)):
        others = [j for j in range(len(unit)) if j != i]
        total = sum(np.exp(unit[i] @ unit[j] / temperature) for j in others)
        alike = [np.log(np.exp(unit[i] @ unit[j] / temperature) / total) for j in others if truth[j] == truth[i]]
        if alike:
            terms.append(-sum(alike) / len(alike))
    return float(np.mean(terms))


@pytest.mark.parametrize("temperature", [0.05, 0.3, 1.0])
@pytest.mark.parametrize("truth", [[0, 0, 1, 1, 2, 2], [0, 0, 0, 1, 1, 2], [0, 0, 0, 0, 0, 0]])
def test_the_loss_is_equation_2_of_khosla(truth: list[int], temperature: float) -> None:
    features = np.random.default_rng(1).normal(size=(6, 5)) * np.arange(1, 7)[:, None]
    found = contrastive.contrastive_loss(torch.from_numpy(features), torch.tensor(truth), temperature=temperature)
    assert float(found) == pytest.approx(by_hand(features, np.array(truth), temperature), rel=1e-9)


def test_the_gradient_of_the_loss_is_finite() -> None:
    features = torch.randn(6, 5, generator=torch.Generator().manual_seed(0)).requires_grad_(True)
    contrastive.contrastive_loss(features, torch.tensor([0, 0, 0, 1, 1, 2]), temperature=0.05).backward()
    assert features.grad is not None
    assert bool(torch.isfinite(features.grad).all())
    assert bool((features.grad.abs().sum(dim=1) > 0).all()), "the row that is alone is compared with"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"options": {"pair": 4}}, r"Method 'contrastive' has no option 'pair'\. Did you mean 'pairs'\?"),
        ({"options": {"pairs": 1}}, r"'pairs' of method 'contrastive' is 2 or more, found 1"),
        ({"options": {"pairs": -4}}, r"'pairs' of method 'contrastive' is 2 or more, found -4"),
        ({"options": {"pairs": 4.0}}, r"'pairs' of method 'contrastive' is a int, found 4\.0"),
        ({"options": {"temperature": 0}}, r"'temperature' of method 'contrastive' is above 0, found 0\.0"),
        ({"batch_size": 3}, r"needs a batch_size of 4 or more, which are two pairs, found 3"),
    ],
)
def test_a_wrong_option_says_what_was_expected(values: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        planned(**values)


@pytest.mark.parametrize(
    ("architecture", "task"),
    [("bert", "token-classification"), ("llama", "text-generation"), ("vit", "image-classification")],
)
def test_other_tasks_are_refused_and_methods_that_do_them_named(architecture: str, task: str) -> None:
    model = tiny.build(architecture, task)
    before = snapshot(model)
    modality: Any = "image" if architecture == "vit" else "text"
    need = Need(task=task, modality=modality, rows=24, labels=tiny.LABELS)
    with pytest.raises(OptionError, match=rf"does text-classification, asked for was {task}.*'full', 'lora'"):
        contrastive.plan(model, need, Settings())
    assert same(before, snapshot(model))


def test_settings_reach_the_plan() -> None:
    asked: dict[str, Any] = {"learning_rate": 3e-4, "epochs": 3, "batch_size": 6, "options": {"weight_decay": 0.2}}
    plan = planned(**asked)
    assert (plan.epochs, plan.batch_size) == (3, 6)
    assert plan.groups is not None
    groups = plan.groups(tiny.build("bert", NEED.task))
    assert {group["lr"] for group in groups} == {3e-4}
    assert {group["weight_decay"] for group in groups} == {0.2, 0.0}


def test_the_head_is_the_one_solved_on_the_features_of_the_kept_epoch() -> None:
    toy = cell()
    model, start = toy.build(), toy.build()
    plan = toy.plan(model)
    toy.fit(model, plan, toy.install(model, plan))
    assert not same(snapshot(model.encoder), snapshot(start.encoder))
    examples = toy.examples()
    features = models.current_features(model, examples, precision="float32")
    expected = methods.solve_head(features, examples.classes, len(tiny.LABELS), seed=0)
    np.testing.assert_allclose(model.head.weight.detach().numpy(), expected.weight, rtol=1e-5, atol=1e-6)


def test_features_of_one_class_come_together() -> None:
    toy = cell()
    model = toy.build()
    examples, plan = toy.examples(), toy.plan(model)

    def gap() -> float:
        features = models.current_features(model, examples, precision="float32")
        unit = features / np.linalg.norm(features, axis=1, keepdims=True)
        alike = examples.classes[:, None] == examples.classes[None, :]
        cosines = unit @ unit.T
        return float(cosines[alike].mean() - cosines[~alike].mean())

    before = gap()
    toy.fit(model, plan, toy.install(model, plan))
    assert gap() > before + 0.2


@pytest.mark.slow  # the matrix stops one too
def test_a_run_that_was_stopped_within_an_epoch_or_at_its_end_ends_as_one_that_was_not(tmp_path: Path) -> None:
    check_resume(cell(), tmp_path, stops=(2, 6, 9))


def test_seeds_decide_and_nothing_else() -> None:
    check_seeds(replace(cell(), epochs=1))
