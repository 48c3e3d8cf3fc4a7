"""`load(run).predict(items)`."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from acclimate.api import Run, load
from acclimate.bundle.write import MANIFEST, SEAL, sealed
from acclimate.contracts import DataError, PluginError
from PIL import Image

Finished = Callable[[str, str], Run]


def test_paths_and_pillow_images_give_the_same_probabilities(finished: Finished, pictures: Path) -> None:
    model = load(finished("image", "frozen").output)
    paths = sorted(pictures.glob("*/*.png"))[:5]
    expected = model.probabilities(paths)
    assert np.array_equal(model.probabilities([str(path) for path in paths]), expected)
    assert np.array_equal(model.probabilities([Image.open(path) for path in paths]), expected)


def test_a_turned_transparent_image_counts_as_its_file_does(
    finished: Finished, pictures: Path, tmp_path: Path
) -> None:
    model = load(finished("image", "frozen").output)
    image = Image.open(next(pictures.glob("amber/*.png"))).convert("RGBA")
    image.putalpha(128)
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "turned.png", exif=exif)
    image.getexif()[0x0112] = 6
    expected = model.probabilities([tmp_path / "turned.png"])
    assert np.array_equal(model.probabilities([image]), expected)


def test_probabilities_sum_to_one_and_the_label_has_the_highest(finished: Finished) -> None:
    model = load(finished("text", "frozen").output)
    predictions = model.predict(["the captain left the pier", "compost for the hedge"])
    for prediction in predictions:
        assert list(prediction.probabilities) == list(model.labels) == ["court", "garden", "harbour"]
        assert sum(prediction.probabilities.values()) == pytest.approx(1)
        assert prediction.probability == max(prediction.probabilities.values())
    assert [prediction.label for prediction in predictions] == ["harbour", "garden"]


def test_order_and_company_do_not_change_a_prediction(finished: Finished) -> None:
    model = load(finished("text", "full").output)
    items = ["judge", "the tide turned and the cargo ship left the old pier at last, said our captain", "rose"]
    together = model.probabilities(items)
    assert np.allclose(model.probabilities(items[::-1])[::-1], together, atol=1e-5)
    assert np.allclose(np.vstack([model.probabilities([item]) for item in items]), together, atol=1e-5)


def test_no_items_give_no_predictions(finished: Finished) -> None:
    assert load(finished("text", "frozen").output).predict([]) == []


BAD_ITEMS = [
    ("text", "judge", r"takes a list, found a single item"),
    ("text", ["judge", " "], r"Item 1 is no text: ' '"),
    ("text", [None], r"Item 0 is no text: None"),
    ("image", ["nowhere.png"], r"nowhere\.png.*there is no such file"),
    ("image", [Image.new("RGB", (1, 1))], r"only 1 × 1 pixels"),
]


@pytest.mark.parametrize(("modality", "items", "message"), BAD_ITEMS)
def test_an_item_that_cannot_be_used_is_an_error(
    finished: Finished, modality: str, items: object, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        load(finished(modality, "frozen").output).predict(items)  # type: ignore[arg-type]


@pytest.mark.parametrize("field", ["install", "prepare"])
def test_a_run_cannot_name_code_that_no_plugin_offers(field: str, finished: Finished, tmp_path: Path) -> None:
    changed = tmp_path / "run"
    shutil.copytree(finished("text", "frozen").output, changed)
    manifest = json.loads((changed / MANIFEST).read_text("utf-8"))
    manifest.pop(SEAL)
    manifest[field] = "os:system"
    (changed / MANIFEST).write_text(sealed(manifest), "utf-8")  # as a stranger would, with a seal that fits
    with pytest.raises(PluginError, match="needs the code 'os:system', which no installed plugin offers"):
        load(changed)
