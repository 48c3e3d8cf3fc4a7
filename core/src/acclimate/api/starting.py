"""What every task that trains gives to what it adapts."""

from pathlib import Path
from typing import Any

from acclimate.api.request import Request, checkpoint_file
from acclimate.api.sameness import fresh_cache
from acclimate.contracts import Backbone, Method, cache_folder
from acclimate.plugins import Host


def subject_fields(
    host: Host, request: Request, folder: Path, *, backbone: Backbone, method: Method, shown: bool
) -> dict[str, Any]:
    """Return the fields of a `Trainable` that hang on no task; `folder` is that of the run while it is made.

    A run that is done again computes with an empty cache: what it is compared with was computed too.
    """
    return {
        "backbone": backbone,
        "method": method,
        "install": host.load(method, "install"),
        "settings": request.settings,
        "cache": fresh_cache(folder / "cache") if request.original else cache_folder(),
        "checkpoint": checkpoint_file(request.output),
        "shown": shown,
    }
