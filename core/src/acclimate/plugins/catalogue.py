"""Finds offers by the names that users and presets give them."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, cast

from acclimate.contracts import Command, Offer, Preset, UnknownNameError, did_you_mean
from acclimate.plugins.collecting import offered_references
from acclimate.plugins.states import CORE, KINDS, LoadedPlugin, Owned, PluginState, public_name

OfferKind = TypeVar("OfferKind", bound=Offer)


class Catalogue:
    """The offers of all loaded plugins, with the states of those that did not load for its errors."""

    def __init__(self) -> None:
        self.states: list[PluginState] = []
        self.loaded: dict[str, LoadedPlugin] = {}

    def every(self, kind: type[OfferKind]) -> dict[str, OfferKind]:
        """Return all offers of a kind by their public names."""
        return {
            public_name(plugin, kind, name): offer
            for plugin in self.loaded
            for name, offer in self._offers(plugin, kind).items()
        }

    def candidates(self, kind: type[OfferKind], owner: str) -> dict[str, OfferKind]:
        """Return by bare name what a run of the owner's preset can use: its own offers, then core's.

        Raises:
            UnknownNameError: when no plugin of the owner's name is loaded.
        """
        own = self._offers(self.plugin(owner).state.name, kind)
        return {**own, **{name: offer for name, offer in self._offers(CORE, kind).items() if name not in own}}

    def find(self, kind: type[OfferKind], name: str, owner: str) -> OfferKind:
        """Return one offer: a bare name is the owner's or core's, a qualified one anybody's.

        Raises:
            UnknownNameError: when there is none; the hint has near names and plugins that did not load.
        """
        plugin, qualified, bare = name.rpartition("/")
        near = self.candidates(kind, owner)
        found = self._offers(plugin, kind).get(bare) if qualified else near.get(name)
        if found is None:
            raise self._unknown(_word(kind), name, [*near, *self.every(kind)])
        return found

    def preset(self, name: str) -> Owned:
        """Return a preset with its owner; a bare name will do when only one plugin offers it.

        Raises:
            UnknownNameError: when there is none of that name, or a bare name stands for several.
        """
        presets = self.every(Preset)
        matches = [full for full in presets if name in (full, full.partition("/")[2])]
        if len(matches) > 1:
            raise UnknownNameError(
                f"Several plugins offer a preset {name!r}.", f"Write one of {', '.join(sorted(matches))}."
            )
        if not matches:
            raise self._unknown("preset", name, presets)
        return Owned(preset=presets[matches[0]], owner=matches[0].partition("/")[0], name=matches[0])

    def plugin(self, name: str) -> LoadedPlugin:
        """Return a loaded plugin.

        Raises:
            UnknownNameError: when none of that name is loaded.
        """
        if name not in self.loaded:
            raise self._unknown("plugin", name, self.loaded)
        return self.loaded[name]

    def owner(self, offer: Offer) -> PluginState | None:
        """Return the state of the plugin that gave this very object, None for one made elsewhere."""
        for plugin in self.loaded.values():
            if any(offer is each for each in plugin.offers[type(offer)].values()):
                return plugin.state
        return None

    def references(self) -> frozenset[str]:
        """Return every reference to code that a loaded plugin offers to runs, which commands are not."""
        kinds = [kind for kind in KINDS.values() if kind is not Command]
        offers = (plugin.offers[kind].values() for plugin in self.loaded.values() for kind in kinds)
        return offered_references(offer for group in offers for offer in group)

    def _offers(self, plugin: str, kind: type[OfferKind]) -> Mapping[str, OfferKind]:
        offers = self.loaded[plugin].offers[kind] if plugin in self.loaded else {}
        return cast("Mapping[str, OfferKind]", offers)

    def _unknown(self, word: str, name: str, known: Iterable[str]) -> UnknownNameError:
        plugin = name if word == "plugin" else name.rpartition("/")[0]
        idle = [state for state in self.states if state.state != "loaded"]
        named = [_why(state) for state in idle if state.name == plugin]
        others = [_why(state) for state in idle if state.name != plugin]
        return UnknownNameError(
            " ".join([f"There is no {word} {name!r}.", *named]), " ".join([did_you_mean(name, known), *others])
        )


def _why(state: PluginState) -> str:
    label = state.label[0].upper() + state.label[1:]
    return f"{label} is not loaded ({state.state}): {state.reason.rstrip('.')}."


def _word(kind: type[Any]) -> str:
    return next(word for word, each in KINDS.items() if each is kind)
