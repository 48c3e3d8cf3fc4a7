"""Admits one plugin at a time, and turns whatever is wrong with it into a state that can be shown."""

import logging
import re
import sys
from collections.abc import Iterable
from contextlib import redirect_stdout
from dataclasses import replace
from typing import Any

import pluggy

from acclimate.contracts import Command, Offer, PluginError
from acclimate.plugins.catalogue import Catalogue
from acclimate.plugins.collecting import check_hooks, collect_offers
from acclimate.plugins.discovery import Found, unmet_requirement
from acclimate.plugins.states import CORE, CORE_COMMANDS, KINDS, LoadedPlugin, PluginState, public_name

DISABLE = "ACCLIMATE_DISABLE_PLUGINS"
_NAME = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)*")
_log = logging.getLogger(__name__)


class Admission:
    """Loads plugins into a catalogue, each apart from the others; `strict` raises where one does not load."""

    def __init__(
        self,
        manager: pluggy.PluginManager,
        catalogue: Catalogue,
        *,
        strict: bool,
        disabled: frozenset[str],
    ) -> None:
        self._manager = manager
        self._catalogue = catalogue
        self._strict = strict
        self._disabled = disabled

    def admit(self, found: Found) -> PluginState:
        """Load a plugin and record what became of it: the one place where an error in it becomes a state.

        Raises:
            PluginError: in strict mode, when the plugin is incompatible or fails.
        """
        state = PluginState(name=found.name, distribution=found.distribution, version=found.version, state="loaded")
        error: BaseException | None = None
        try:
            state = self._judge(found, state)
        except (Exception, SystemExit) as raised:  # noqa: BLE001 - a broken plugin must leave the others working
            error = raised
            state = replace(state, state="failed", reason=_describe(raised))
            _log.debug("%s did not load", state.label, exc_info=raised)
        self._catalogue.states.append(state)
        if self._strict and state.state in ("failed", "incompatible"):
            raise PluginError(f"{state.label} did not load ({state.state}): {state.reason}") from error
        return state

    def _judge(self, found: Found, state: PluginState) -> PluginState:
        if found.problem:
            raise PluginError(found.problem)
        self._check_name(found.name)
        if found.name in self._disabled and found.name != CORE:
            return replace(state, state="disabled", reason=f"turned off by name, see {DISABLE}")
        if reason := unmet_requirement(found.requires):
            return replace(state, state="incompatible", reason=reason)
        # A plugin that prints while it is imported must not spoil the one JSON object on stdout.
        with redirect_stdout(sys.stderr):
            offers = self._collect(found)
        state = replace(state, offers=_public_names(found.name, offers))
        self._catalogue.loaded[found.name] = LoadedPlugin(state=state, offers=offers)
        return state

    def _check_name(self, name: str) -> None:
        if not _NAME.fullmatch(name):
            raise PluginError(f"The entry point {name!r} is not lower-case words joined by '-', '_' or '.'.")
        for other in self._catalogue.states:
            if other.name == name:
                raise PluginError(f"The name {name!r} is already taken by {other.label}.")

    def _collect(self, found: Found) -> dict[type[Any], dict[str, Offer]]:
        plugin = found.load()
        check_hooks(plugin, (name for name in vars(self._manager.hook) if not name.startswith("_")))
        self._manager.register(plugin, found.name)
        offers = collect_offers(self._manager, found.name, check_references=found.name != CORE)
        self._check_commands(offers[Command])
        return offers

    def _check_commands(self, names: Iterable[str]) -> None:
        taken = {**dict.fromkeys(CORE_COMMANDS, "acclimate itself")}
        for other in self._catalogue.loaded.values():
            taken.update(dict.fromkeys(other.offers[Command], other.state.label))
        for name in names:
            if name in taken:
                raise PluginError(f"The command {name!r} is already taken by {taken[name]}.", "Give it another name.")


def _public_names(plugin: str, offers: dict[type[Any], dict[str, Offer]]) -> dict[str, tuple[str, ...]]:
    return {
        f"{word}s": tuple(public_name(plugin, kind, name) for name in offers[kind])
        for word, kind in KINDS.items()
        if offers[kind]
    }


def _describe(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, PluginError) else f"{type(error).__name__}: {text}"
