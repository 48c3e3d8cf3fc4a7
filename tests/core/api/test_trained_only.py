"""Runs that hold only what was trained: small, the same predictions, and only on the very backbone."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate.api import Run, adapt, load
from acclimate.contracts import BundleError, OptionError
from acclimate.models.packages import minilm_folder
from safetensors.torch import load_file, save_file

Finished = Callable[..., Run]
PRESET = "general/text-classification"
ITEMS = ["the judge heard the appeal", "a rose in good soil", "the ship left the pier"]


def run(texts: Path, output: Path, **options: Any) -> Run:
    chosen = {"method": "lora", "max_steps": 2, "batch_size": 8, "precision": "float32", "weights": "trained"}
    return adapt(PRESET, texts, output=output, shown=False, seed=1, **{**chosen, **options})


@pytest.mark.parametrize(
    ("options", "share"),
    [
        pytest.param({"method": "lora"}, 0.05, id="lora"),
        pytest.param({"method": "frozen", "max_steps": None, "batch_size": None}, 0.001, id="frozen"),
        # The start of pissa changes the weights themselves.
        pytest.param({"options": {"init": "pissa"}}, 0.6, id="pissa", marks=pytest.mark.slow),
        pytest.param({"method": "bitfit"}, 0.01, id="bitfit", marks=pytest.mark.slow),
        pytest.param({"method": "prefix"}, 0.05, id="prefix", marks=pytest.mark.slow),
        pytest.param({"method": "full"}, 1.01, id="full", marks=pytest.mark.slow),
    ],
)
def test_predictions_are_those_of_a_run_that_holds_all(
    finished: Finished, texts: Path, tmp_path: Path, options: dict[str, Any], share: float
) -> None:
    part = run(texts, tmp_path / "part", **options)
    if "options" in options:
        whole = run(texts, tmp_path / "whole", **options, weights="all")
    else:
        whole = finished("text", options["method"])
    small, large = ((each.output / "weights.safetensors").stat().st_size for each in (part, whole))
    assert small < share * large
    np.testing.assert_allclose(
        load(part.output).probabilities(ITEMS), load(whole.output).probabilities(ITEMS), atol=1e-6
    )
    head = load_file(part.output / "weights.safetensors")["head.weight"]
    assert head.shape[0] == 3


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """Return a backbone of one's own: a copy of the packaged one."""
    return Path(shutil.copytree(minilm_folder(), tmp_path / "backbone"))


def test_another_backbone_and_a_missing_one_are_refused(texts: Path, tmp_path: Path, copied: Path) -> None:
    done = run(texts, tmp_path / "run", method="frozen", max_steps=None, batch_size=None, backbone=str(copied))
    expected = load(done.output).probabilities(ITEMS)
    file = next(copied.glob("*.safetensors"))
    tensors = load_file(file)
    name = next(name for name in tensors if name.endswith("query.weight"))
    save_file({**tensors, name: tensors[name] + 1e-3}, file, metadata={"format": "pt"})
    with pytest.raises(BundleError, match="trained on other weights"):
        load(done.output)
    save_file(tensors, file, metadata={"format": "pt"})
    np.testing.assert_array_equal(load(done.output).probabilities(ITEMS), expected)
    shutil.rmtree(copied)
    with pytest.raises(BundleError, match=r"holds only what was trained, and its backbone .* cannot be loaded"):
        load(done.output)


def test_the_manifest_says_what_is_held(texts: Path, tmp_path: Path, small: Finished, small_backbone: str) -> None:
    done = run(texts, tmp_path / "run", backbone=small_backbone)
    assert json.loads((done.output / "manifest.json").read_text())["stored"] == "trained"
    assert json.loads((small("lora").output / "manifest.json").read_text())["stored"] == "all"
    with pytest.raises(OptionError, match="weights is 'auto', 'all' or 'trained'"):
        run(texts, tmp_path / "other", weights="some")
