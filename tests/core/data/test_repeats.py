"""Rows that repeat are those that comparing every pair finds, whatever they hold."""

import io
import itertools
import re
from typing import Any

import numpy as np
import pytest
from acclimate.contracts import OptionError
from acclimate.data import Repeats, repeated_images, repeated_texts
from acclimate.data.image_repeats import Sketch, sketch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

FEW_WORDS = st.lists(st.lists(st.sampled_from("abc"), max_size=9).map(" ".join), max_size=12)


def words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", text.casefold())) or (text.strip(),)


def resemblance(one: str, other: str) -> float:
    sets = []
    for found in (words(one), words(other)):
        width = min(5, len(found))
        sets.append({found[at : at + width] for at in range(len(found) - width + 1)})
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


def links(texts: list[str]) -> set[tuple[int, int]]:
    """Return the pairs of rows that repeat, by comparing all of them."""
    return {
        (one, other)
        for one, other in itertools.combinations(range(len(texts)), 2)
        if words(texts[one]) == words(texts[other]) or resemblance(texts[one], texts[other]) >= 0.7
    }


@settings(derandomize=True, deadline=None, max_examples=80)
@given(FEW_WORDS, st.randoms(use_true_random=False))
def test_pairs_and_twins_across_parts_are_those_of_comparing_every_pair(texts: list[str], rng: Any) -> None:
    parts = [rng.randrange(3) for _ in texts]
    repeats = repeated_texts(texts)
    across = {(one, other) for one, other in links(texts) if parts[one] != parts[other]}
    assert sorted(repeats.pairs_across(parts)) == sorted(across)
    among = np.array([part == 0 for part in parts], dtype=bool)
    same, near = repeats.twins(among)
    for row, text in enumerate(texts):
        train = [other for other, part in zip(texts, parts, strict=True) if part == 0]
        assert same[row] == (words(text) in map(words, train))
        assert near[row] == (not same[row] and any(resemblance(text, other) >= 0.7 for other in train))


def test_pairs_of_long_texts_are_those_at_the_threshold_and_above() -> None:
    """Texts of which ever more words differ: MinHash proposes more pairs than there are."""
    random = np.random.default_rng(0)
    text = [f"w{number}" for number in range(60)]
    texts = [" ".join(text)]
    for number in range(80):
        changed = random.choice(60, number % 5, replace=False)
        texts.append(" ".join(f"x{number}" if at in changed else word for at, word in enumerate(text)))
    expected = links(texts)
    assert len(expected) > 100
    assert sorted(repeated_texts(texts).pairs_across(range(81))) == sorted(expected)


@settings(derandomize=True, deadline=None, max_examples=80)
@given(FEW_WORDS)
def test_clusters_follow_chains_of_repeats(texts: list[str]) -> None:
    group = list(range(len(texts)))
    for one, other in links(texts):
        group = [group[one] if number == group[other] else number for number in group]
    clusters = repeated_texts(texts).clusters().tolist()
    for one, other in itertools.combinations(range(len(texts)), 2):
        assert (clusters[one] == clusters[other]) == (group[one] == group[other])


def test_texts_with_the_same_words_are_the_same_and_others_only_near() -> None:
    text = "the licensor grants the licensee a licence to use the software on one computer"
    repeats = repeated_texts([text, f"{text.upper()}!", f"{text} only", "something else"])
    assert repeats.same.tolist() == [0, 0, 1, 2]
    assert repeats.near.tolist() == [[0, 1]]


def test_nothing_repeats_nothing() -> None:
    for repeats in (repeated_texts([]), repeated_images([], [])):
        assert repeats.clusters().tolist() == []
        assert list(repeats.pairs_across([])) == []


@pytest.mark.parametrize("threshold", [0, 1.5])
def test_a_threshold_outside_its_range_is_an_error(threshold: float) -> None:
    with pytest.raises(OptionError, match=f"found {threshold}"):
        repeated_texts(["a"], threshold=threshold)


def scene(seed: int, size: tuple[int, int] = (160, 120)) -> Image.Image:
    """Return a picture of soft random shapes."""
    coarse = np.random.default_rng(seed).integers(20, 200, (7, 9), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).convert("RGB")


def compressed(image: Image.Image) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=40)
    return Image.open(file)


def repeats_of(*images: Image.Image) -> Repeats:
    return repeated_images([f"{number}" for number in range(len(images))], [sketch(image) for image in images])


ALTERED = {
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.2),
    "less contrast": lambda image: ImageEnhance.Contrast(image).enhance(0.6),
    "smaller": lambda image: image.resize((80, 60)),
    "compressed": compressed,
    "grey file": lambda image: image.convert("L"),
    "a caption": lambda image: _captioned(image),
}


def _captioned(image: Image.Image) -> Image.Image:
    image = image.copy()
    image.paste((255, 255, 255), (4, 112, 12, 116))
    return image


@pytest.mark.parametrize("altered", ALTERED)
def test_an_altered_image_is_a_near_duplicate_and_other_scenes_are_not(altered: str) -> None:
    images = [scene(seed) for seed in range(8)]
    repeats = repeats_of(*images, ALTERED[altered](images[3]))
    assert repeats.near.tolist() == [[3, 8]]


def test_the_same_shape_in_another_colour_is_no_near_duplicate() -> None:
    grey = np.asarray(scene(0).convert("L"), dtype=np.float64)
    red, blue = (np.stack([grey * share for share in shares], axis=2) for shares in ((1, 0.4, 0.4), (0.4, 0.4, 1)))
    coloured = [Image.fromarray(pixels.astype(np.uint8)) for pixels in (red, blue)]
    assert repeats_of(*coloured, *(scene(seed) for seed in range(1, 8))).near.tolist() == []


def test_images_without_structure_are_near_duplicates_of_none() -> None:
    flat = [Image.new("RGB", (40, 40), (grey, grey, grey)) for grey in (10, 11, 200)]
    assert repeats_of(*flat, *(scene(seed) for seed in range(5))).near.tolist() == []


def test_what_all_images_share_says_nothing() -> None:
    """Parts in one fixture look alike; a second picture of one of them still stands out."""
    fixture = np.asarray(scene(99, (96, 96)).convert("L"), dtype=np.float64)
    random = np.random.default_rng(5)
    parts = []
    for _ in range(12):
        coarse = Image.fromarray(random.normal(0, 6, (12, 12)).astype(np.float32))
        parts.append(fixture + np.asarray(coarse.resize((96, 96), Image.Resampling.BICUBIC)))
    parts.append(parts[4] + random.normal(0, 1, (96, 96)))
    images = [Image.fromarray(np.clip(part, 0, 255).astype(np.uint8)) for part in parts]
    thumbnails = np.array([sketch(image).thumbnail.ravel() for image in images], dtype=np.float64)
    assert np.median(np.corrcoef(thumbnails)) > 0.97
    assert repeats_of(*images).near.tolist() == [[4, 12]]


def test_near_images_are_those_of_comparing_every_pair() -> None:
    images = [scene(seed) for seed in range(30)]
    random = np.random.default_rng(1)
    for _ in range(60):
        one, other = (np.asarray(images[k], dtype=np.float64) for k in random.choice(30, 2, replace=False))
        share = random.choice([0.03, 0.1, 0.2, 0.5])
        images.append(Image.fromarray(((1 - share) * one + share * other).astype(np.uint8)))
    sketches = [sketch(image) for image in images]
    correlation = np.corrcoef([each.thumbnail.ravel().astype(np.float64) for each in sketches])
    median = np.median(correlation[np.triu_indices(len(images), 1)])
    expected = [
        [one, other]
        for one, other in itertools.combinations(range(len(images)), 2)
        if (sketches[one].bits ^ sketches[other].bits).bit_count() <= 10
        and correlation[one, other] > max(0.97, 1 - 0.1 * (1 - median))
    ]
    assert len(expected) > 20
    assert sorted(repeats_of(*images).near.tolist()) == expected


def test_the_hash_says_which_fields_are_darker_than_their_right_neighbours() -> None:
    ramp = np.tile(np.arange(96, dtype=np.uint8) * 2, (96, 1))
    assert sketch(Image.fromarray(ramp)).bits == 2**64 - 1
    assert sketch(Image.fromarray(ramp[:, ::-1].copy())).bits == 0


def test_a_sketch_knows_the_mean_colour() -> None:
    found: Sketch = sketch(Image.new("RGB", (10, 10), (200, 100, 0)))
    assert found.tint == pytest.approx((2 / 3, 1 / 3, 0))
    assert sketch(Image.new("L", (10, 10), 90)).tint == pytest.approx((1 / 3, 1 / 3, 1 / 3))
