"""Pixels: whatever way a picture is stored, it is seen as it was meant."""

from collections.abc import Callable
from typing import Any

import highdicom
import numpy as np
import pytest
from acclimate.contracts import DataError
from acclimate_medical_imaging.reading.pixels import modality_values, picture, stored_values
from PIL import Image
from pydicom import Dataset
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless, RLELossless

Make = Callable[..., Any]
RNG = np.random.default_rng(5)
SEEN = RNG.integers(0, 256, (48, 64), dtype=np.uint8)


def shown(dataset: Any, **options: Any) -> np.ndarray[Any, Any]:
    return np.asarray(picture(dataset, **options))


def inverted(make: Make) -> Any:
    return make(255 - SEEN, PhotometricInterpretation="MONOCHROME1")


def rescaled(make: Make) -> Any:
    """Twelve bits, stored as (value + 1024) / 2, shown by a window that is exactly the eight bits."""
    stored = ((SEEN.astype(np.int32) * 2 + 1024) // 2).astype(np.uint16)
    return make(
        stored, BitsStored=12, HighBit=11, RescaleSlope=2, RescaleIntercept=-1024, WindowCenter=256, WindowWidth=511
    )


def signed(make: Make) -> Any:
    return make(SEEN.astype(np.int16) - 100, WindowCenter=28, WindowWidth=256)


def of_two_windows(make: Make) -> Any:
    return make(SEEN.astype(np.uint16), WindowCenter=[128, 40], WindowWidth=[256, 80])


def by_a_table(make: Make) -> Any:
    item = Dataset()
    item.LUTDescriptor, item.LUTData = [256, 0, 16], [int(value) * 257 for value in range(256)]
    item.LUTExplanation = "IDENTITY"
    return make(SEEN.astype(np.uint16), VOILUTSequence=[item], WindowCenter=10, WindowWidth=20)


def by_a_modality_table(make: Make) -> Any:
    item = Dataset()
    item.LUTDescriptor, item.LUTData, item.ModalityLUTType = [256, 0, 16], list(range(255, -1, -1)), "US"
    return make((255 - SEEN).astype(np.uint16), ModalityLUTSequence=[item], WindowCenter=128, WindowWidth=256)


def with_an_overlay_in_the_high_bits(make: Make) -> Any:
    stored = SEEN.astype(np.uint16) | (RNG.integers(0, 2, SEEN.shape).astype(np.uint16) << 12)
    return make(stored, BitsStored=8, HighBit=7)


def inverse_by_shape(make: Make) -> Any:
    return make(255 - SEEN, PresentationLUTShape="INVERSE")


WAYS = [
    *(inverted, rescaled, signed, of_two_windows, by_a_table, by_a_modality_table),
    *(with_an_overlay_in_the_high_bits, inverse_by_shape),
]


@pytest.mark.parametrize("way", WAYS)
def test_the_same_picture_stored_in_other_ways_is_seen_the_same(make: Make, way: Callable[[Make], Any]) -> None:
    np.testing.assert_array_equal(shown(way(make)), SEEN)


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless, JPEGLSLossless])
@pytest.mark.parametrize("way", [inverted, rescaled])
def test_lossless_compression_changes_no_pixel(make: Make, way: Callable[[Make], Any], syntax: str) -> None:
    dataset = way(make)
    dataset.compress(syntax, generate_instance_uid=False)
    np.testing.assert_array_equal(shown(dataset), SEEN)


def test_each_slice_has_its_own_rescale(make: Make) -> None:
    for slope in (0.5, 3.0):
        values = modality_values(make(SEEN.astype(np.uint16), RescaleSlope=slope, RescaleIntercept=-1))
        assert values.dtype == np.float32
        np.testing.assert_allclose(values, SEEN * slope - 1)


def test_windows_are_chosen_by_number_and_name_as_highdicom_does(make: Make, save: Any, tmp_path: Any) -> None:
    dataset = make(
        RNG.integers(0, 2000, (48, 64)).astype(np.uint16),
        Modality="CT",
        RescaleSlope=1,
        RescaleIntercept=-1024,
        WindowCenter=[40, -600],
        WindowWidth=[400, 1500],
        WindowCenterWidthExplanation=["SOFT", "LUNG"],
    )
    theirs = highdicom.imread(save(dataset, tmp_path / "ct.dcm"))
    for place, name in enumerate(("SOFT", "LUNG")):
        frame = theirs.get_frame(1, apply_voi_transform=True, voi_transform_selector=place)
        np.testing.assert_allclose(shown(dataset, window=f"file:{place + 1}"), frame * 255, atol=0.51)
        np.testing.assert_array_equal(
            shown(dataset, window=f"file:{name}"), shown(dataset, window=f"file:{place + 1}")
        )
    np.testing.assert_array_equal(shown(dataset, window="lung"), shown(dataset, window="file:2"))
    three = shown(dataset, window="lung,bone,brain")
    assert three.shape == (48, 64, 3)
    np.testing.assert_array_equal(three[..., 0], shown(dataset, window="lung"))


def test_padding_is_black_and_moves_no_percentile(make: Make) -> None:
    values = RNG.integers(1000, 2000, (48, 64)).astype(np.uint16)
    plain = shown(make(values))
    for kind, polarity in (("MONOCHROME2", plain), ("MONOCHROME1", 255 - plain)):
        padded = np.pad(values, 8, constant_values=60000)
        seen = shown(make(padded, PixelPaddingValue=60000, PhotometricInterpretation=kind))
        assert (seen[:8] == 0).all()
        np.testing.assert_allclose(seen[8:-8, 8:-8].astype(int), polarity.astype(int), atol=1)


def test_colours_are_red_green_and_blue_whatever_their_order_and_depth(make: Make) -> None:
    colours = RNG.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    np.testing.assert_array_equal(shown(make(colours)), colours)
    np.testing.assert_array_equal(shown(make(colours.astype(np.uint16) * 257)), colours)
    planes = make(colours, PlanarConfiguration=1)
    planes.PixelData = np.moveaxis(colours, -1, 0).tobytes()
    np.testing.assert_array_equal(shown(planes), colours)


def test_a_palette_is_looked_up(make: Make) -> None:
    palette = RNG.integers(0, 256, (256, 3), dtype=np.uint8)
    dataset = make(SEEN, PhotometricInterpretation="PALETTE COLOR")
    for place, name in enumerate(("Red", "Green", "Blue")):
        setattr(dataset, f"{name}PaletteColorLookupTableDescriptor", [256, 0, 8])
        setattr(dataset, f"{name}PaletteColorLookupTableData", palette[:, place].tobytes())
    np.testing.assert_array_equal(shown(dataset), palette[SEEN])


def test_luminance_and_chrominance_are_turned_into_colours(make: Make) -> None:
    colours = np.zeros((8, 8, 3), np.uint8)
    colours[..., 0], colours[4:, :, 2] = 200, 120
    ycc = np.asarray(Image.fromarray(colours).convert("YCbCr"))
    seen = shown(make(ycc, PhotometricInterpretation="YBR_FULL"))
    np.testing.assert_allclose(seen.astype(int), colours.astype(int), atol=3)


def test_of_frames_the_middle_one_is_seen_and_one_alone_is_decoded(make: Make) -> None:
    frames = RNG.integers(0, 256, (5, 8, 8), dtype=np.uint8)
    np.testing.assert_array_equal(shown(make(frames)), frames[2])
    np.testing.assert_array_equal(shown(make(frames), frame=4), frames[4])
    assert stored_values(make(frames)).shape == (5, 8, 8)


@pytest.mark.parametrize(
    ("header", "options", "told"),
    [
        ({"Modality": "MR"}, {"window": "lung"}, "'lung' is for CT, and it is MR"),
        ({}, {"window": "file"}, "no window of its own"),
        ({"WindowCenter": 1, "WindowWidth": 2}, {"window": "file:2"}, "no window '2'"),
        ({"PhotometricInterpretation": "ARGB"}, {}, "colours are ARGB"),
    ],
)
def test_what_a_file_does_not_have_is_said(
    make: Make, header: dict[str, Any], options: dict[str, Any], told: str
) -> None:
    with pytest.raises(DataError, match=told):
        picture(make(SEEN, **header), **options)


def test_a_table_that_was_emptied_is_passed_over(make: Make) -> None:
    empty = Dataset()
    empty.LUTDescriptor = None
    np.testing.assert_array_equal(shown(make(SEEN, VOILUTSequence=[empty], ModalityLUTSequence=[empty])), SEEN)


def test_a_frame_of_an_enhanced_image_has_its_own_rescaling_and_window(make: Make) -> None:
    stored = np.arange(2 * 4 * 4, dtype=np.uint16).reshape(2, 4, 4)
    dataset = make(stored, Modality="CT")
    dataset.PerFrameFunctionalGroupsSequence = []
    for slope, centre in ((10.0, 80.0), (2.0, 40.0)):
        rescale, window, groups = Dataset(), Dataset(), Dataset()
        rescale.RescaleSlope, rescale.RescaleIntercept = slope, -5.0
        window.WindowCenter, window.WindowWidth, window.VOILUTFunction = centre, 40.0, "LINEAR_EXACT"
        groups.PixelValueTransformationSequence, groups.FrameVOILUTSequence = [rescale], [window]
        dataset.PerFrameFunctionalGroupsSequence.append(groups)
    for frame, (slope, centre) in enumerate(((10.0, 80.0), (2.0, 40.0))):
        shown = np.clip((stored[frame] * slope - 5 - centre) / 40 + 0.5, 0, 1)
        np.testing.assert_array_equal(np.asarray(picture(dataset, frame=frame)), np.floor(shown * 255 + 0.5))
        liver = np.clip((stored[frame] * slope - 5 - 30 + 0.5) / 149 + 0.5, 0, 1)  # PS3.3 C.11.2.1.2: 150/30
        np.testing.assert_array_equal(
            np.asarray(picture(dataset, frame=frame, window="liver")), np.floor(liver * 255 + 0.5)
        )
    assert "RescaleSlope" not in dataset
