"""The description from which a saved run's architecture is built again: nothing in it to fetch or run."""

import json
from collections.abc import Mapping
from typing import Any

from acclimate.contracts import BundleError

# Where a configuration came from on the machine that wrote it, and where code for it would come from.
_ORIGIN = ("_name_or_path", "auto_map", "transformers_version")
# What makes transformers or timm open another file, a hub, or code of one while a model is built.
_FETCHING = (
    "auto_map",
    "attn_implementation",
    "_attn_implementation",
    "experts_implementation",
    "quantization_config",
    "checkpoint_path",
    "pretrained",
    "use_pretrained_backbone",
    "cache_dir",
)
_ARGUMENTS = ("add_pooling_layer",)


def plain_configuration(config: Any) -> dict[str, Any]:
    """Return a transformers configuration as plain JSON, without the places it came from."""
    values: dict[str, Any] = json.loads(config.to_json_string(use_diff=False))
    return {name: value for name, value in values.items() if name not in _ORIGIN}


def check_spec(spec: Mapping[str, Any]) -> None:
    """Pass when a description of an architecture could not make a library read other files, a hub, or code.

    Raises:
        BundleError: otherwise; it names the entry.
    """
    for name, value in spec["arguments"].items():
        if name not in _ARGUMENTS or not isinstance(value, bool):
            raise _unexpected(f"arguments.{name}")
    for name, value in _entries(spec["config"]):
        last = name.rpartition(".")[2]
        if last in _FETCHING and value not in (None, False):
            raise _unexpected(f"config.{name}")
        if last == "architecture" and not str(value).isidentifier():  # timm takes "hf-hub:OWNER/NAME" too
            raise _unexpected(f"config.{name}")


def _entries(values: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in values.items():
        found.append((before + name, value))
        if isinstance(value, Mapping):
            found += _entries(value, f"{before}{name}.")
    return found


def _unexpected(name: str) -> BundleError:
    return BundleError(
        f"The manifest's spec.{name} would make a library open files or code that are not in the run.",
        "It was not written by acclimate; do not use this run.",
    )
