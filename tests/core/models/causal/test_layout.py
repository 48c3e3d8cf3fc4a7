"""Packed rows give the loss and the gradients of separate rows, or are refused with the reason and kept apart."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
import transformers as t
from acclimate.contracts import Need, Settings
from acclimate.models import LanguageModel
from acclimate.models.causal import SupervisedLoss, SupervisedRow, layout_of, learn, packed_inputs
from acclimate.models.causal.layout import Layout
from acclimate.plugins import Host

from .conftest import CONFIGS, SIZE, alone, made

DRAWS = 60
METHODS = ("full", "lora", "qlora", "adapters", "prefix", "ia3", "norm", "bitfit")


def learned(layout: Layout, model: LanguageModel, rows: Sequence[SupervisedRow]) -> float:
    return learn(SupervisedLoss(model), [layout.inputs(part) for part in layout.parts(rows)])


def close(ours: dict[str, Any], theirs: dict[str, Any], tolerance: float = 1e-5) -> None:
    """Check that gradients of the same names agree within a share of the largest one."""
    assert ours.keys() == theirs.keys()
    largest = max(float(grad.abs().max()) for grad in theirs.values())
    assert largest > 1e-3
    for name, grad in theirs.items():
        assert float((ours[name] - grad).abs().max()) <= tolerance * max(1.0, largest), name


def gradients(model: Any) -> dict[str, torch.Tensor]:
    return {name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None}


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("budget", [200, 40])
@pytest.mark.parametrize("name", CONFIGS)
def test_packed_rows_have_the_loss_and_gradients_that_transformers_gives_each_row_alone(
    name: str, budget: int, attention: str, rows: list[SupervisedRow]
) -> None:
    theirs, ours = made(CONFIGS[name](), attention)
    layout = layout_of(ours, rows, budget_tokens=budget)
    assert layout.reason == ""
    parts = layout.parts(rows)
    assert len(parts) == (1 if budget == 200 else 3)
    tokens = sum(len(pack.ids) for part in parts for pack in part)
    assert tokens < sum(len(row.ids) for row in rows)  # a prefix was shared
    expected = alone(theirs, rows)
    expected.backward()
    assert learned(layout, ours, rows) == pytest.approx(float(expected.detach()), abs=1e-5)
    close(gradients(ours.encoder), gradients(theirs.base_model))


@pytest.mark.parametrize("name", CONFIGS)
def test_several_packs_in_one_batch_are_as_good_as_one_after_the_other(name: str, rows: list[SupervisedRow]) -> None:
    theirs, ours = made(CONFIGS[name]())
    layout = layout_of(ours, rows, budget_tokens=40)
    packs = [pack for part in layout.parts(rows) for pack in part]
    assert len({len(pack.ids) for pack in packs}) > 1  # shorter ones are filled up
    loss = learn(SupervisedLoss(ours), [layout.inputs(packs)])
    expected = alone(theirs, rows)
    expected.backward()
    assert loss == pytest.approx(float(expected.detach()), abs=1e-5)
    close(gradients(ours.encoder), gradients(theirs.base_model))


_SMALL = {"vocab_size": 64, "hidden_size": 16, "num_hidden_layers": 2}
REFUSED = {
    # what it does: positions or windows counted in the pack, state that runs on, masks of its own
    "mpt": (lambda: t.MptConfig(vocab_size=64, d_model=16, n_layers=2, n_heads=2, max_seq_len=128), "than alone"),
    "gpt-neo": (
        lambda: t.GPTNeoConfig(
            vocab_size=64,
            hidden_size=16,
            num_layers=2,
            num_heads=2,
            window_size=5,
            attention_types=[[["global", "local"], 1]],
            max_position_embeddings=128,
            bos_token_id=1,
            eos_token_id=2,
        ),
        "than alone",
    ),
    "bloom": (lambda: t.BloomConfig(vocab_size=64, hidden_size=16, n_layer=2, n_head=2), "does not take the mask"),
    "mamba": (lambda: t.MambaConfig(**_SMALL, state_size=4), "layers of 'linear_attention'"),
    "lfm2": (lambda: t.Lfm2Config(**SIZE, layer_types=["conv", "full_attention"]), "layers of 'conv'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_models_whose_rows_would_see_each_other_keep_them_apart_and_say_why(
    name: str, rows: list[SupervisedRow]
) -> None:
    config, reason = REFUSED[name]
    theirs, ours = made(config(), attention=None)
    layout = layout_of(ours, rows, budget_tokens=40)
    assert reason in layout.reason
    parts = layout.parts(rows)
    assert sorted(number for part in parts for pack in part for number in pack.rows) == list(range(len(rows)))
    assert all(max(len(pack.ids) for pack in part) * len(part) <= 40 for part in parts)
    expected = alone(theirs, rows)
    expected.backward()
    assert learned(layout, ours, rows) == pytest.approx(float(expected.detach()), abs=1e-5)
    close(gradients(ours.encoder), gradients(theirs.base_model))


def test_recurrent_layers_that_no_configuration_names_are_found_by_what_they_do(
    rows: list[SupervisedRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, ours = made(CONFIGS["llama"]())
    layer: Any = ours.encoder.layers[0].mlp  # type: ignore[union-attr,index]
    plain = layer.forward
    monkeypatch.setattr(layer, "forward", lambda hidden: plain(hidden) + 0.1 * hidden.cumsum(dim=1))
    assert "other hidden states than alone" in layout_of(ours, rows, budget_tokens=200).reason


@pytest.mark.parametrize(
    ("leak", "found"),
    [
        (0.0, "other hidden states than alone"),
        (-9.0, "sees its neighbour"),  # a share of attention that a comparison with another computation cannot see
    ],
)
def test_a_row_that_sees_its_neighbour_is_found(
    leak: float, found: str, rows: list[SupervisedRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    from acclimate.models.causal import layout

    def leaking(packs: Any, masks: Any) -> dict[str, Any]:
        inputs = packed_inputs(packs, masks)
        inputs["attention_mask"][0, 0, -1, packs[0].owners.index(packs[0].rows[0])] = leak
        return inputs

    _, ours = made(CONFIGS["llama"](), "eager")
    monkeypatch.setattr(layout, "packed_inputs", leaking)
    assert found in layout_of(ours, rows, budget_tokens=200).reason


def adapted(method: str, name: str = "llama", seed: int = 0) -> LanguageModel:
    """Return a tiny model under a method, its new weights moved from where they begin."""
    _, ours = made(CONFIGS[name]())
    offer = Host(discover=False).methods()[method]
    settings = Settings(seed=seed)
    plan = Host(discover=False).load(offer)(
        ours, Need(task="text-generation", modality="text", rows=8, labels=()), settings
    )
    torch.manual_seed(1)
    if offer.install is not None:
        offer.install.load()(ours, plan.adapter)
    assert plan.groups is not None
    plan.groups(ours)
    with torch.no_grad():
        for weight in ours.parameters():
            if weight.requires_grad:
                weight.add_(0.1 * torch.randn_like(weight))
    return ours.eval()


@pytest.mark.parametrize("name", ["llama", "gpt2"])
@pytest.mark.parametrize("method", METHODS)
def test_under_a_method_packed_rows_give_the_gradients_of_separate_rows(
    method: str, name: str, rows: list[SupervisedRow]
) -> None:
    if method == "bitfit" and name == "llama":
        pytest.skip("Llama has no biases.")
    if method == "qlora":
        pytest.importorskip("bitsandbytes")
    ours = adapted(method, name)
    layout = layout_of(ours, rows, budget_tokens=200)
    assert layout.reason == ""
    packed = learned(layout, ours, rows)
    found = {key: grad.clone() for key, grad in gradients(ours).items()}
    ours.zero_grad()
    one = [learn(SupervisedLoss(ours), [replace(layout, masks=None).inputs([pack])]) for pack in apart(rows)]
    weights = [sum(row.supervised) for row in rows]
    assert packed == pytest.approx(sum(a * b for a, b in zip(one, weights, strict=True)) / sum(weights), abs=1e-5)
    ours.zero_grad()
    learned(replace(layout, masks=None), ours, rows)
    close(found, gradients(ours))


def apart(rows: Sequence[SupervisedRow]) -> list[Any]:
    from acclimate.models.causal import separate

    return list(separate(rows))


def test_virtual_tokens_before_each_row_keep_rows_apart(rows: list[SupervisedRow]) -> None:
    ours = adapted("prompt")
    layout = layout_of(ours, rows, budget_tokens=200)
    assert "virtual tokens before each row" in layout.reason
    packed = learned(layout, ours, rows)
    single = [learn(SupervisedLoss(ours), [layout.inputs([pack])]) for pack in apart(rows)]
    weights = [sum(row.supervised) for row in rows]
    assert packed == pytest.approx(sum(a * b for a, b in zip(single, weights, strict=True)) / sum(weights), abs=1e-5)


def test_packing_can_be_switched_off_and_other_attention_is_refused(rows: list[SupervisedRow]) -> None:
    _, ours = made(CONFIGS["llama"]())
    assert "switched off" in layout_of(ours, rows, packed=False).reason
    ours.encoder.config._attn_implementation = "flash_attention_2"  # type: ignore[union-attr]
    assert "'flash_attention_2'" in layout_of(ours, rows).reason


def test_the_look_at_a_model_leaves_it_as_it_was(rows: list[SupervisedRow]) -> None:
    _, ours = made(t.GPT2Config(**{**CONFIGS["gpt2"]().to_dict(), "resid_pdrop": 0.5}))
    ours.train()
    ours.encoder.h[0].eval()  # type: ignore[union-attr,index]
    before = [module.training for module in ours.modules()]
    assert layout_of(ours, rows, budget_tokens=200).reason == ""
    assert [module.training for module in ours.modules()] == before
    assert all(weight.grad is None for weight in ours.parameters())


def test_with_dropout_a_packed_row_learns_the_same_on_average(rows: list[SupervisedRow]) -> None:
    """What is drawn differs, and rows behind one prefix share its draw; the mean of the loss does not move."""
    _, ours = made(t.GPT2Config(**{**CONFIGS["gpt2"]().to_dict(), "resid_pdrop": 0.1}))
    layout = layout_of(ours, rows, budget_tokens=200)
    ours.train()
    loss = SupervisedLoss(ours)
    means = []
    for way in (layout, replace(layout, masks=None)):
        inputs = [way.inputs(part) for part in way.parts(rows)]
        with torch.no_grad():
            drawn = [torch.cat([loss(**part) for part in inputs]).mean() for _ in range(DRAWS)]
        means.append((float(torch.stack(drawn).mean()), float(torch.stack(drawn).std()) / DRAWS**0.5))
    (one, first), (other, second) = means
    assert abs(one - other) < 4 * (first**2 + second**2) ** 0.5
