"""What enters the first trained block is recorded once; training from there on is the same as from the start."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from acclimate import training
from acclimate.contracts import Need, Settings
from acclimate.methods import partial
from acclimate.models import Classifier
from acclimate.models.recorded import REPLAYED, Recorded
from acclimate.models.replay import Replay
from acclimate.testing import tiny
from acclimate.testing.toy import IGNORED, ToyExamples
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

BUILT = tuple(name for name in (*tiny.TEXT, *tiny.IMAGE) if name not in ("t5", "efficientnet"))
BATCH = [5, 1, 7, 2, 11]


def t5(layers: int) -> Classifier:
    from transformers import T5Config, T5EncoderModel

    torch.manual_seed(0)
    config = T5Config(
        vocab_size=tiny.VOCABULARY, d_model=16, d_kv=8, d_ff=32, num_layers=layers, num_heads=2, pad_token_id=0
    )
    return Classifier(T5EncoderModel(config), width=16, labels=tiny.LABELS, pooling="mean").eval()


def efficientnet() -> Classifier:
    encoder = tiny.encoder("efficientnet")
    width = encoder(pixel_values=torch.zeros(1, 3, 64, 64)).pooler_output.shape[1]
    torch.manual_seed(0)
    return Classifier(encoder, width=width, labels=tiny.LABELS, pooling="own").eval()


def task_of(architecture: str) -> str:
    return "text-classification" if architecture == "t5" else tiny.tasks(architecture)[-1]


def model_of(architecture: str) -> Any:
    if architecture == "t5":
        return t5(3)
    return efficientnet() if architecture == "efficientnet" else tiny.build(architecture, task_of(architecture))


def examples_of(architecture: str, rows: int = 24) -> ToyExamples:
    return ToyExamples(architecture, task_of(architecture), rows=rows)


def planned(model: Any, architecture: str, blocks: int = 1) -> Any:
    """Plan, install, and let the model train as the plan says; return plan, optimizer groups and boundary."""
    modality: Any = "image" if architecture in tiny.IMAGE else "text"
    need = Need(task=task_of(architecture), modality=modality, rows=24, labels=tiny.LABELS)
    settings = Settings(learning_rate=1e-2, options={"blocks": blocks, "cache": "on"})
    plan = partial.plan(model, need, settings)
    partial.install(model, plan.adapter)
    assert plan.groups is not None
    groups = plan.groups(model)
    boundary = partial.boundary(plan)
    assert boundary is not None
    return plan, groups, boundary


def loss_of(model: Any, inputs: dict[str, Tensor], classes: Sequence[int] | None, precision: str) -> Tensor:
    truth = inputs.pop("truth", None)
    truth = torch.as_tensor(classes) if truth is None else truth
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
        logits = model(**inputs)
    return cross_entropy(logits.float().flatten(0, -2), truth.flatten(), ignore_index=IGNORED)


def gradients(model: Any, examples: Any, classes: Any, precision: str = "float32") -> tuple[float, dict[str, Tensor]]:
    """Return loss and gradients of one step in training mode, dropout included, under a fixed seed."""
    model.train()
    training.engine.freeze_statistics(model)
    torch.manual_seed(3)
    loss = loss_of(model, examples.batch(BATCH), None if classes is None else classes[BATCH], precision)
    torch.autograd.backward(loss)
    found = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad(set_to_none=True)
    return loss.item(), found


def recorded_of(model: Any, boundary: Any, examples: Any, folder: Path, precision: str = "float32") -> Any:
    replay = Replay(model, boundary.first, boundary.below)
    assert replay.refusal(examples, folder, precision=precision) == ""
    return replay, replay.record(examples, folder / "rows", precision=precision, batch_size=5)


@contextmanager
def counted(model: Any, names: Sequence[str]) -> Iterator[dict[str, int]]:
    """Count how often each block does its work: how often the first layer with weights inside it runs."""
    counts = dict.fromkeys(names, 0)

    def count(name: str) -> Callable[..., None]:
        def hook(*_: Any) -> None:
            counts[name] += 1

        return hook

    handles = []
    for name in names:
        parts = model.encoder.get_submodule(name).modules()
        inner = next(part for part in parts if any(p.ndim > 1 for p in part.parameters(recurse=False)))
        handles.append(inner.register_forward_hook(count(name)))
    yield counts
    for handle in handles:
        handle.remove()


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("architecture", [*BUILT, "t5", "efficientnet"])
def test_replayed_loss_and_gradients_are_those_of_the_whole_model(
    architecture: str, precision: str, tmp_path: Path
) -> None:
    model, examples = model_of(architecture), examples_of(architecture)
    _, _, boundary = planned(model, architecture)
    loss, expected = gradients(model, examples, examples.truth, precision)
    replay, recorded = recorded_of(model, boundary, examples, tmp_path, precision)
    with replay.active():
        replayed_loss, found = gradients(model, recorded, examples.truth, precision)
    tolerance = 5e-5 if precision == "float32" else 2e-2
    assert replayed_loss == pytest.approx(loss, abs=tolerance)
    assert set(found) == set(expected)
    assert max(float(gradient.abs().max()) for gradient in expected.values()) > 1e-3
    for name, gradient in expected.items():
        assert float((found[name] - gradient).abs().max()) <= tolerance, name


@pytest.mark.parametrize("architecture", [*BUILT, "t5", "efficientnet"])
def test_a_replayed_step_runs_no_block_below(architecture: str, tmp_path: Path) -> None:
    model, examples = model_of(architecture), examples_of(architecture)
    _, _, boundary = planned(model, architecture)
    replay, recorded = recorded_of(model, boundary, examples, tmp_path)
    needed = boundary.below[:1] if architecture == "t5" else ()  # its first block computes positions for all others
    with replay.active(), counted(model, (*boundary.below, boundary.first)) as counts:
        gradients(model, recorded, examples.truth)
    assert counts == {**dict.fromkeys(boundary.below, 0), **dict.fromkeys(needed, 1), boundary.first: 1}


@pytest.mark.parametrize("architecture", ["bert", "llama", "vit", "timm-vit", "resnet"])
def test_training_from_the_record_follows_the_same_losses(architecture: str, tmp_path: Path) -> None:
    losses, calls = [], []
    for cached in (False, True):
        model, examples = model_of(architecture), examples_of(architecture)
        plan, groups, boundary = planned(model, architecture)
        plan = replace(plan, epochs=3, batch_size=8, average=0.0)
        validation = ToyExamples(architecture, task_of(architecture), rows=9, seed=1)

        def validate(model: Any = model, examples: Any = validation) -> Any:
            model.eval()
            with torch.no_grad():
                rows = list(range(len(examples)))
                loss = loss_of(model, examples.batch(rows), examples.truth, "float32").item()
            return {"log_loss": loss}, np.array([loss])

        with counted(model, (*boundary.below, boundary.first)) as counts:
            active: Any = nullcontext()
            rows: Any = examples
            if cached:
                replay, rows = recorded_of(model, boundary, examples, tmp_path)
                active = replay.active()
                counts.update(dict.fromkeys(counts, 0))
            with active:
                trained = training.fit(
                    model,
                    plan,
                    groups,
                    rows,
                    examples.truth,
                    settings=Settings(patience=99),
                    precision="float32",
                    validate=validate,
                    shown=False,
                )
        losses.append(
            [epoch[name] for epoch in trained.history for name in ("log_loss", "training_loss") if name in epoch]
        )
        calls.append(counts)
    np.testing.assert_allclose(losses[1], losses[0], atol=1e-5)
    assert len(set(losses[0])) == 5, "training changes the losses"
    steps, passes = 3 * 3, 4  # validation runs whole, at the start and after each epoch
    assert set(calls[0].values()) == {steps + passes}
    assert calls[1] == {**dict.fromkeys(boundary.below, passes), boundary.first: steps + passes}


def test_recording_runs_each_lower_block_once_per_batch_and_none_above(tmp_path: Path) -> None:
    model, examples = model_of("bert"), examples_of("bert")
    _, _, boundary = planned(model, "bert")
    replay = Replay(model, boundary.first, boundary.below)
    assert replay.refusal(examples, tmp_path, precision="float32") == ""
    with counted(model, (*boundary.below, boundary.first)) as counts:
        replay.record(examples, tmp_path / "rows", precision="float32", batch_size=5)
    assert counts == {boundary.below[0]: 5, boundary.first: 0}


def test_one_record_is_what_the_lower_layers_compute_for_a_row_alone(tmp_path: Path) -> None:
    model, examples = model_of("bert"), examples_of("bert")
    _, _, boundary = planned(model, "bert")
    _, recorded = recorded_of(model, boundary, examples, tmp_path)
    batch = recorded.batch(BATCH)
    assert batch[REPLAYED].shape == (*batch["attention_mask"].shape, 16)
    for place, row in enumerate(BATCH):
        alone = examples.batch([row])
        encoder = model.encoder
        with torch.no_grad():
            expected = encoder.encoder.layer[0](encoder.embeddings(alone["input_ids"]))[0]
        length = len(expected)
        torch.testing.assert_close(batch[REPLAYED][place, :length], expected, atol=1e-5, rtol=0)
        assert bool((batch[REPLAYED][place, length:] == 0).all())


@pytest.mark.parametrize(("architecture", "numbers"), [("bert", 16), ("vit", 17 * 16)])
def test_a_row_takes_its_tokens_times_width_times_four_bytes(architecture: str, numbers: int, tmp_path: Path) -> None:
    model, examples = model_of(architecture), examples_of(architecture)
    _, _, boundary = planned(model, architecture)
    recorded_of(model, boundary, examples, tmp_path)
    tokens = len(examples) if examples.lengths is None else int(examples.lengths.sum())
    assert (tmp_path / "rows").stat().st_size == tokens * numbers * 4


def test_a_model_in_bfloat16_is_recorded_bit_for_bit_in_two_bytes(tmp_path: Path) -> None:
    model, examples = model_of("llama").to(torch.bfloat16), examples_of("llama")
    _, _, boundary = planned(model, "llama")
    _, recorded = recorded_of(model, boundary, examples, tmp_path)
    assert (tmp_path / "rows").stat().st_size == int(examples.lengths.sum()) * 16 * 2  # type: ignore[union-attr]
    found = recorded.batch([4])[REPLAYED]
    assert found.dtype == torch.bfloat16
    entered = []
    handle = model.encoder.layers[1].register_forward_pre_hook(lambda _module, args: entered.append(args[0]))
    with torch.no_grad():
        model.eval()(**{k: v for k, v in examples.batch([4]).items() if k != "truth"})
    handle.remove()
    torch.testing.assert_close(found, entered[0], atol=1e-2, rtol=0)


def test_images_are_not_opened_again(tmp_path: Path) -> None:
    model, examples = model_of("vit"), examples_of("vit")
    _, _, boundary = planned(model, "vit")
    _, recorded = recorded_of(model, boundary, examples, tmp_path)
    del examples.pixels
    assert recorded.batch([3, 1])["pixel_values"].shape == (2, 3, 32, 32)
    assert recorded.batch([3, 1])[REPLAYED].shape == (2, 17, 16)


def test_rows_without_a_record_run_whole_and_everything_is_put_back(tmp_path: Path) -> None:
    model, examples = model_of("distilbert"), examples_of("distilbert")
    _, _, boundary = planned(model, "distilbert")
    inputs = {k: v for k, v in examples.batch(BATCH).items() if k != "truth"}
    names = list(model.state_dict())
    hooks = [len(module._forward_pre_hooks) + len(module._forward_hooks) for module in model.modules()]
    with torch.no_grad():
        expected = model.eval()(**inputs)
        replay, recorded = recorded_of(model, boundary, examples, tmp_path)
        with replay.active():
            model(**{k: v for k, v in recorded.batch(BATCH).items() if k != "truth"})
            assert torch.equal(model(**inputs), expected)
            assert list(model.state_dict()) == names
        with pytest.raises(IndexError), replay.active():
            model(**{**inputs, "input_ids": inputs["input_ids"] + tiny.VOCABULARY})
        assert torch.equal(model(**inputs), expected)
    assert not any("forward" in vars(module) for module in model.modules())
    assert hooks == [len(module._forward_pre_hooks) + len(module._forward_hooks) for module in model.modules()]
    copy.deepcopy(model)


def test_recorded_rows_keep_ids_lengths_and_order(tmp_path: Path) -> None:
    model, examples = model_of("bert"), examples_of("bert")
    _, _, boundary = planned(model, "bert")
    _, recorded = recorded_of(model, boundary, examples, tmp_path)
    assert isinstance(recorded, Recorded)
    assert (len(recorded), recorded.ids, recorded.fingerprints) == (24, examples.ids, examples.fingerprints)
    assert recorded.lengths is examples.lengths
    with pytest.raises(ValueError, match=r"cannot be augmented; set Plan\.augment to False"):
        recorded.batch([0], np.random.default_rng(0))


def test_what_cannot_be_replayed_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bert, rows = model_of("bert"), examples_of("bert")

    def reason(model: Any, first: str, below: Sequence[str], examples: Any) -> str:
        return Replay(model, first, below).refusal(examples, tmp_path, precision="float32")

    layers = [f"encoder.layer.{number}" for number in range(2)]
    assert reason(bert, layers[0], [], rows) == "no block stands before the first one that trains"
    stages = tiny.build("efficientnet", "image-classification")
    blocks = [f"timm_model.blocks.{number}.0" for number in range(5)]
    images = examples_of("efficientnet")
    assert "reads the maps of every stage" in reason(stages, blocks[-1], blocks[:-1], images)
    found = reason(t5(2), "encoder.block.1", ["encoder.block.0"], examples_of("t5"))
    assert found == "each block below hands on values that only it can compute"
    assert "one tensor with the rows and tokens" in reason(sideways(), "blocks.1", ["blocks.0"], rows)
    assert "more of what lies below is read above" in reason(residual(), "blocks.1", ["blocks.0"], rows)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=2e3))
    assert reason(bert, layers[1], layers[:1], rows) == "it takes 0.0 GB of disk, of which 0.0 GB are free"


class Blocks(nn.Module, ABC):
    """Three blocks on token embeddings, put together by `run`."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embeddings = nn.Embedding(tiny.VOCABULARY, 8)
        self.blocks = nn.ModuleList(nn.Sequential(nn.Linear(8, 8), nn.ReLU()) for _ in range(2))

    @abstractmethod
    def run(self, hidden: Tensor) -> Tensor: ...

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Any:
        return SimpleNamespace(last_hidden_state=self.run(self.embeddings(input_ids)))


def classifier(encoder: nn.Module) -> Classifier:
    return Classifier(encoder, width=8, labels=tiny.LABELS, pooling="mean")


def sideways() -> Classifier:
    class Encoder(Blocks):
        """Blocks see one long row, as those that leave out padding do."""

        def run(self, hidden: Tensor) -> Tensor:
            flat = hidden.flatten(0, 1)
            return self.blocks[1](self.blocks[0](flat)).view(hidden.shape)

    return classifier(Encoder())


def residual() -> Classifier:
    class Encoder(Blocks):
        """The last layer adds up what all blocks gave."""

        def run(self, hidden: Tensor) -> Tensor:
            first = self.blocks[0](hidden)
            return first + self.blocks[1](first)

    return classifier(Encoder())
