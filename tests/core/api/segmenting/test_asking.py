"""What masks refuse, before anything is computed, and what rows with labels refuse of masks."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acclimate import models
from acclimate.api import Run, adapt, compare, export, merge, suspects
from acclimate.contracts import MissingPackageError, OptionError, UnknownNameError

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"label": "class"}, "Masks say themselves"),
    ({"text": "words"}, "Masks are of images"),
    ({"max_tokens": 8}, "Images have no tokens"),
    ({"positive": "foreground"}, "operating point"),
    ({"operate": "sensitivity=0.9"}, "operating point"),
    ({"answer": 0.9}, "left to a person"),
    ({"slices": ("site",)}, "Subgroups"),
    ({"folds": 3}, "Cross-validation"),
    ({"method": "auto"}, "'auto' searches among methods for labels"),
    ({"method": "lora"}, r"'lora' does not do image-segmentation.*Methods that do.*frozen, full, layerwise, partial"),
    ({"method": "partial", "options": {"cache": "on"}}, "'cache'"),
    ({"decoder": "pan"}, "decoder is 'unet' or 'fpn', found 'pan'"),
    ({"crop_size": 50}, "crop_size is a multiple of 32, found 50"),
    ({"tiles": 50}, "tiles is a multiple of 32, found 50"),
    ({"minimum_area": "some"}, "minimum_area is 'auto' or pixels.*found 'some'"),
    ({"minimum_area": -1}, "minimum_area is 'auto' or pixels.*found -1"),
    ({"mask_threshold": 1.0}, "mask_threshold is 'auto' or a probability below 1, found 1.0"),
    ({"image_size": 0}, "image_size is a whole number above 0"),
    ({"metrics": ("accuracy",)}, "'accuracy' is for text-classification"),
    ({"metrics": ("hd95",)}, "'hd95' cannot be computed"),
]


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where a step is taken or features are computed."""
    monkeypatch.setattr("acclimate.training.fit", None)
    monkeypatch.setattr("acclimate.models.pixel_logits", None)


@pytest.mark.parametrize(("options", "message"), REFUSED, ids=[str(row[0]) for row in REFUSED])
def test_what_masks_do_not_have_is_refused(
    discs: Path, tmp_path: Path, untrained: None, options: dict[str, Any], message: str
) -> None:
    asked = {"method": "frozen", "output": tmp_path / "run", "shown": False, **options}
    with pytest.raises(OptionError, match=re.compile(message, re.DOTALL)):
        adapt("general/image-segmentation", discs, **asked)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["mask", "spacing", "classes", "decoder"])
def test_rows_with_labels_refuse_what_is_for_masks(pictures: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(OptionError, match=f"{name} is for masks, and not for image-classification"):
        adapt("general/image-classification", pictures, output=tmp_path / "run", **{name: "unet"})


def test_commands_for_labels_refuse_runs_with_masks(outlined: Run, discs: Path, tmp_path: Path) -> None:
    for command in (export, merge):
        with pytest.raises(OptionError, match="gives masks"):
            command(outlined.output, tmp_path / "other")
    with pytest.raises(OptionError, match="masks are not judged"):
        suspects("general/image-segmentation", discs)


def test_a_comparison_by_a_metric_that_is_not_measured_is_refused(discs: Path, tmp_path: Path) -> None:
    asked: dict[str, Any] = {"methods": ("frozen",), "seeds": 1, "output": tmp_path / "compared", "shown": False}
    with pytest.raises(OptionError, match="not by 'span_f1'"):
        compare("general/image-segmentation", discs, metric="span_f1", **asked)
    with pytest.raises(UnknownNameError):
        compare("general/image-segmentation", discs, metric="dize", **asked)


def test_a_missing_package_is_named_with_its_extra(
    short: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, untrained: None
) -> None:
    monkeypatch.setattr(models.segmenter, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=re.escape("acclimate[segmentation]")):
        short()
