"""A merged run is a folder that plain transformers loads, with the run's own probabilities."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from acclimate.api import Run, adapt, load, merge
from acclimate.contracts import BundleError, OptionError, OutputError

Finished = Callable[[str, str], Run]
TEXTS = ["the captain left the pier", "compost for the hedge, and a rose", "judge", "the tide " * 200]


def readme_code(folder: Path) -> str:
    [code] = re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text("utf-8"), re.DOTALL)
    return str(code)


def by_readme(folder: Path, **given: Any) -> Any:
    """Return the probabilities that the lines of a folder's README give, run as they are written."""
    names: dict[str, Any] = {"folder": str(folder), **given}
    exec(compile(readme_code(folder), "README.md", "exec"), names)
    return names["probabilities"].numpy()


@pytest.mark.parametrize(
    "method",
    [
        "frozen",
        "lora",
        "small qlora",
        "small peft:LOHA:learning_rate=0.3",  # fast, so that what is not folded in is missed
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("full", "ia3", "qlora")),
    ],
)
def test_the_readme_gives_the_probabilities_of_a_text_run(
    finished: Finished, small: Callable[[str], Run], tmp_path: Path, method: str
) -> None:
    small_method = method.removeprefix("small ")
    run = (small(small_method) if small_method != method else finished("text", method)).output
    done = merge(run, tmp_path / "plain")
    assert (done.loads_as, done.head) == ("BertModel", "head.safetensors")
    assert done.difference <= 1e-4
    model = load(run)
    assert np.allclose(by_readme(tmp_path / "plain", texts=TEXTS), model.probabilities(TEXTS), atol=1e-4)
    config = json.loads((tmp_path / "plain" / "config.json").read_text())
    assert list(config["id2label"].values()) == list(model.labels)
    kinds = {path.suffix for path in (tmp_path / "plain").iterdir()}
    assert kinds <= {".json", ".safetensors", ".txt", ".md"}


@pytest.mark.slow
def test_the_readme_gives_the_probabilities_of_an_image_run(
    finished: Finished, pictures: Path, tmp_path: Path
) -> None:
    run = finished("image", "lora").output
    done = merge(run, tmp_path / "plain")
    assert (done.loads_as, done.head) == ("TimmWrapperModel", "head.safetensors")
    images = sorted(pictures.glob("*/*.png"))[:4]
    assert np.allclose(by_readme(tmp_path / "plain", images=images), load(run).probabilities(images), atol=1e-4)


def test_a_merged_run_is_used_in_a_process_without_acclimate(finished: Finished, tmp_path: Path) -> None:
    run = finished("text", "lora").output
    merge(run, tmp_path / "plain")
    code = f"""
import json, sys
folder, texts = {str(tmp_path / "plain")!r}, {TEXTS!r}
{readme_code(tmp_path / "plain")}
assert "acclimate" not in sys.modules and "peft" not in sys.modules
print(json.dumps(probabilities.tolist()))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert np.allclose(json.loads(done.stdout.splitlines()[-1]), load(run).probabilities(TEXTS), atol=1e-4)


NATIVE = {
    "vit": "ViTForImageClassification",
    "swin": "SwinForImageClassification",
    "resnet": "ResNetForImageClassification",
    "convnext": "ConvNextForImageClassification",
}


@pytest.mark.parametrize("architecture", NATIVE)
def test_where_transformers_has_the_same_classifier_the_folder_is_one(
    architecture: str, tiny_backbone: Callable[[str], Path], pictures: Path, tmp_path: Path
) -> None:
    from transformers import AutoModelForImageClassification

    run = adapt(
        "general/image-classification", pictures, method="frozen", backbone=str(tiny_backbone(architecture)),
        precision="float32", output=tmp_path / "run", shown=False,
    )  # fmt: skip
    done = merge(run.output, tmp_path / "plain")
    assert (done.loads_as, done.head) == (NATIVE[architecture], "inside")
    images = sorted(pictures.glob("*/*.png"))[:4]
    assert np.allclose(by_readme(tmp_path / "plain", images=images), run.load().probabilities(images), atol=1e-4)
    model = AutoModelForImageClassification.from_pretrained(tmp_path / "plain")
    assert model.config.id2label == {0: "amber", 1: "teal"}
    assert not (tmp_path / "plain" / "head.safetensors").exists()


@pytest.mark.parametrize(
    "method",
    ["adapters", *(pytest.param(name, marks=pytest.mark.slow) for name in ("prefix", "prompt"))],
)
def test_what_cannot_be_folded_in_is_refused(finished: Finished, tmp_path: Path, method: str) -> None:
    with pytest.raises(OptionError, match=rf"Method '{method}' adds layers that .* can: ia3, lora, peft, qlora"):
        merge(finished("text", method).output, tmp_path / "plain")
    assert list(tmp_path.iterdir()) == []


def test_a_merge_that_moves_logits_writes_nothing(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lora = import_module("acclimate.methods.lora")
    real = lora.merge

    def careless(model: Any, adapter: Any, original: Any) -> None:
        real(model, adapter, original)
        with torch.no_grad():
            model.encoder.get_parameter(f"{adapter['targets'][0]}.weight").mul_(1.5)

    monkeypatch.setattr(lora, "merge", careless)
    with pytest.raises(BundleError, match=r"The merged model does not give the run's logits: on 8 probe rows .*\d"):
        merge(finished("text", "lora").output, tmp_path / "plain")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_does_not_hold_what_was_merged_is_not_left(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from acclimate.api import plain

    real = plain.save_file
    monkeypatch.setattr(
        plain, "save_file", lambda tensors, path: real({name: t + 1 for name, t in tensors.items()}, path)
    )
    monkeypatch.setattr(plain, "native", lambda *_: None)
    real_pool = plain.Classifier.features
    monkeypatch.setattr(plain.Classifier, "features", lambda self, inputs: real_pool(self, inputs) * 2)
    with pytest.raises(BundleError, match="does not give the run's logits"):
        merge(finished("text", "frozen").output, tmp_path / "plain")
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_left_alone(finished: Finished, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    with pytest.raises(OutputError, match="exists"):
        merge(finished("text", "frozen").output, tmp_path / "plain")


def test_the_probe_has_rows_of_many_lengths_and_is_always_the_same(finished: Finished) -> None:
    from acclimate import models

    preprocessing = load(finished("text", "frozen").output).preprocessing
    first, second = models.probe(preprocessing), models.probe(preprocessing)
    assert all(torch.equal(first[name], second[name]) for name in first)
    lengths = first["attention_mask"].sum(dim=1).tolist()
    assert len(set(lengths)) == 8
    assert max(lengths) == preprocessing.max_tokens or max(lengths) > 100
