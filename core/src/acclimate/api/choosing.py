"""Which backbone and which method, as named or as the preset's plugin chooses, and the plan of the method."""

from pathlib import Path
from typing import TypeVar

from acclimate import models, training
from acclimate.api.inputs import Part
from acclimate.api.request import Request
from acclimate.contracts import STACKS, Backbone, BackboneError, Method, Need, OptionError, Plan, UnknownNameError
from acclimate.models import Classifier
from acclimate.plugins import Host

Offered = TypeVar("Offered", Backbone, Method)


def choose_backbone(host: Host, request: Request, need: Need | None) -> Backbone:
    """Return the backbone: an offer by its name or source, a source that was named, or the choice for `need`."""
    name = request.backbone
    if name == "auto":
        chosen = host.choose_backbone(request.owner, need) if need else None
        return _chosen("backbone", chosen, request)
    by_source = {offer.source: offer for offer in host.candidates("backbone", request.owner).values()}
    if name in by_source:
        return _fitting(by_source[name], request)
    if models.is_volume_source(name):
        return _fitting(_of_volumes(name), request)
    if Path(name).is_file():
        raise BackboneError(
            f"{name!r} is a file, and a backbone is a folder.",
            "It needs config.json and model.safetensors, to which pickled weights (.pth, .bin) are converted.",
        )
    if name.startswith("package:") or Path(name).is_dir() or ("/" in name and name not in host.backbones()):
        return Backbone(
            name="named",
            summary="Named by the user.",
            modality=request.preset.modality,
            source=name,
            licence="see the model's own files",
        )
    return _fitting(host.find("backbone", name, request.owner), request)


def _fitting(backbone: Backbone, request: Request) -> Backbone:
    if backbone.refused:
        raise BackboneError(
            f"Backbone {backbone.name!r} is not used: {backbone.refused}.", "Choose another --backbone."
        )
    whole = backbone.modality == "volume" and request.preset.task == STACKS
    if backbone.modality != request.preset.modality and not whole:
        raise OptionError(
            f"Backbone {backbone.name!r} reads {backbone.modality}s; {request.name} needs one for "
            f"{request.preset.modality}s.",
            "Choose another --backbone.",
        )
    return backbone


def _of_volumes(source: str) -> Backbone:
    models.check_source(source)
    licence = "Apache-2.0 (code; there are no weights)"
    return Backbone(
        name="named",
        summary="Named by the user.",
        modality="volume",
        source=source,
        licence=licence if not models.has_weights(source) else "see the model's own files",
    )


def check_trained(backbone: Backbone, method: str) -> None:
    """Raise OptionError where a method would adapt a backbone that nothing was learned by."""
    if backbone.modality == "volume" and method != "scratch" and not models.has_weights(backbone.source):
        raise OptionError(
            f"Backbone {backbone.source!r} has random weights, and method {method!r} adapts pretrained ones.",
            "Use method 'scratch', or name a folder with its pretrained weights as --backbone (docs/volumes.md).",
        )


def choose_method(host: Host, request: Request, need: Need, backbone: Backbone) -> Method | None:
    """Return the method: an offer by its name, or what the plugin names; None where a search is to find it."""
    if request.method != "auto":
        return host.find("method", request.method, request.owner)
    return host.choose_method(request.owner, need, backbone)


def first_of_search(host: Host, request: Request) -> Method:
    """Return the method that every search begins with.

    Raises:
        OptionError: when options were given, which are those of one method.
        UnknownNameError: when it does not do the task.
    """
    if request.settings.options:
        raise OptionError(
            f"Method 'auto' tries several methods and takes no options, found {', '.join(request.settings.options)}.",
            "Name the method that the options are for.",
        )
    frozen = host.candidates("method", request.owner).get("frozen")
    return _chosen("method", frozen if frozen and request.preset.task in frozen.tasks else None, request)


def need_of(request: Request, train: Part, labels: tuple[str, ...]) -> Need:
    """Return what a choice is made for; `train` are the rows that train."""
    return Need(
        task=request.preset.task,
        modality=request.preset.modality,
        rows=len(train.truth),
        labels=labels,
        multilabel=train.multilabel,
    )


def make_plan(host: Host, request: Request, method: Method, model: Classifier, train: Part) -> Plan:
    """Return how `method` will adapt `model`, which stays as it was, to training rows."""
    with training.seeded(request.settings.seed):
        plan: Plan = host.load(method)(model, need_of(request, train, model.labels), request.settings)
    return plan


def _chosen(kind: str, offer: Offered | None, request: Request) -> Offered:
    if offer is None:
        raise UnknownNameError(
            f"Neither {request.owner!r} nor core has a {kind} for {request.preset.task}.",
            f"Name one with --{kind}, or install a plugin that offers one.",
        )
    return offer
