"""Which slices of a volume are seen, and how."""

import io

import numpy as np
import pytest
from acclimate.contracts import DataError, OptionError
from acclimate_medical_imaging.stacks.showing import as_tiff, chosen, in_plane, read_showing, shown
from acclimate_medical_imaging.volumes import Volume
from PIL import Image

USUAL = {"window": "full", "slices": "24", "plane": "acquired", "spacing": ""}
OF_AXIAL = np.array([[0, 0, 0.5, 1], [0, 0.5, 0, 2], [2.0, 0, 0, 3], [0, 0, 0, 1]])


def volume(values: np.ndarray, affine: np.ndarray = OF_AXIAL, modality: str = "CT") -> Volume:
    return Volume(values=values, affine=affine, modality=modality)


@pytest.mark.parametrize(
    ("slices", "count", "expected"),
    [(3, 5, [0, 1, 2]), (10, 5, [1, 3, 5, 7, 9]), (9, 3, [1, 4, 7]), (100, 1, [50]), (5, 4, [0, 1, 3, 4])],
)
def test_slices_are_spread_evenly(slices: int, count: int, expected: list[int]) -> None:
    assert chosen(slices, count) == expected


def test_a_window_of_hounsfield_units_gives_the_same_grey_in_every_volume() -> None:
    values = np.array([[[-1400, -600]], [[150, 1000]]], dtype=np.int16)
    images, names = shown(volume(values), read_showing(**{**USUAL, "window": "-600/1500"}))
    grey = np.concatenate([np.asarray(image).ravel() for image in images])
    expected = np.clip((values.ravel() - (-600 - 0.5)) / 1499 + 0.5, 0, 1) * 255  # PS3.3 C.11.2.1.2.1
    np.testing.assert_allclose(grey, expected, atol=0.51)
    assert names == ("1", "2")


def test_percentiles_are_those_of_the_whole_volume() -> None:
    values = np.stack([np.full((8, 8), 10.0), np.full((8, 8), 20.0)]).astype(np.float32)
    images, _ = shown(volume(values, modality="MR"), read_showing(**{**USUAL, "window": "percentile"}))
    assert [int(np.asarray(image).mean()) for image in images] == [0, 255]


def test_three_windows_become_colours() -> None:
    images, _ = shown(volume(np.zeros((2, 4, 4), np.int16)), read_showing(**{**USUAL, "window": "lung,bone,brain"}))
    assert {image.mode for image in images} == {"RGB"}
    assert len(set(np.asarray(images[0])[0, 0].tolist())) == 3


def test_a_window_for_ct_is_refused_elsewhere() -> None:
    with pytest.raises(DataError, match="the window 'lung' is for CT, and it is MR"):
        shown(volume(np.zeros((2, 4, 4), np.int16), modality="MR"), read_showing(**{**USUAL, "window": "lung"}))


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
@pytest.mark.parametrize("seed", range(6))
def test_a_plane_turns_every_volume_the_same_way_and_moves_nothing(plane: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    order, ways = random.permutation(3), random.choice([-1, 1], 3)
    affine = np.eye(4)
    affine[:3, :3] = 0
    affine[order, range(3)] = ways * np.array([3.0, 1.0, 2.0])
    affine[:3, 3] = random.normal(size=3)
    values = random.permutation(4 * 5 * 6).reshape(4, 5, 6).astype(np.int16)
    turned = in_plane(volume(values, affine), plane)
    along = {"axial": (2, 1, 0), "coronal": (1, 2, 0), "sagittal": (0, 2, 1)}[plane]
    assert [int(np.abs(turned.affine[:3, place]).argmax()) for place in range(3)] == list(along)
    signs = [np.sign(turned.affine[axis, place]) for place, axis in enumerate(along)]
    assert signs == {"axial": [1, 1, 1], "coronal": [1, -1, 1], "sagittal": [1, -1, 1]}[plane]
    for index in np.ndindex(*turned.values.shape):
        place = turned.affine @ [*index, 1]
        source = np.rint(np.linalg.solve(affine, place)[:3]).astype(int)
        assert turned.values[index] == values[tuple(source)]


def test_a_spacing_resamples_before_slices_are_chosen() -> None:
    values = np.zeros((6, 10, 10), np.int16)
    images, names = shown(volume(values), read_showing(**{**USUAL, "spacing": "1x0.5x1"}))
    assert names[-1] == str(len(images)) == "12"  # 6 slices of 2 mm
    assert images[0].size == (5, 10)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"window": "file"}, "one window for all of its slices, found 'file'"),
        ({"window": ""}, "one window for all of its slices"),
        ({"window": "lungs"}, "no window 'lungs'"),
        ({"slices": "0"}, "slices is a whole number from 1 to 512, found '0'"),
        ({"slices": "many"}, "found 'many'"),
        ({"plane": "axal"}, "no plane 'axal'"),
        ({"spacing": "1x2"}, "one number or three"),
        ({"spacing": "-1"}, "millimetres above 0"),
    ],
)
def test_what_cannot_be_asked_is_refused(asked: dict[str, str], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        read_showing(**{**USUAL, **asked})


def test_a_tiff_keeps_slices_and_names() -> None:
    images = [Image.new("L", (4, 3), 40 * number) for number in range(3)]
    with Image.open(io.BytesIO(as_tiff(images, ["2", "5", "8"]))) as file:
        found = []
        for number in range(file.n_frames):
            file.seek(number)
            found.append((file.tag_v2[285], file.getpixel((0, 0))))
    assert found == [("2", 0), ("5", 40), ("8", 80)]
