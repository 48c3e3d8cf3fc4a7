"""Runs that hold only what was trained: the backbone is loaded again, and must be the very same."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from acclimate import models, training
from acclimate.contracts import PREFERENCE, AcclimateError, Backbone, BundleError
from acclimate.models import AnyPreprocessing, Model
from acclimate.plugins import Host

# Not the seed of any run by default: what a method draws at random then differs from what a run has, and is saved.
_OTHER_SEED = 1_234_577
_NEW = ("head.", "pooler.")  # what no backbone has, and every run keeps


def changed(model: Model, manifest: Mapping[str, Any], host: Host) -> dict[str, Tensor]:
    """Return the tensors of an adapted model that differ from those of its backbone with the method installed."""
    fresh, _ = _resolved(manifest)
    install = host.load_reference(manifest["install"])
    with training.seeded(_OTHER_SEED):
        if install is not None:
            install(fresh, manifest["adapter"])
    new = _NEW if fresh.new_head else ()
    pretrained = {name: tensor for name, tensor in fresh.state_dict().items() if not name.startswith(new)}
    own = {name: tensor.detach().cpu() for name, tensor in model.state_dict().items()}
    return {name: tensor.clone() for name, tensor in own.items() if not _same(pretrained.get(name), tensor)}


def base(
    folder: Path, manifest: Mapping[str, Any], reason: str = "holds only what was trained"
) -> tuple[Model, AnyPreprocessing]:
    """Return the backbone of a run, with its saved preprocessing; `reason` is why the run needs it.

    Raises:
        BundleError: when the backbone cannot be loaded, or is not the one that was adapted.
    """
    source = manifest["backbone"]["source"]
    try:
        model, weights = _resolved(manifest)
    except AcclimateError as error:
        raise BundleError(
            f"{folder} {reason}, and its backbone {source!r} cannot be loaded: {error.message}",
            error.hint or "Put the backbone where it was.",
        ) from error
    if weights != manifest["backbone"]["weights"]:
        raise BundleError(
            f"{folder} was trained on other weights than those of {source!r} here: their hash is {weights[:12]}…, "
            f"that of the run {manifest['backbone']['weights'][:12]}….",
            "Put the backbone's own release there; runs saved with weights='all' need none.",
        )
    return model, models.load_preprocessing(manifest["spec"], folder / "preprocessing")


def _resolved(manifest: Mapping[str, Any]) -> tuple[Model, str]:
    spec, told = manifest["spec"], manifest["backbone"]
    backbone = Backbone(
        name="saved",
        summary="The backbone of a saved run.",
        modality=spec["modality"],
        source=told["source"],
        licence=told["licence"],
        pooling=spec["pooling"],
    )
    labels = tuple(manifest["labels"])
    found: models.Resolved[Any, Any]
    if manifest["task"] in ("text-generation", PREFERENCE):
        found = models.resolve_writer(backbone, max_tokens=spec["max_tokens"], system="")
    elif spec["modality"] == "volume":
        found = models.resolve_volumes(backbone, labels=labels)
    elif "attention_width" in spec:
        found = models.resolve_stacks(backbone, labels=labels, attention_width=spec["attention_width"])
    elif "decoder" in spec:
        found = models.resolve_segmenter(backbone, labels=labels, decoder=spec["decoder"], longest=spec["longest"])
    elif "units" in spec:
        found = models.resolve_tagger(backbone, labels=labels, max_tokens=spec["max_tokens"], units=spec["units"])
    elif "overlap" in spec:
        found = models.resolve_answerer(backbone, max_tokens=spec["max_tokens"], overlap=spec["overlap"])
    elif spec.get("asserts"):
        found = models.resolve_entailer(backbone, labels=labels, max_tokens=spec["max_tokens"])
    elif spec.get("embeds"):
        found = models.resolve_embedder(backbone, max_tokens=spec["max_tokens"])
    elif "strides" in spec:
        found = models.resolve_detector(backbone, labels=labels)
    else:
        found = models.resolve(backbone, labels=labels, max_tokens=spec["max_tokens"])
    return found.model, found.weights


def _same(pretrained: Tensor | None, tensor: Tensor) -> bool:
    if pretrained is None or pretrained.shape != tensor.shape or pretrained.dtype != tensor.dtype:
        return False
    return torch.equal(pretrained.cpu(), tensor)
