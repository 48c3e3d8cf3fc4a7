"""Where a run comes from: its request, its rows, the code that was imported and the machine, for its manifest."""

import os
import platform
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

import psutil
import torch

from acclimate import models, training
from acclimate.api.command import arguments_of, command_of
from acclimate.api.inputs import Part
from acclimate.api.request import Request
from acclimate.api.subject import AnySubject
from acclimate.contracts import PREFERENCE, Plan, Report
from acclimate.plugins import Host


def provenance(host: Host, request: Request, data: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """Return what a manifest says of how its run was made: enough to make it again and to compare the two.

    `data` is what `data_of` says of the rows; `results.metrics` are the scores with their intervals.
    """
    return {
        "request": {**arguments_of(request), "budget_minutes": request.budget_minutes},
        "command": command_of(request),
        "data": data,
        "results": {"metrics": report.to_dict()["metrics"]},
        "plugins": _plugins(host, request),
        "distributions": distributions(host),
        "hardware": hardware(),
    }


def manifest_of(
    host: Host,
    request: Request,
    subject: AnySubject,
    plan: Plan,
    report: Report,
    *,
    precision: str,
) -> dict[str, Any]:
    """Return the fields of a manifest that runs of every task have; `precision` is that of forward passes."""
    return {
        "preset": request.name,
        "task": request.preset.task,
        "method": plan.method,
        "backbone": {
            "name": subject.backbone.name,
            "source": subject.backbone.source,
            "licence": subject.backbone.licence,
            "weights": subject.resolved.weights,
        },
        "stored": _stored(request, subject),
        "labels": list(subject.model.labels),
        "spec": dict(subject.resolved.spec),
        "adapter": dict(plan.adapter),
        "install": str(subject.method.install or ""),
        "prepare": str(request.preset.prepare or ""),
        "preparing": dict(request.preset.preparing),
        "precision": precision,
        "seed": request.settings.seed,
        **provenance(host, request, data_of(subject), report),
    }


def _stored(request: Request, subject: AnySubject) -> str:
    """Return "all", or "trained" where only what was trained is saved."""
    if request.settings.weights != "auto":
        return request.settings.weights
    parameters = list(subject.model.parameters())
    trained = sum(parameter.numel() for parameter in parameters if parameter.requires_grad)
    few = 2 * trained < sum(parameter.numel() for parameter in parameters)
    return "trained" if few and request.preset.task in ("text-generation", PREFERENCE) else "all"


def data_of(subject: AnySubject) -> dict[str, Any]:
    """Return hashes of each part and of all.

    `ids` is over a part's row ids in order, `rows` over ids, contents as the model reads them, and labels;
    `fingerprint` and `split` are over those of all parts.
    """
    found = {
        name: part_data(part, subject.examples[name], subject.model.labels) for name, part in subject.parts.items()
    }
    return {
        "fingerprint": models.json_hash([[name, part["rows"]] for name, part in found.items()]),
        "split": models.json_hash([[name, part["ids"]] for name, part in found.items()]),
        "parts": found,
    }


def part_data(part: Part, examples: models.Examples, labels: Sequence[str]) -> dict[str, Any]:
    """Return the number of rows of a part, and the hashes of `data_of`."""
    return {
        "count": len(part.truth),
        "ids": models.json_hash(part.ids),
        "rows": models.json_hash([part.ids, list(examples.fingerprints), part.truth.tolist(), list(labels)]),
    }


def distributions(host: Host) -> dict[str, str]:
    """Return the versions of Python, the loaded plugins, and each distribution that this process imported of."""
    owners = _owners(tuple((folder, _changed(folder)) for folder in sys.path))
    tops = {name.partition(".")[0] for name in tuple(sys.modules)}
    found = {name: version(name) for top in tops & set(owners) for name in owners[top]}
    # A distribution that is installed from a clone lists no modules.
    plugins = {
        state.distribution: state.version
        for state in host.plugins()
        if state.state == "loaded" and state.distribution
    }
    named = sorted({**found, **plugins}.items(), key=lambda item: item[0].lower())
    return {"python": platform.python_version(), **dict(named)}


@lru_cache(maxsize=1)
def _owners(path: tuple[tuple[str, int], ...]) -> Mapping[str, Sequence[str]]:
    """Return the distributions of each module that can be imported.

    Reading the lists of all installed files takes a second or more. They stay as they are until something is
    installed or removed, which changes the time of a folder in `path`.
    """
    del path
    return packages_distributions()


def _changed(folder: str) -> int:
    """Return when a folder of the import path last changed, 0 where there is none."""
    try:
        return (Path(folder) if folder else Path.cwd()).stat().st_mtime_ns
    except OSError:
        return 0


def hardware() -> dict[str, Any]:
    """Return what computes: the processor or accelerator, cores of this process, threads, memory, system."""
    affinity = getattr(os, "sched_getaffinity", None)
    return {
        "processor": training.processor(),
        "device": training.device().type,
        "cores": len(affinity(0)) if affinity else os.cpu_count() or 1,
        "threads": torch.get_num_threads(),
        "memory_bytes": psutil.virtual_memory().total,
        "platform": platform.platform(),
    }


def _plugins(host: Host, request: Request) -> dict[str, str]:
    """Return distribution and version of the plugin that owns the preset, and of core."""
    wanted = ("general", request.owner)
    states = {state.name: f"{state.distribution} {state.version}".strip() for state in host.plugins()}
    return {name: states[name] for name in dict.fromkeys(wanted) if name in states}
