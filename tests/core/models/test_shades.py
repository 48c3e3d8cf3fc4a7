"""Backbones that read one channel, or another range than 0 to 1, get the pixels that they were trained with."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from acclimate import adapt, load
from acclimate.contracts import Backbone, BackboneError
from acclimate.models import ImagePreprocessing, PixelPreprocessing, Segmenter, rebuild, resolve, resolve_segmenter
from acclimate.models.image import augmented
from acclimate.models.shades import on_unit_scale, range_of
from PIL import Image

RNG = np.random.default_rng(7)
GREY = RNG.integers(0, 256, (12, 10), dtype=np.uint8)
XRAY = {"size": (12, 10), "mean": (0.0,), "std": (1.0,), "interpolation": "bilinear", "values": (-1024.0, 1024.0)}


def test_one_channel_and_a_range_are_as_torchxrayvision_normalises() -> None:
    # torchxrayvision.utils.normalize: (2 * (image / 255) - 1) * 1024 of grey bytes, [1, height, width].
    expected = (2 * (GREY.astype(np.float32) / 255) - 1) * 1024
    for image in (Image.fromarray(GREY), Image.fromarray(np.stack([GREY] * 3, axis=-1))):
        found = ImagePreprocessing(**XRAY)(image)
        assert found.shape == (1, 12, 10)
        assert found.dtype == torch.float32
        np.testing.assert_allclose(found[0].numpy(), expected, atol=1e-3)


def test_the_usual_range_and_channels_are_bit_for_bit_what_they_were() -> None:
    colours = RNG.integers(0, 256, (12, 10, 3), dtype=np.uint8)
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    plain = ImagePreprocessing(size=(12, 10), mean=mean, std=std, interpolation="bicubic")
    expected = (colours.astype(np.float32) / 255.0 - np.float32(mean)) / np.float32(std)
    assert np.array_equal(plain(Image.fromarray(colours)).numpy(), expected.transpose(2, 0, 1))
    assert "values" not in plain.to_dict()  # so that hashes of runs that were saved before stay as they are


@pytest.mark.parametrize("values", [(0.0, 1.0), (-1024.0, 1024.0), (0.0, 255.0), (-1.0, 1.0)])
@pytest.mark.parametrize("mean", [(0.2,), (0.1, 0.2, 0.3)])
def test_what_is_saved_comes_back_under_the_same_hash_and_another_range_has_another(
    values: tuple[float, float], mean: tuple[float, ...]
) -> None:
    image = ImagePreprocessing(size=(4, 4), mean=mean, std=(0.5,) * len(mean), interpolation="nearest", values=values)
    pixel = PixelPreprocessing.of(image, 64, tile=32)
    for one in (image, pixel):
        back = type(one).from_dict(json.loads(json.dumps(one.to_dict())))
        assert back == one
        assert back.hash == one.hash
    other = ImagePreprocessing.from_dict({**image.to_dict(), "values": [0.0, 2.0]})
    assert other.hash != image.hash
    mean_of_unit, std_of_unit = on_unit_scale(image.mean, image.std, image.values)
    same = ImagePreprocessing(size=(4, 4), mean=tuple(mean_of_unit), std=tuple(std_of_unit), interpolation="nearest")
    picture = Image.fromarray(GREY)
    torch.testing.assert_close(same(picture), image(picture), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    ("processor", "expected"),
    [
        ({}, (0.0, 1.0)),
        ({"rescale_factor": 0.00392156862745098}, (0.0, 1.0)),
        ({"rescale_factor": 1 / 127.5, "rescale_offset": True}, (-1.0, 1.0)),
        ({"do_rescale": False, "rescale_factor": 1 / 255}, (0.0, 255.0)),
        ({"value_range": [-1024, 1024]}, (-1024.0, 1024.0)),
    ],
)
def test_the_range_is_that_of_the_backbones_own_file(
    processor: dict[str, Any], expected: tuple[float, float]
) -> None:
    assert range_of(processor) == pytest.approx(expected)


@pytest.mark.parametrize("given", [[1, 1], [5], "dark", [0, float("inf")], None])
def test_what_is_no_range_is_refused(given: Any) -> None:
    with pytest.raises(BackboneError, match="value_range is what black and white become"):
        range_of({"value_range": given})


def test_statistics_of_other_channels_are_refused_unless_they_are_all_one() -> None:
    configuration = {"input_size": (3, 8, 8), "mean": (0.5,) * 3, "std": (0.25,) * 3, "interpolation": "bicubic"}
    assert ImagePreprocessing.of_timm(configuration, 1).mean == (0.5,)
    with pytest.raises(BackboneError, match=r"reads 1 channels and has mean for 3: \[0.1, 0.2, 0.3\]"):
        ImagePreprocessing.of_timm({**configuration, "mean": (0.1, 0.2, 0.3)}, 1)
    with pytest.raises(BackboneError, match="reads 4 channels, and images have 1 or 3"):
        ImagePreprocessing.of_timm(configuration, 4)


def test_light_changes_in_the_measure_of_the_range() -> None:
    flat = torch.zeros(1, 2, 2)
    usual = augmented(flat, np.random.default_rng(3), mirrored=False)
    wide = augmented(flat, np.random.default_rng(3), mirrored=False, light=ImagePreprocessing(**XRAY).light)
    torch.testing.assert_close(wide, usual * 2048)
    bytes_like = ImagePreprocessing(
        size=(2, 2), mean=(123.0,) * 3, std=(60.0,) * 3, interpolation="bilinear", values=(0.0, 255.0)
    )
    assert bytes_like.light == pytest.approx(255 / 60)


@pytest.fixture(scope="module")
def grey_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny ResNet of timm that reads one channel from -1024 to 1024, in the hub's layout."""
    import timm
    from timm.models import save_for_hf

    folder = tmp_path_factory.mktemp("grey")
    torch.manual_seed(0)
    model = timm.create_model("resnet10t", in_chans=1, num_classes=5)
    told = {"mean": (0.0,), "std": (1.0,), "input_size": (1, 64, 64), "interpolation": "bilinear"}
    save_for_hf(model, folder, data_config=told, safe_serialization=True)  # as timm writes what it publishes
    (folder / "preprocessor_config.json").write_text(json.dumps({"value_range": [-1024, 1024]}))
    return folder


def backbone(folder: Path) -> Backbone:
    return Backbone(name="grey", summary="s", modality="image", source=str(folder), licence="test")


def test_a_grey_backbone_is_read_with_its_channel_and_range(grey_folder: Path) -> None:
    found = resolve(backbone(grey_folder), labels=("a", "b"))
    assert isinstance(found.preprocessing, ImagePreprocessing)
    assert (found.preprocessing.channels, found.preprocessing.values) == (1, (-1024.0, 1024.0))
    pixels = found.preprocessing(Image.fromarray(GREY))[None]
    assert found.model(pixel_values=pixels).shape == (1, 2)


@pytest.mark.parametrize("decoder", ["unet", "fpn"])
def test_a_grey_backbone_gives_masks_and_is_built_again(grey_folder: Path, tmp_path: Path, decoder: str) -> None:
    from acclimate.models import save_preprocessing

    found = resolve_segmenter(backbone(grey_folder), labels=("a", "b"), decoder=decoder, longest=64)
    pixels = torch.randn(1, 1, 64, 96)
    assert found.model(pixel_values=pixels).shape == (1, 2, 64, 96)
    save_preprocessing(found.preprocessing, tmp_path)
    again, preprocessing = rebuild(found.spec, tmp_path, ("a", "b"))
    assert isinstance(again, Segmenter)
    assert preprocessing.hash == found.preprocessing.hash
    again.load_state_dict(found.model.state_dict())
    torch.testing.assert_close(again(pixel_values=pixels), found.model(pixel_values=pixels))


def test_a_grey_backbone_is_adapted_saved_and_predicts(
    grey_folder: Path, tmp_path: Path, tiny_images: Callable[[Path], Path]
) -> None:
    source = tiny_images(tmp_path / "pictures")
    run = adapt(
        "general/image-classification",
        source,
        backbone=str(grey_folder),
        method="full",
        max_steps=2,
        folds=0,
        precision="float32",
        allow_leakage=True,
        output=tmp_path / "run",
        shown=False,
    )
    predictor = load(run.output)
    assert predictor.preprocessing.values == (-1024.0, 1024.0)
    saved = json.loads((run.output / "preprocessing" / "image.json").read_text())
    assert saved["values"] == [-1024.0, 1024.0]
    assert saved["mean"] == [0.0]
    some = sorted(source.rglob("*.png"))[:2]
    assert [set(each.probabilities) for each in predictor.predict(some)] == [{"dark", "light"}] * 2


@pytest.fixture
def tiny_images() -> Callable[[Path], Path]:
    """Return what writes a folder of 40 small pictures of two classes."""

    def written(folder: Path) -> Path:
        rng = np.random.default_rng(1)
        for number in range(40):
            name, level = ("light", 180) if number % 2 else ("dark", 70)
            (folder / name).mkdir(parents=True, exist_ok=True)
            pixels = np.clip(rng.normal(level, 30, (32, 32, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number:02}.png")
        return folder

    return written
