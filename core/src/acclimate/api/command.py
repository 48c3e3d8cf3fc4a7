"""A request written down: as the arguments that give it again, and as a command line."""

import shlex
from dataclasses import asdict
from typing import Any

from acclimate.api.request import Request
from acclimate.contracts import Columns, Settings

# What has no flag of its own stands behind the method's name: full:head=random:patience=3.
_BEHIND_THE_METHOD = ("patience", "head")
# Of settings that are on where nothing is asked for, the flag that turns them off.
_LEFT_OUT = {"show_rows": "--hide-rows"}


def arguments_of(request: Request) -> dict[str, Any]:
    """Return in plain JSON the arguments of `ask`, but for the output, that give a request again."""
    return {
        "preset": request.name,
        "source": request.source,
        "method": request.method,
        "backbone": request.backbone,
        "test": request.test,
        "validation": request.validation,
        "options": {**asdict(request.columns), **asdict(request.settings)},
    }


def command_of(request: Request) -> str:
    """Return the command line that asks for the same run, but for the output and how often it is checkpointed."""
    settings = _changed(request.settings, Settings())
    settings.pop("checkpoint_minutes", None)
    options = dict(settings.pop("options", {}))
    repeated = {"read": settings.pop("reading", {}), "prepare": settings.pop("preparing", {})}
    method = [request.method]
    if request.method == "peft":
        method.append(str(options.pop("type", "")))
    behind = {name: settings.pop(name) for name in _BEHIND_THE_METHOD if name in settings}
    method += [f"{name}={value}" for name, value in {**behind, **options}.items()]
    flags = {
        "method": ":".join(method),
        "backbone": None if request.backbone == "auto" else request.backbone,
        "budget": request.budget_minutes if request.method == "auto" else None,
        "test": request.test,
        "validation": request.validation,
        **_changed(request.columns, Columns()),
        **settings,
    }
    words = ["acclimate", "adapt", request.name, request.source]
    for name, value in flags.items():
        if value is False:
            words.append(_LEFT_OUT[name])
        elif value is not None:
            text = ",".join(value) if isinstance(value, tuple) else str(value)
            words += [f"--{name.replace('_', '-')}", *([] if value is True else [text])]
    for flag, values in repeated.items():
        for name, value in values.items():
            words += [f"--{flag}", f"{name}={value}"]
    return shlex.join(words)


def _changed(values: Any, defaults: Any) -> dict[str, Any]:
    """Return the fields that are not what they are when nothing is asked for."""
    usual = asdict(defaults)
    return {name: value for name, value in asdict(values).items() if value != usual[name]}
