"""An exported adapter gives the run's probabilities by plain peft on the plain backbone, or is not written."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from acclimate.api import Run, adapt, export, load
from acclimate.api import adapter_folder as module
from acclimate.contracts import BundleError, OptionError, OutputError
from safetensors.torch import load_file

Finished = Callable[..., Run]
TEXTS = ["the captain left the pier", "compost for the hedge, and a rose", "judge", "the tide " * 200]
FILES = {"adapter_config.json", "adapter_model.safetensors", "head.safetensors", "README.md"}


def readme_code(folder: Path) -> str:
    [code] = re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text("utf-8"), re.DOTALL)
    return str(code)


@pytest.mark.parametrize(
    "method",
    [
        "lora",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in (
                "lora:init=pissa:rank=4",
                "lora:dora=true",
                "lora:rslora=true",
                "peft:OFT",
                "peft:LOHA:learning_rate=0.3",  # fast, so that what is left behind is missed
            )
        ),
    ],
)
def test_the_readme_gives_the_probabilities_in_a_process_without_acclimate(
    small: Finished, small_backbone: str, tmp_path: Path, method: str
) -> None:
    run = small(method).output
    done = export(run, tmp_path / "adapter", format="peft")
    assert done.difference <= 1e-4
    assert {path.name for path in done.output.iterdir()} >= FILES
    code = f"""
import json, sys
folder, base, texts = {str(done.output)!r}, {small_backbone!r}, {TEXTS!r}
{readme_code(done.output)}
assert "acclimate" not in sys.modules
print(json.dumps(probabilities.tolist()))
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert found.returncode == 0, found.stderr
    assert np.allclose(json.loads(found.stdout.splitlines()[-1]), load(run).probabilities(TEXTS), atol=1e-4)


def test_it_holds_what_was_trained_and_no_path_of_this_machine(
    small: Finished, small_backbone: str, tmp_path: Path
) -> None:
    folder = export(small("lora").output, tmp_path / "adapter", format="peft").output
    tensors = load_file(folder / "adapter_model.safetensors")
    assert all(re.search(r"^base_model\.model\..*\.lora_[AB]\.weight$", name) for name in tensors)
    trained = small("lora").report.parameters["trainable"]
    head = load_file(folder / "head.safetensors")
    assert sum(tensor.numel() for tensor in [*tensors.values(), *head.values()]) == trained
    config = json.loads((folder / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == Path(small_backbone).name
    assert config["peft_type"] == "LORA"
    for path in folder.iterdir():
        assert small_backbone.encode() not in path.read_bytes(), path.name


def test_an_image_run_on_a_backbone_in_a_folder(
    tiny_backbone: Callable[[str], Path], pictures: Path, tmp_path: Path
) -> None:
    base = tiny_backbone("vit")
    run = adapt(
        "general/image-classification", pictures, method="lora", backbone=str(base), max_steps=2, batch_size=8,
        learning_rate=0.1, precision="float32", weights="trained", output=tmp_path / "run", shown=False,
    )  # fmt: skip
    export(run.output, tmp_path / "adapter", format="peft")
    images = sorted(pictures.glob("*/*.png"))[:4]
    names: dict[str, Any] = {"folder": str(tmp_path / "adapter"), "base": str(base), "images": images}
    exec(compile(readme_code(tmp_path / "adapter"), "README.md", "exec"), names)
    assert np.allclose(names["probabilities"].numpy(), run.load().probabilities(images), atol=1e-4)


@pytest.mark.parametrize("method", ["frozen", "adapters", "ia3", "full"])
def test_a_method_that_peft_does_not_know_is_refused_with_those_that_work(
    small: Finished, tmp_path: Path, method: str
) -> None:
    with pytest.raises(OptionError, match=rf"Method '{method}' leaves nothing .* exported: lora, peft:TYPE"):
        export(small(method).output, tmp_path / "adapter", format="peft")
    assert list(tmp_path.iterdir()) == []


def test_updates_of_a_backbone_in_four_bits_are_refused(small: Finished, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"fit a backbone in four bits.*Merge the run"):
        export(small("qlora").output, tmp_path / "adapter", format="peft")


def test_a_backbone_that_transformers_does_not_load_is_refused(finished: Finished, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"package:efficientnet-lite0.* does not load by itself.*Merge the run"):
        export(finished("image", "lora").output, tmp_path / "adapter", format="peft")


def test_an_adapter_with_other_logits_is_not_written(
    small: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = module._tensors

    def careless(encoder: Any) -> Any:
        return {name: tensor + 0.1 for name, tensor in real(encoder).items()}

    monkeypatch.setattr(module, "_tensors", careless)
    with pytest.raises(BundleError, match=r"The adapter on the plain backbone does not give the run's logits"):
        export(small("lora").output, tmp_path / "adapter", format="peft")
    assert list(tmp_path.iterdir()) == []


def test_another_backbone_in_its_place_is_refused(texts: Path, small_backbone: str, tmp_path: Path) -> None:
    base = tmp_path / "base"
    shutil.copytree(small_backbone, base)
    run = adapt(
        "general/text-classification", texts, method="lora", backbone=str(base), max_steps=1, batch_size=8,
        output=tmp_path / "run", shown=False,
    )  # fmt: skip
    from safetensors.torch import save_file

    state = load_file(base / "model.safetensors")
    name = next(name for name, tensor in state.items() if tensor.dtype == torch.float32)
    save_file({**state, name: state[name] + 1e-3}, base / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(BundleError, match=r"is not the one that was adapted: its hash is"):
        export(run.output, tmp_path / "adapter", format="peft")
    (tmp_path / "there").mkdir()
    with pytest.raises(OutputError, match="exists"):
        export(run.output, tmp_path / "there", format="peft")
