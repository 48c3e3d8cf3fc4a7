"""What learning will take, said before anything is learned."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from acclimate import training
from acclimate.api.adapting import ask
from acclimate.api.detecting import flow, learning
from acclimate.contracts import OptionError, Preset
from acclimate.plugins import Host, default_host

_TASK = "anomaly-detection"


def estimate(
    preset: str | Preset,
    source: str | Path,
    *,
    method: str | None = None,
    backbone: str | None = None,
    test: str | Path | None = None,
    validation: str | Path | None = None,
    host: Host | None = None,
    **options: Any,
) -> learning.Estimate:
    """Return what it takes to learn good parts: patches, memory and seconds, and whether it fits into this machine.

    Rows are read, checked and dealt as `adapt` does it; then one forward pass and one product of matrices are timed.
    Nothing is learned or written. The arguments are those of `adapt`.

    Raises:
        OptionError: for a preset that does not inspect parts.
        AcclimateError: as `adapt`, for input that cannot be used.
    """
    host = host or default_host()
    request = ask(host, preset, source, method, backbone, test, validation, None, options)
    if request.preset.task != _TASK:
        raise OptionError(
            f"{request.name} is for {request.preset.task}, and what is estimated is a memory of good parts.",
            "Name a preset for parts, or let method 'auto' time the others within --budget.",
        )
    if request.method == "auto":
        raise OptionError("What is estimated is one method, found 'auto'.", "Name it: memory-bank, padim.")
    with TemporaryDirectory(prefix="acclimate-") as folder, training.quiet_libraries():
        _, subject, _, _ = flow.prepared(host, request, Path(folder), False)
        return learning.estimate(subject)
