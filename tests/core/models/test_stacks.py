"""Stacks of images: attention against an independent computation, and no stack depends on its neighbours."""

from pathlib import Path

import numpy as np
import pytest
import torch
from acclimate import models
from acclimate.models import GatedAttention, ImagePreprocessing, StackClassifier, StackExamples, StackPreprocessing
from acclimate.testing import tiny
from PIL import Image

WIDTH = 6


def pooler(seed: int = 0) -> GatedAttention:
    torch.manual_seed(seed)
    found = GatedAttention(WIDTH, attention_width=4)
    torch.nn.init.normal_(found.score.weight)
    found.standardise_by(torch.linspace(-1, 1, WIDTH), torch.linspace(0.5, 2, WIDTH))
    return found


def classifier() -> StackClassifier:
    encoder = tiny.encoder("vit")
    torch.manual_seed(1)
    model = StackClassifier(
        encoder, width=models.feature_width(encoder, "cls"), labels=("a", "b"), pooling="cls", attention_width=4
    ).eval()
    torch.nn.init.normal_(model.pooler.score.weight, std=3.0)
    return model


def examples(counts: tuple[int, ...]) -> StackExamples:
    """Return stacks of noise, of so many slices each."""
    random = np.random.default_rng(2)
    stacks = {
        str(row): [Image.fromarray(random.integers(0, 256, (32, 32, 3), dtype=np.uint8)) for _ in range(count)]
        for row, count in enumerate(counts)
    }
    values = {"size": (32, 32), "mean": (0.5,) * 3, "std": (0.5,) * 3, "interpolation": "bilinear"}
    return StackExamples(
        list(stacks),
        list(stacks),
        [f"{row:064x}" for row in range(len(counts))],
        [[str(number) for number in range(count)] for count in counts],
        preprocessing=StackPreprocessing(slices=ImagePreprocessing.from_dict(values)),
        open_stack=lambda path: stacks[path],
    )


def test_attention_is_that_of_the_paper() -> None:
    own = pooler()
    slices = np.random.default_rng(0).normal(size=(1, 5, WIDTH)).astype(np.float32)
    state = {name: value.double().numpy() for name, value in own.state_dict().items()}
    h = (slices[0] - state["mean"]) / state["scale"]
    told = np.tanh(h @ state["tanh.weight"].T + state["tanh.bias"])
    gate = 1 / (1 + np.exp(-(h @ state["gate.weight"].T + state["gate.bias"])))
    scores = (told * gate) @ state["score.weight"][0]
    expected = np.exp(scores) / np.exp(scores).sum()
    pooled, weights = own(torch.from_numpy(slices), torch.ones(1, 5, dtype=torch.bool))
    np.testing.assert_allclose(weights[0].detach().numpy(), expected, atol=1e-6)
    np.testing.assert_allclose(pooled[0].detach().numpy(), expected @ h, atol=1e-5)


def test_attention_begins_as_the_mean() -> None:
    slices = torch.randn(2, 7, WIDTH)
    mask = torch.ones(2, 7, dtype=torch.bool)
    mask[1, 3:] = False
    pooled, weights = GatedAttention(WIDTH)(slices, mask)
    torch.testing.assert_close(pooled[0], slices[0].mean(dim=0))
    torch.testing.assert_close(pooled[1], slices[1, :3].mean(dim=0))
    assert weights[1].tolist() == pytest.approx([1 / 3] * 3 + [0.0] * 4)


def test_features_that_do_not_vary_are_left_as_they_are() -> None:
    own = GatedAttention(2)
    own.standardise_by(torch.tensor([1.0, 2.0]), torch.tensor([0.0, 4.0]))
    assert own.standardised(torch.tensor([1.5, 4.0])).tolist() == [0.5, 0.5]


def test_the_logits_of_a_stack_do_not_depend_on_how_many_slices_its_neighbours_have() -> None:
    model, rows = classifier(), examples((2, 9, 5))
    with torch.inference_mode():
        together = model(**rows.batch([0, 1, 2]))
        alone = torch.cat([model(**rows.batch([row])) for row in range(3)])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)
    assert (together[0] - together[1]).abs().max() > 1e-3


def test_what_stands_beyond_the_last_slice_is_never_seen() -> None:
    model, inputs = classifier(), examples((2, 4)).batch([0, 1])
    other = inputs["pixel_values"].clone()
    other[0, 2:] = torch.nan
    with torch.inference_mode():
        assert torch.equal(model(**inputs), model(pixel_values=other, slice_mask=inputs["slice_mask"]))


def test_the_order_of_slices_changes_their_weights_and_not_the_logits() -> None:
    model, inputs = classifier(), examples((6,)).batch([0])
    order = [3, 0, 5, 1, 4, 2]
    with torch.inference_mode():
        logits, weights = model.explained(inputs)
        turned = {"pixel_values": inputs["pixel_values"][:, order], "slice_mask": inputs["slice_mask"]}
        found, moved = model.explained(turned)
    torch.testing.assert_close(found, logits, atol=1e-5, rtol=0)
    torch.testing.assert_close(moved, weights[:, order], atol=1e-5, rtol=0)
    assert float(weights.std()) > 1e-3


def test_features_of_slices_are_computed_once_and_give_the_same_logits(tmp_path: Path) -> None:
    model, rows = classifier(), examples((3, 1, 4))
    calls: list[int] = []
    model.encoder.register_forward_hook(lambda *_: calls.append(1))
    found = models.slice_features(model, rows, cache=tmp_path, key=("w",), precision="float32")
    assert calls
    calls.clear()
    again = models.slice_features(model, models.Subset(rows, [2, 0]), cache=tmp_path, key=("w",), precision="float32")
    assert not calls
    with torch.inference_mode():
        expected = model(**rows.batch([2, 0]))
        torch.testing.assert_close(model(**found.batch([2, 0])), expected, atol=1e-5, rtol=0)
        torch.testing.assert_close(model(**again.batch([0, 1])), expected, atol=1e-5, rtol=0)
    every = np.asarray(found.values)
    np.testing.assert_allclose(found.means()[2], every[4:].mean(axis=0), atol=1e-6)
    mean, deviation = found.spread()
    np.testing.assert_allclose(mean, every.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(deviation, every.std(axis=0), atol=1e-5)
    with pytest.raises(ValueError, match="cannot be augmented"):
        found.batch([0], np.random.default_rng(0))


def test_all_slices_of_a_row_are_changed_in_the_same_way() -> None:
    rows = examples((3,))
    same = Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8))
    rows.open_stack = lambda _: [same] * 3
    changed = rows.batch([0], np.random.default_rng(5))["pixel_values"][0]
    assert torch.equal(changed[0], changed[1])
    assert not torch.equal(changed[0], rows.batch([0])["pixel_values"][0, 0])
