"""A saved run as an adapter that plain peft puts on the plain backbone: a small folder, with the head beside it."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from acclimate import bundle, models
from acclimate.api import plain
from acclimate.api.parity import check_parity
from acclimate.api.plain_readme import name_of, readme
from acclimate.api.predictor import Predictor
from acclimate.contracts import BundleError, OptionError

WEIGHTS = "adapter_model.safetensors"
_NAME = "default"  # what the methods call what they put in
_PREFIX = "base_model.model."  # where peft's own model keeps the model it adapts
_ABLE = "Methods that can be exported: lora, peft:TYPE."


def check_adapter(predictor: Predictor) -> None:
    """Raise OptionError where a run is no adapter that peft knows, with the reason."""
    method, source = predictor.manifest["method"], predictor.manifest["backbone"]["source"]
    if method == "qlora":
        raise OptionError(
            "The updates of this run fit a backbone in four bits, of a rounding that only the run has; on the "
            "backbone's own weights its logits would be others than those measured.",
            "Merge the run, which keeps what was measured, or adapt with method 'lora'.",
        )
    if not getattr(predictor.model.encoder, "peft_config", None):
        raise OptionError(f"Method {method!r} leaves nothing that peft would know as an adapter.", _ABLE)
    if not models.lies_in_folder(source):
        raise OptionError(
            f"{source} holds weights that transformers does not load by itself, so that plain peft would have "
            "nothing to put the adapter on.",
            "Merge the run: that folder holds the whole model.",
        )


def write_adapter(predictor: Predictor, output: Path) -> float:
    """Write the folder and return the greatest difference of a logit on the probe, by plain transformers and peft.

    Raises:
        BundleError: when the backbone is another one, or peft does not give the run's logits; nothing is written.
        OutputError: when the folder exists or cannot be written.
    """
    inputs = models.probe(predictor.plain_preprocessing)
    predictor.model.cpu()
    expected = plain.logits(predictor.model, inputs)
    backbone = _backbone(predictor)
    with bundle.writing(output) as partial:
        _write(partial, predictor)
        found = plain.logits(_reloaded(backbone, partial, predictor), inputs)
        return check_parity(expected, found, "The adapter on the plain backbone")


def _write(folder: Path, predictor: Predictor) -> None:
    encoder, head = cast(Any, predictor.model.encoder), predictor.model.head
    config = copy.deepcopy(encoder.peft_config[_NAME])
    # peft shortens a long list of targets; the whole one says what was trained.
    config.target_modules = sorted(predictor.manifest["adapter"]["targets"])
    config.base_model_name_or_path = name_of(predictor.manifest["backbone"]["source"])
    config.inference_mode = True
    config.save_pretrained(folder)
    bundle.save_tensors(_tensors(encoder), folder / WEIGHTS)
    bundle.save_tensors({"weight": head.weight.detach(), "bias": head.bias.detach()}, folder / plain.HEAD)
    plain.write_preprocessing(folder, predictor)
    (folder / "README.md").write_text(readme(predictor, "AutoModel", "adapter"), "utf-8")


def _tensors(encoder: Any) -> Mapping[str, Tensor]:
    from peft import get_peft_model_state_dict

    found = get_peft_model_state_dict(encoder, adapter_name=_NAME, save_embedding_layers=False)
    return {f"{_PREFIX}{name}": tensor.detach().float() for name, tensor in found.items()}


def _backbone(predictor: Predictor) -> nn.Module:
    """Return the encoder of the run's backbone as plain transformers loads it."""
    from transformers import AutoModel

    told = predictor.manifest["backbone"]
    encoder: nn.Module = AutoModel.from_pretrained(
        models.folder_at(told["source"]),
        local_files_only=True,
        trust_remote_code=False,
        dtype=torch.float32,
        **predictor.manifest["spec"]["arguments"],
    )
    if (found := models.weights_hash(encoder.state_dict())) != told["weights"]:
        raise BundleError(
            f"The backbone {told['source']!r} here is not the one that was adapted: its hash is {found[:12]}…, that "
            f"of the run {told['weights'][:12]}….",
            "Put the backbone's own release there, or merge the run, which needs none.",
        )
    return encoder


def _reloaded(backbone: nn.Module, folder: Path, predictor: Predictor) -> nn.Module:
    from peft import PeftModel

    return plain.with_head(PeftModel.from_pretrained(cast(Any, backbone), folder), folder, predictor)
