"""Each of the ten properties, broken on purpose, turns its check red."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from acclimate import training
from acclimate.methods import lora
from acclimate.plugins import Host
from acclimate.testing import tiny
from acclimate.testing.conformance import Cell, check, check_resume, check_seeds
from acclimate.testing.fresh import check_fresh
from acclimate.testing.matrix import PROMISES
from acclimate.training import engine
from acclimate.training.batching import LengthBatches
from acclimate.training.checkpoint import Resuming

Patch = pytest.MonkeyPatch


def cell(method: str, architecture: str = "bert", **values: Any) -> Cell:
    image = architecture in tiny.IMAGE
    promise = PROMISES[method]
    given: dict[str, Any] = {
        "rate": promise.image if image else promise.text,
        "identity": promise.identity,
        "merges": promise.merges,
        "epochs": 4,
        **values,
    }
    task = tiny.tasks(architecture)[0]
    return Cell(method=Host(discover=False).methods()[method], architecture=architecture, task=task, **given)


def after(patch: Patch, owner: Any, name: str, then: Callable[..., None]) -> None:
    """Let a function do what it did, and `then` something with its arguments."""
    original = getattr(owner, name)

    def broken(*args: Any, **named: Any) -> Any:
        result = original(*args, **named)
        then(*args)
        return result

    patch.setattr(owner, name, broken)


def built_with(patch: Patch, change: Callable[[Any], None]) -> None:
    """Change every model that is built."""
    original = tiny.build

    def build(*args: Any, **named: Any) -> Any:
        model = original(*args, **named)
        change(model)
        return model

    patch.setattr(tiny, "build", build)


def test_1_a_weight_that_moves_though_it_should_rest(monkeypatch: Patch) -> None:
    after(monkeypatch, training, "fit", lambda model, *_: model.encoder.embeddings.LayerNorm.weight.data.add_(1e-3))
    with pytest.raises(AssertionError, match=r"embeddings\.LayerNorm\.weight should not have moved"):
        check(cell("lora"))


def test_1_a_weight_that_rests_though_it_should_move() -> None:
    with pytest.raises(AssertionError, match="should have moved"):
        check(cell("lora", rate=1e-30))


def test_2_an_update_that_does_not_start_at_zero(monkeypatch: Patch) -> None:
    def disturb(model: Any, adapter: Any) -> None:
        for name, parameter in model.encoder.named_parameters():
            if "lora_B" in name:
                parameter.data.fill_(0.05)

    after(monkeypatch, lora, "install", disturb)
    with pytest.raises(AssertionError, match="before any training"):
        check(cell("lora"))


def test_3_a_method_that_does_not_learn() -> None:
    with pytest.raises(AssertionError, match="the loss went from"):
        check(cell("lora", rate=1e-4, epochs=1))


def test_4_a_state_that_is_not_saved(monkeypatch: Patch, tmp_path: Path) -> None:
    def keep_outside(model: Any, adapter: Any) -> None:
        factor = 1.0 + float(torch.rand(()))
        model.head.register_forward_hook(lambda _module, _inputs, output: output * factor)

    after(monkeypatch, lora, "install", keep_outside)
    with pytest.raises(AssertionError, match="a reloaded model's logits differ"):
        check(cell("lora", identity=False))
    with pytest.raises(AssertionError, match=r"loaded in a new process, logits differ: \{'lora'"):
        check_fresh({"lora": cell("lora")}, tmp_path)


def test_5_a_merge_that_leaves_a_layer_out(monkeypatch: Patch) -> None:
    def unmerged(model: Any, adapter: Any, original: Any) -> None:
        for number, name in enumerate(adapter["targets"]):
            layer = model.encoder.get_submodule(name)
            if number:
                layer.merge()
            lora.replace_module(model.encoder, name, layer.get_base_layer())

    monkeypatch.setattr(lora, "merge", unmerged)
    with pytest.raises(AssertionError, match="merging moves logits by"):
        check(cell("lora"))


@pytest.mark.parametrize("forgotten", ["load_optimizer", "load_random"])
@pytest.mark.parametrize("stop", [4, 6], ids=["in an epoch", "at its end"])
def test_6_a_checkpoint_that_forgets(forgotten: str, stop: int, monkeypatch: Patch, tmp_path: Path) -> None:
    monkeypatch.setattr(Resuming, forgotten, lambda self: None)
    with pytest.raises(AssertionError, match=f"stopping after step {stop} changed the result"):
        check_resume(cell("lora", epochs=3), tmp_path, stops=(stop,))


def test_7_a_model_that_reads_padding(monkeypatch: Patch) -> None:
    def unmasked(_module: Any, args: Any, inputs: dict[str, Any]) -> Any:
        return args, {name: value for name, value in inputs.items() if name != "attention_mask"}

    built_with(
        monkeypatch, lambda model: model.encoder.register_forward_pre_hook(unmasked, with_kwargs=True) and None
    )
    with pytest.raises(AssertionError, match="padding on the right moves logits"):
        check(cell("lora"))


def test_8_a_model_whose_rows_see_each_other(monkeypatch: Patch) -> None:
    def centred(_module: Any, _inputs: Any, output: torch.Tensor) -> torch.Tensor:
        return output - 0.1 * output.mean(dim=0)

    built_with(monkeypatch, lambda model: model.head.register_forward_hook(centred) and None)
    with pytest.raises(AssertionError, match="logits depend on the batch size"):
        check(cell("lora", "vit"))


def test_8_rows_that_are_not_finite_are_counted(monkeypatch: Patch) -> None:
    def broken(module: Any, _inputs: Any, output: torch.Tensor) -> torch.Tensor:
        bad = torch.zeros_like(output)
        bad[: len(output) // 12] = float("nan")
        return output if module.training or len(output) < 24 else output + bad

    built_with(monkeypatch, lambda model: model.head.register_forward_hook(broken) and None)
    with pytest.raises(AssertionError, match="2 of 24 rows have logits that are not finite"):
        check(cell("full", "vit"))


def test_8_evaluation_counts_rows_that_are_not_finite(monkeypatch: Patch) -> None:
    def broken(module: Any, _inputs: Any, output: torch.Tensor) -> torch.Tensor:
        bad = torch.zeros_like(output)
        bad[0] = float("inf")
        return output + bad if not module.training and len(output) == 21 else output

    built_with(monkeypatch, lambda model: model.head.register_forward_hook(broken) and None)
    with pytest.raises(AssertionError, match=r"in batches of 21: Expected finite scores, .* in 1 row \('0'\) of 24"):
        check(cell("full", "vit"))


@contextmanager
def _unseeded(seed: int) -> Iterator[None]:
    yield


def test_9_a_method_that_ignores_the_seed(monkeypatch: Patch) -> None:
    monkeypatch.setattr(training, "seeded", _unseeded)
    with pytest.raises(AssertionError, match="one seed gave two results"):
        check_seeds(cell("lora", epochs=2))


def test_9_batches_that_ignore_the_seed(monkeypatch: Patch) -> None:
    class Fixed(LengthBatches):
        def __init__(self, *args: Any, **named: Any) -> None:
            super().__init__(*args, **{**named, "seed": 0})

    monkeypatch.setattr(engine, "LengthBatches", Fixed)
    with pytest.raises(AssertionError, match="two seeds gave one result"):
        check_seeds(cell("full", "vit", epochs=2))


def test_10_a_method_that_trains_more_than_its_formula() -> None:
    # BERT of width 16, 2 blocks, inner width 32; rank 8; 3 labels: the head left out of the formula.
    formula = 2 * 8 * (4 * (16 + 16) + 2 * (16 + 32))
    with pytest.raises(AssertionError, match=f"{formula + 51} parameters train, the formula says {formula}"):
        check(cell("lora", count=formula))
    assert check(replace(cell("lora"), count=formula + 51)).status == "passed"
