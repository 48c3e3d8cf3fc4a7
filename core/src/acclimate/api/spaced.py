"""With which spacing and window volumes are read for a backbone that sees them whole."""

from dataclasses import replace
from pathlib import Path

from acclimate import models
from acclimate.api.inputs import loader_of
from acclimate.api.request import Request
from acclimate.contracts import Backbone, Finding, Settings
from acclimate.plugins import Host

# As many as a loader of volumes gives: a network that sees a volume whole needs what lies between slices too.
_SLICES = "512"


def with_reading(host: Host, request: Request, backbone: Backbone) -> Request:
    """Return a request whose rows are read as a backbone for volumes needs them, unless the user asks otherwise.

    That is every slice, and the spacing and window that the backbone's folder says it was trained with. What the
    loader does not know, or the user asks for otherwise, is noted.
    """
    if backbone.modality != "volume":
        return request
    known = loader_of(host, request.owner, request.preset, request.source).options
    stated = models.stated_reading(Path(backbone.source).expanduser()) if models.has_weights(backbone.source) else {}
    given = dict(request.settings.reading)
    usual = {name: value for name, value in {"slices": _SLICES, **stated}.items() if name in known}
    notes = tuple(
        _differs(name, value, (str(given[name]) or "the volumes' own") if name in given else "")
        for name, value in stated.items()
        if name not in known or str(given.get(name, value)) != value
    )
    settings = replace(request.settings, reading={**usual, **given})
    return replace(request, settings=settings, notes=(*request.notes, *notes))


def is_placed(settings: Settings) -> bool:
    """Return whether volumes keep their millimetres: they do where a spacing is asked for, or the backbone's own."""
    return bool(settings.reading.get("spacing"))


def _differs(name: str, stated: str, given: str) -> Finding:
    read = f"rows are read with {given}" if given else "the rows do not tell theirs"
    return Finding(code="volumes-otherwise", message=f"The backbone was trained with {name} {stated}; {read}.")
