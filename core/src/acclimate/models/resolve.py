"""From a backbone offer to a classifier with pretrained weights."""

import inspect
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn

from acclimate.contracts import Backbone, BackboneError
from acclimate.models import packages
from acclimate.models.classifier import STAGES, Classifier, feature_width, has_stages, input_channels
from acclimate.models.fingerprint import weights_hash
from acclimate.models.image import ImagePreprocessing
from acclimate.models.loading import configuration, folder_at, is_decoder, pretrained, tokens_of
from acclimate.models.resolved import Resolved
from acclimate.models.shades import range_of
from acclimate.models.sides import at_side
from acclimate.models.spec import plain_configuration
from acclimate.models.stack_classifier import ATTENTION_WIDTH, StackClassifier
from acclimate.models.stacks import StackPreprocessing
from acclimate.models.text import TextPreprocessing
from acclimate.models.unlikeness import PartClassifier
from acclimate.models.volumes import VolumePreprocessing, is_volume_source, resolve_volumes

Preprocessing = TextPreprocessing | ImagePreprocessing | StackPreprocessing | VolumePreprocessing
ResolvedClassifier = Resolved[Classifier, Preprocessing]


def resolve(
    backbone: Backbone, *, labels: tuple[str, ...], max_tokens: int | None = None, side: int | None = None
) -> ResolvedClassifier:
    """Load pretrained weights in float32 under a new head for `labels`.

    `side` is the height and width in pixels to which images are scaled, None for what the backbone was trained with.

    Raises:
        MissingPackageError: when a weights package is not installed.
        UnknownNameError: when the source names nothing.
        BackboneError: when weights or preprocessing are damaged or incomplete, or images of `side` are not read.
    """
    package = backbone.source.removeprefix("package:")
    if package != backbone.source and package in packages.TIMM:
        found = _timm_package(package, backbone, labels)
    else:
        found = _folder(folder_at(backbone.source), backbone, labels, max_tokens)
    return found if side is None else at_side(found, side)


def resolve_stacks(
    backbone: Backbone, *, labels: tuple[str, ...], attention_width: int = ATTENTION_WIDTH, placed: bool = False
) -> ResolvedClassifier:
    """Load pretrained weights in float32 as the encoder of slices, under new attention and a new head for `labels`.

    What is new of the attention is drawn at random. `weights` names those of the whole backbone, as it does for a
    classifier of single images. A backbone for volumes sees all slices at once, and needs no attention; `placed` is
    as `resolve_volumes` takes it.

    Raises:
        AcclimateError: as `resolve`.
    """
    if is_volume_source(backbone.source):
        return cast(ResolvedClassifier, resolve_volumes(backbone, labels=labels, placed=placed))
    found = resolve(backbone, labels=labels)
    assert isinstance(found.preprocessing, ImagePreprocessing)
    spec = {**found.spec, "attention_width": attention_width}
    model = classifier(found.model.encoder, spec, labels)
    return Resolved(
        model=model.eval(),
        preprocessing=StackPreprocessing(slices=found.preprocessing),
        weights=found.weights,
        spec=spec,
    )


def classifier(encoder: nn.Module, spec: Mapping[str, Any], labels: tuple[str, ...]) -> Classifier:
    """Return the classifier of single images or texts, or of stacks, that `spec` describes."""
    width = feature_width(encoder, spec["pooling"])
    if "attention_width" in spec:
        return StackClassifier(
            encoder,
            width=width,
            labels=labels,
            pooling=spec["pooling"],
            unit_norm=spec["unit_norm"],
            attention_width=spec["attention_width"],
        )
    return _of_rows(encoder, labels, spec["pooling"], spec["unit_norm"])


def _of_rows(encoder: nn.Module, labels: tuple[str, ...], pooling: str, unit_norm: bool) -> Classifier:
    """Return the classifier of single images or texts: on a convolutional network one that may compare with parts."""
    kind = PartClassifier if has_stages(encoder) else Classifier
    width = feature_width(encoder, pooling)
    return kind(encoder, width=width, labels=labels, pooling=pooling, unit_norm=unit_norm)


def _timm_package(package: str, backbone: Backbone, labels: tuple[str, ...]) -> ResolvedClassifier:
    from transformers import AutoModel, TimmWrapperConfig

    architecture, read = packages.TIMM[package]
    configuration, state = read()
    config = TimmWrapperConfig(architecture=architecture)
    encoder = AutoModel.from_config(config, dtype=torch.float32)
    own = encoder.timm_model.state_dict()
    encoder.timm_model.load_state_dict({name: state[name] for name in own})
    pooling = backbone.pooling or _image_pooling(encoder)
    return _resolved(encoder, "image", pooling, False, labels, ImagePreprocessing.of_timm(configuration))


def _folder(folder: Path, backbone: Backbone, labels: tuple[str, ...], max_tokens: int | None) -> ResolvedClassifier:
    from transformers import AutoModel

    config = configuration(folder)
    encoder = pretrained(AutoModel, folder, config=config, **_arguments(config))
    pooling, unit_norm = _pooling(folder, encoder, backbone)
    if backbone.modality == "text":
        preprocessing: Preprocessing = tokens_of(folder, config, max_tokens)
    else:
        preprocessing = _image_preprocessing(folder, config, input_channels(encoder))
    return _resolved(encoder, backbone.modality, pooling, unit_norm, labels, preprocessing, _arguments(config))


def _resolved(
    encoder: nn.Module,
    modality: str,
    pooling: str,
    unit_norm: bool,
    labels: tuple[str, ...],
    preprocessing: Preprocessing,
    arguments: Mapping[str, Any] | None = None,
) -> ResolvedClassifier:
    if modality == "image":
        encoder = encoder.to(memory_format=torch.channels_last)
    model = _of_rows(encoder, labels, pooling, unit_norm)
    spec = {
        "modality": modality,
        "config": plain_configuration(cast(Any, encoder).config),
        "arguments": dict(arguments or {}),
        "pooling": pooling,
        "unit_norm": unit_norm,
        "max_tokens": getattr(preprocessing, "max_tokens", None),
    }
    weights = weights_hash(encoder.state_dict())
    return Resolved(model=model.eval(), preprocessing=preprocessing, weights=weights, spec=spec)


def _arguments(config: Any) -> dict[str, Any]:
    """Leave out a pooling layer that pretraining may not have trained and that nothing here reads."""
    from transformers import AutoModel

    architecture = AutoModel._model_mapping[type(config)]
    if isinstance(architecture, tuple):
        architecture = architecture[0]
    accepts = "add_pooling_layer" in inspect.signature(architecture.__init__).parameters
    return {"add_pooling_layer": False} if accepts else {}


def _pooling(folder: Path, encoder: Any, backbone: Backbone) -> tuple[str, bool]:
    unit_norm = False
    pooling: str = backbone.pooling
    modules = folder / "modules.json"
    if modules.is_file():  # a sentence encoder says how it was trained to pool
        unit_norm = any(module["type"].endswith("Normalize") for module in json.loads(modules.read_text()))
    saved = folder / "1_Pooling" / "config.json"
    if saved.is_file() and not pooling:
        values = json.loads(saved.read_text())
        pooling = next((name for name in ("cls", "mean") if values.get(f"pooling_mode_{name}_tokens")), "")
        pooling = pooling or ("cls" if values.get("pooling_mode_cls_token") else "")
        pooling = pooling or ("last" if values.get("pooling_mode_lasttoken") else "")
    if pooling:
        return pooling, unit_norm
    if backbone.modality == "image":
        return _image_pooling(encoder), unit_norm
    # Decoders summarise a text in its last token; every other token has not read to the end.
    return ("last" if is_decoder(encoder.config) else "mean"), unit_norm


def _image_pooling(encoder: Any) -> str:
    if has_stages(encoder):
        return STAGES
    convolutional = hasattr(encoder.config, "hidden_sizes") and not hasattr(encoder.config, "num_attention_heads")
    if encoder.config.model_type == "timm_wrapper" or convolutional:
        return "own"  # ConvNeXt normalises what it has pooled
    return "cls" if any(name.endswith("cls_token") for name, _ in encoder.named_parameters()) else "mean"


def _image_preprocessing(folder: Path, config: Any, channels: int) -> ImagePreprocessing:
    """Return what a folder says of its images; one of timm may have a file for the range of their values."""
    file = folder / "preprocessor_config.json"
    processor = json.loads(file.read_text()) if file.is_file() else {}
    timm_configuration = getattr(config, "pretrained_cfg", None)
    if timm_configuration:
        found = ImagePreprocessing.of_timm(timm_configuration, channels)
        return replace(found, values=range_of(processor)) if "value_range" in processor else found
    if not processor:
        raise BackboneError(
            f"{folder} has no preprocessor_config.json.",
            "An image backbone must say the size and statistics it was trained with.",
        )
    return ImagePreprocessing.of_processor(processor, channels)
