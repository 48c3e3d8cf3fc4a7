"""Which backbone and which method: as named, or as the preset's plugin chooses."""

from pathlib import Path
from typing import TypeVar

from acclimate.api.request import Request
from acclimate.contracts import Backbone, Method, Need, OptionError, UnknownNameError
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
    if backbone.modality != request.preset.modality:
        raise OptionError(
            f"Backbone {backbone.name!r} reads {backbone.modality}s; {request.name} needs one for "
            f"{request.preset.modality}s.",
            "Choose another --backbone.",
        )
    return backbone


def choose_method(host: Host, request: Request, need: Need, backbone: Backbone) -> Method:
    """Return the method: an offer by its name, or the choice for `need` and `backbone`."""
    if request.method != "auto":
        return host.find("method", request.method, request.owner)
    return _chosen("method", host.choose_method(request.owner, need, backbone), request)


def _chosen(kind: str, offer: Offered | None, request: Request) -> Offered:
    if offer is None:
        raise UnknownNameError(
            f"Neither {request.owner!r} nor core has a {kind} for {request.preset.task}.",
            f"Name one with --{kind}, or install a plugin that offers one.",
        )
    return offer
