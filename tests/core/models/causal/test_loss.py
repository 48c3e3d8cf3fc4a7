"""The loss at what is learned: transformers' own, in float32, over the targets of a whole step."""

from typing import Any

import pytest
import torch
import transformers as t
from acclimate.contracts import BackboneError, DataError
from acclimate.models.causal import (
    SupervisedLoss,
    SupervisedRow,
    layout_of,
    learn,
    loss,
    padded_inputs,
    separate,
    step_loss,
)
from torch.nn.functional import cross_entropy

from .conftest import CONFIGS, SIZE, alone, made


def test_losses_are_those_of_each_target_in_order(rows: list[SupervisedRow]) -> None:
    theirs, ours = made(CONFIGS["llama"]())
    with torch.no_grad():
        found = SupervisedLoss(ours)(**padded_inputs(separate(rows)))
        expected = []
        for row in rows:
            logits = theirs(input_ids=torch.tensor([row.ids])).logits[0]
            expected += [
                cross_entropy(logits[place - 1].double(), torch.tensor(row.ids[place]))
                for place, learned in enumerate(row.supervised)
                if learned
            ]
    assert found.dtype == torch.float32
    assert found.double() == pytest.approx(torch.stack(expected), abs=1e-5)


def test_logits_are_computed_at_the_targets_alone(rows: list[SupervisedRow], monkeypatch: pytest.MonkeyPatch) -> None:
    _, ours = made(CONFIGS["llama"]())
    seen = []
    ours.head.register_forward_hook(lambda _module, inputs, _output: seen.append(inputs[0].shape[0]))
    layout = layout_of(ours, rows, budget_tokens=200)
    learn(SupervisedLoss(ours), [layout.inputs(part) for part in layout.parts(rows)])
    assert seen == [sum(sum(row.supervised) for row in rows)]


def test_more_targets_than_fit_at_once_give_the_same_loss_and_gradients(
    rows: list[SupervisedRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs, ours = made(CONFIGS["qwen3"]())
    monkeypatch.setattr(loss, "_AT_ONCE", 7)
    seen = []
    ours.head.register_forward_hook(lambda _module, inputs, _output: seen.append(inputs[0].shape[0]))
    layout = layout_of(ours, rows, budget_tokens=200)
    found = learn(SupervisedLoss(ours), [layout.inputs(part) for part in layout.parts(rows)])
    assert max(seen) == 7
    expected = alone(theirs, rows)
    expected.backward()
    assert found == pytest.approx(float(expected.detach()), abs=1e-5)
    for (name, weight), theirs_weight in zip(
        ours.encoder.named_parameters(), theirs.base_model.parameters(), strict=True
    ):
        assert weight.grad == pytest.approx(theirs_weight.grad, abs=1e-5), name
    assert ours.head.weight.grad == pytest.approx(theirs.lm_head.weight.grad, abs=1e-5)


@pytest.mark.parametrize(
    "deal", [[[0, 1, 2, 3, 4, 5, 6, 7]], [[0], [1, 2, 3, 4, 5, 6], [7]], [[7, 0], [1, 3, 5], [2, 4, 6]]]
)
def test_a_step_has_one_loss_however_its_rows_are_dealt(deal: list[list[int]], rows: list[SupervisedRow]) -> None:
    theirs, ours = made(CONFIGS["gpt2"]())
    layout = layout_of(ours, rows, budget_tokens=200)
    parts = [layout.inputs(part) for numbers in deal for part in layout.parts([rows[number] for number in numbers])]
    assert learn(SupervisedLoss(ours), parts) == pytest.approx(float(alone(theirs, rows).detach()), abs=1e-5)


def test_a_model_in_bfloat16_has_its_loss_in_float32(rows: list[SupervisedRow]) -> None:
    _, ours = made(CONFIGS["llama"]())
    ours.bfloat16()
    layout = layout_of(ours, rows, budget_tokens=200)
    assert layout.reason == ""
    inputs = layout.inputs(layout.parts(rows)[0])
    logits: list[torch.Tensor] = []
    ours.head.register_forward_hook(lambda _module, _inputs, output: logits.append(output))
    with torch.no_grad():
        found = SupervisedLoss(ours)(**inputs)
    assert logits[0].dtype == torch.bfloat16
    assert found.dtype == torch.float32
    assert found == pytest.approx(cross_entropy(logits[0].float(), inputs["targets"], reduction="none"), abs=1e-6)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_is_refused(bad: float, rows: list[SupervisedRow]) -> None:
    with pytest.raises(DataError, match=rf"training loss is {bad} over 2 targets.*Lower the learning rate"):
        step_loss(torch.tensor([bad, 1.0]), 5)
    _, ours = made(CONFIGS["llama"]())
    layout = layout_of(ours, rows, budget_tokens=200)
    with torch.no_grad():
        ours.head.weight[5] = bad
    with pytest.raises(DataError, match="training loss is"):
        learn(SupervisedLoss(ours), [layout.inputs(part) for part in layout.parts(rows)])


@pytest.mark.parametrize(
    ("config", "changed"),
    [
        (lambda: t.Gemma2Config(**SIZE, final_logit_softcapping=30.0), "final_logit_softcapping = 30.0"),
        (
            lambda: t.GraniteConfig(
                **{name: size for name, size in SIZE.items() if name != "head_dim"}, logits_scaling=8.0
            ),
            "logits_scaling = 8.0",
        ),
        (lambda: t.Cohere2Config(**SIZE, logit_scale=0.0625), "logit_scale = 0.0625"),
    ],
)
def test_models_that_change_the_logits_of_their_head_are_refused(config: Any, changed: str) -> None:
    from acclimate.models import LanguageModel

    theirs = t.AutoModelForCausalLM.from_config(config())
    with pytest.raises(BackboneError, match=changed):
        SupervisedLoss(LanguageModel(theirs.base_model, theirs.get_output_embeddings()))
