"""What became of each plugin, and the names by which its offers are asked for."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from acclimate.contracts import Backbone, Command, Loader, Method, Metric, Offer, Preset

# What `acclimate` itself answers to; a plugin's command has another name.
CORE_COMMANDS = (
    "adapt",
    "compare",
    "demo",
    "doctor",
    "estimate",
    "evaluate",
    "export",
    "latency",
    "merge",
    "monitor",
    "plugins",
    "predict",
    "repeat",
    "report",
    "suspects",
)
CORE = "general"  # the name under which core registers its own offers
KINDS: Mapping[str, type[Any]] = {
    "loader": Loader,
    "backbone": Backbone,
    "method": Method,
    "metric": Metric,
    "preset": Preset,
    "command": Command,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginState:
    """One line of `acclimate plugins list`.

    `state` is "loaded", "disabled" (named in ACCLIMATE_DISABLE_PLUGINS), "incompatible" (needs another version
    of acclimate) or "failed"; `reason` says why it is not loaded. `offers` maps "presets", "loaders", … to the
    names that a user types, and is empty unless the plugin is loaded.
    """

    name: str
    distribution: str
    version: str
    state: Literal["loaded", "disabled", "incompatible", "failed"]
    reason: str = ""
    offers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """How an error names this plugin: `plugin 'finance' (acclimate-finance 0.2.0)`."""
        origin = f"{self.distribution} {self.version}".strip()
        return f"plugin {self.name!r} ({origin})" if origin else f"plugin {self.name!r}"

    def to_dict(self) -> dict[str, Any]:
        """Return plain dictionaries, lists and strings."""
        return {**asdict(self), "offers": {kind: list(names) for kind, names in self.offers.items()}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """A preset with the plugin that offers it; `name` is its qualified name, "finance/sentiment"."""

    preset: Preset
    owner: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPlugin:
    """A loaded plugin's state with its offers: kind of offer, then bare name."""

    state: PluginState
    offers: Mapping[type[Any], Mapping[str, Offer]]


def public_name(plugin: str, kind: type[Any], name: str) -> str:
    """Return what a user types: core's parts and all commands by bare name, all else as "plugin/name"."""
    bare = kind is Command or (plugin == CORE and kind is not Preset)
    return name if bare else f"{plugin}/{name}"
