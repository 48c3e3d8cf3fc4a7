"""The folder of a plain model: transformers' own files, the head, and the lines that use them."""

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from acclimate.api.calibrating import plain_curves
from acclimate.api.parity import TOLERANCE
from acclimate.api.plain_readme import Kind, readme
from acclimate.api.predictor import Predictor
from acclimate.models import Classifier, ImagePreprocessing, TextPreprocessing, on_unit_scale

HEAD = "head.safetensors"
CURVES = "calibration.json"
# What transformers' image processors call Pillow's ways to resample.
_RESAMPLE = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3}


def logits(model: Any, inputs: Mapping[str, Tensor]) -> Tensor:
    """Return logits [rows, classes] of a classifier, ours or transformers'."""
    with torch.inference_mode():
        outputs = model.eval()(**inputs)
    found: Tensor = outputs if isinstance(outputs, Tensor) else outputs.logits
    return found.float()


def native(model: Classifier, predictor: Predictor, inputs: Mapping[str, Tensor], expected: Tensor) -> Any:
    """Return transformers' own classifier with the model's weights, where it has one with the same logits; else None.

    Its head must be one linear layer on what its encoder gives, as those of ViT, Swin, ConvNeXt and ResNet are. Those
    of most text models have layers of their own in between, and are left alone.
    """
    factory = _factory(predictor)
    config = _labelled(model, predictor)
    if type(config) not in factory._model_mapping:
        return None
    found = factory.from_config(config, dtype=torch.float32)
    base = getattr(found, found.base_model_prefix, None)
    state = model.encoder.state_dict()
    if not isinstance(base, nn.Module) or set(base.state_dict()) != set(state):
        return None
    own = {id(parameter) for parameter in base.parameters()}
    rest = [parameter for parameter in found.parameters() if id(parameter) not in own]
    heads = [module for module in found.modules() if isinstance(module, nn.Linear) and id(module.weight) not in own]
    if len(heads) != 1 or len(rest) != 2 or heads[0].weight.shape != model.head.weight.shape:
        return None
    base.load_state_dict(state)
    heads[0].load_state_dict(model.head.state_dict())
    difference = float((logits(found, inputs) - expected).abs().max())
    return found if difference <= TOLERANCE * max(1.0, float(expected.abs().max())) else None


def write(folder: Path, model: Classifier, native: Any, predictor: Predictor) -> None:
    """Write the model, its tokenizer or image processor, its curves, and a README.md with the lines that use it."""
    form = model.encoder if native is None else native
    if native is None:
        cast(Any, form).config = _labelled(model, predictor)
        save_file({"weight": model.head.weight.detach(), "bias": model.head.bias.detach()}, folder / HEAD)
    cast(Any, form).save_pretrained(folder)
    write_preprocessing(folder, predictor)
    loads_as = type(form).__name__ if native is not None else "AutoModel"
    kind: Kind = "encoder" if native is None else "classifier"
    (folder / "README.md").write_text(readme(predictor, loads_as, kind), "utf-8")


def write_preprocessing(folder: Path, predictor: Predictor) -> None:
    """Write what stands before and behind a model: its tokenizer or image processor, and its curves."""
    preprocessing = predictor.plain_preprocessing
    if isinstance(preprocessing, TextPreprocessing):
        preprocessing.save(folder)
    else:
        (folder / "preprocessor_config.json").write_text(json.dumps(_processor(preprocessing), indent=2), "utf-8")
    if predictor.curves:
        (folder / CURVES).write_text(json.dumps(plain_curves(predictor.curves)), "utf-8")


def reloaded(folder: Path, predictor: Predictor) -> Any:
    """Return what plain transformers makes of a folder: its classifier, or its encoder under the saved head."""
    from transformers import AutoModel

    quiet = {"local_files_only": True, "trust_remote_code": False, "dtype": torch.float32}
    if not (folder / HEAD).is_file():
        return _factory(predictor).from_pretrained(folder, **quiet)
    arguments = predictor.manifest["spec"]["arguments"]
    return with_head(AutoModel.from_pretrained(folder, **quiet, **arguments), folder, predictor)


def with_head(encoder: Any, folder: Path, predictor: Predictor) -> Classifier:
    """Return an encoder under the head that was saved in a folder."""
    spec = predictor.manifest["spec"]
    head = load_file(folder / HEAD)
    model = Classifier(
        encoder,
        width=head["weight"].shape[1],
        labels=predictor.labels,
        pooling=spec["pooling"],
        unit_norm=spec["unit_norm"],
    )
    model.head.load_state_dict(head)
    return model


def _factory(predictor: Predictor) -> Any:
    from transformers import AutoModelForImageClassification, AutoModelForSequenceClassification

    text = isinstance(predictor.preprocessing, TextPreprocessing)
    return AutoModelForSequenceClassification if text else AutoModelForImageClassification


def _labelled(model: Classifier, predictor: Predictor) -> Any:
    """Return the encoder's configuration with the run's labels in their order."""
    config = copy.deepcopy(cast(Any, model.encoder).config)
    config.id2label = dict(enumerate(predictor.labels))
    config.label2id = {label: number for number, label in enumerate(predictor.labels)}
    several = predictor.thresholds is not None
    config.problem_type = "multi_label_classification" if several else "single_label_classification"
    return config


def _processor(preprocessing: ImagePreprocessing) -> dict[str, Any]:
    height, width = preprocessing.size
    mean, std = on_unit_scale(preprocessing.mean, preprocessing.std, preprocessing.values)
    return {
        "image_processor_type": "ViTImageProcessor",
        "do_resize": True,
        "size": {"height": height, "width": width},
        "resample": _RESAMPLE[preprocessing.interpolation],
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": mean,
        "image_std": std,
    }
