"""Images of another size than the backbone was trained with: read at that size, or refused."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from acclimate.api import adapt, evaluate, load
from acclimate.contracts import Backbone, BackboneError, OptionError
from acclimate.models import resolve
from PIL import Image


def backbone(folder: Path) -> Backbone:
    return Backbone(name="tiny", summary="Tiny.", modality="image", source=str(folder), licence="MIT")


@pytest.fixture
def picture() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 255, (50, 70, 3), dtype=np.uint8))


@pytest.mark.parametrize("architecture", ["resnet", "dinov2", "swin", "convnext"])
def test_features_are_those_of_the_network_on_images_of_that_size(
    tiny_backbone: Callable[[str], Path], picture: Image.Image, architecture: str
) -> None:
    found = resolve(backbone(tiny_backbone(architecture)), labels=("a", "b"), side=96)
    pixels = np.asarray(picture.resize((96, 96), Image.Resampling.BILINEAR), dtype=np.float32) / 255
    expected = torch.from_numpy((pixels - 0.5) / 0.5).permute(2, 0, 1)
    shown = found.preprocessing(picture)
    torch.testing.assert_close(shown, expected)
    with torch.inference_mode():
        features = found.model.features({"pixel_values": shown[None]})
    assert features.shape == (1, found.model.width)
    usual = resolve(backbone(tiny_backbone(architecture)), labels=("a", "b"))
    assert usual.preprocessing.size != (96, 96)
    assert usual.preprocessing.hash != found.preprocessing.hash  # the cache of features keeps them apart


@pytest.mark.parametrize("architecture", ["resnet", "swin", "convnext"])
def test_networks_with_stages_read_any_side(tiny_backbone: Callable[[str], Path], architecture: str) -> None:
    found = resolve(backbone(tiny_backbone(architecture)), labels=("a", "b"), side=75)
    assert found.preprocessing.size == (75, 75)


def test_an_image_that_memory_does_not_hold_is_no_fault_of_the_network(tiny_backbone: Callable[[str], Path]) -> None:
    with pytest.raises(BackboneError, match="takes more memory than there is") as refused:
        resolve(backbone(tiny_backbone("resnet")), labels=("a", "b"), side=2_000_000)
    assert refused.value.hint == "Choose a smaller image_size."


@pytest.mark.parametrize(
    ("architecture", "side", "message", "hint"),
    [
        ("vit", 64, "ViTModel does not read images of 64 by 64 pixels", "32 by 32 pixels: leave image_size out"),
        ("timm-vit", 64, "does not read images of 64 by 64 pixels", "32 by 32 pixels: leave image_size out"),
        ("dinov2", 60, "in patches of 8 pixels, found image_size=60", "choose 56 or 64"),
        ("dinov2", 4, "in patches of 8 pixels, found image_size=4", "choose 8 or 16"),
    ],
)
def test_a_network_for_one_size_refuses_others(
    tiny_backbone: Callable[[str], Path], architecture: str, side: int, message: str, hint: str
) -> None:
    with pytest.raises(BackboneError, match=message) as refused:
        resolve(backbone(tiny_backbone(architecture)), labels=("a", "b"), side=side)
    assert hint in refused.value.hint


def test_a_run_reads_images_at_the_size_that_was_asked_for_and_so_does_what_it_saved(
    tiny_backbone: Callable[[str], Path], pictures: Path, tmp_path: Path
) -> None:
    source = tiny_backbone("resnet")
    runs = {
        side: adapt(
            "general/image-classification",
            pictures,
            method="frozen",
            backbone=str(source),
            image_size=side,
            output=tmp_path / f"run-{side}",
            shown=False,
        )
        for side in (None, 96)
    }
    assert {side: run.report.settings["image_size"] for side, run in runs.items()} == {None: None, 96: 96}
    answers = {}
    for side, run in runs.items():
        predictor = load(run.output)
        assert predictor.preprocessing.size == ((side, side) if side else (64, 64))
        answers[side] = [answer.probabilities for answer in predictor.predict(sorted(pictures.rglob("*.png"))[:4])]
    assert answers[None] != answers[96]
    for name, value in (("image_size", 64), ("good", "red")):
        with pytest.raises(OptionError, match=f"{name} was decided when the run was made"):
            evaluate(runs[96].output, pictures, **{name: value})
    again = evaluate(runs[96].output, pictures)
    assert again.metrics.keys() >= runs[96].report.metrics.keys()


def test_texts_have_no_size(texts: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"image_size is for images, and not for text-classification"):
        adapt("general/text-classification", texts, image_size=96, output=tmp_path / "run", shown=False)
