"""The host: loads every plugin apart from the others, and answers for all of them."""

import logging
import os
from collections.abc import Iterable, Mapping
from functools import cache, partial
from typing import Any, Literal, TypeVar, overload

import pluggy

from acclimate import __version__
from acclimate.contracts import (
    Backbone,
    Command,
    Finding,
    Loader,
    Method,
    Metric,
    Need,
    Offer,
    PluginError,
    Preset,
    Ref,
    Report,
    RunEvent,
)
from acclimate.plugins import builtin, hookspecs
from acclimate.plugins.admission import DISABLE, Admission
from acclimate.plugins.calling import ask, ask_for_findings, blame, check_choice
from acclimate.plugins.catalogue import Catalogue
from acclimate.plugins.collecting import offered_code
from acclimate.plugins.discovery import Found, find_plugins
from acclimate.plugins.states import CORE, KINDS, Owned, PluginState

STRICT = "ACCLIMATE_STRICT_PLUGINS"
_log = logging.getLogger(__name__)
_Choice = TypeVar("_Choice", Loader, Backbone, Method)


class Host:
    """All plugins of this environment, core's own offers included.

    `discover=False` loads core's offers alone, to which `register` adds modules: the way to test a plugin. A plugin
    that does not load is listed with the reason and offers nothing; with `strict` (or ACCLIMATE_STRICT_PLUGINS=1)
    it raises instead. Plugins named in `disabled` (or ACCLIMATE_DISABLE_PLUGINS, comma separated) are not imported.
    """

    def __init__(
        self, discover: bool = True, strict: bool | None = None, disabled: Iterable[str] | None = None
    ) -> None:
        named = os.environ.get(DISABLE, "").split(",") if disabled is None else disabled
        self._catalogue = Catalogue()
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._admission = Admission(
            self._manager,
            self._catalogue,
            strict=os.environ.get(STRICT) == "1" if strict is None else strict,
            disabled=frozenset(name.strip() for name in named),
        )
        self._admission.admit(Found(name=CORE, distribution="acclimate", version=__version__, load=lambda: builtin))
        for found in find_plugins() if discover else ():
            self._admission.admit(found)

    def register(self, plugin: object, name: str, distribution: str = "", version: str = "") -> PluginState:
        """Load a module, or an object with hooks as methods, as if it were installed under that name."""
        return self._admission.admit(
            Found(name=name, distribution=distribution, version=version, load=lambda: plugin)
        )

    def plugins(self) -> tuple[PluginState, ...]:
        """Return the state of every plugin, core's ("general") first, whether it loaded or not."""
        return tuple(self._catalogue.states)

    def presets(self) -> dict[str, Preset]:
        """Return all presets by qualified name: "general/text-classification"."""
        return self._catalogue.every(Preset)

    def loaders(self) -> dict[str, Loader]:
        """Return all loaders: core's by bare name ("csv"), others as "plugin/name"."""
        return self._catalogue.every(Loader)

    def backbones(self) -> dict[str, Backbone]:
        """Return all backbones: core's by bare name, others as "plugin/name"."""
        return self._catalogue.every(Backbone)

    def methods(self) -> dict[str, Method]:
        """Return all methods: core's by bare name ("lora"), others as "plugin/name"."""
        return self._catalogue.every(Method)

    def metrics(self) -> dict[str, Metric]:
        """Return all metrics: core's by bare name, others as "plugin/name"."""
        return self._catalogue.every(Metric)

    def commands(self) -> dict[str, Command]:
        """Return the commands that plugins add to the command line, by name."""
        return self._catalogue.every(Command)

    def preset(self, name: str) -> Owned:
        """Return a preset and its owner; a bare name will do while only one plugin offers it.

        Raises:
            UnknownNameError: when there is none, or several; it names the plugins that did not load, and why.
        """
        return self._catalogue.preset(name)

    @overload
    def find(self, kind: Literal["loader"], name: str, owner: str) -> Loader: ...
    @overload
    def find(self, kind: Literal["backbone"], name: str, owner: str) -> Backbone: ...
    @overload
    def find(self, kind: Literal["method"], name: str, owner: str) -> Method: ...
    @overload
    def find(self, kind: Literal["metric"], name: str, owner: str) -> Metric: ...
    def find(self, kind: str, name: str, owner: str) -> Offer:
        """Return the offer of that name: bare names are the owner's or core's, "plugin/name" is anybody's.

        Raises:
            UnknownNameError: when there is none; the hint has the nearest names.
        """
        offer: Offer = self._catalogue.find(KINDS[kind], name, owner)
        return offer

    @overload
    def candidates(self, kind: Literal["loader"], owner: str) -> dict[str, Loader]: ...
    @overload
    def candidates(self, kind: Literal["backbone"], owner: str) -> dict[str, Backbone]: ...
    @overload
    def candidates(self, kind: Literal["method"], owner: str) -> dict[str, Method]: ...
    @overload
    def candidates(self, kind: Literal["metric"], owner: str) -> dict[str, Metric]: ...
    def candidates(self, kind: str, owner: str) -> Mapping[str, Offer]:
        """Return by bare name what the owner's presets can use: its own offers, then core's."""
        return self._catalogue.candidates(KINDS[kind], owner)

    def load(self, offer: Offer, role: str = "") -> Any:
        """Import and return the code that an offer names; None where it names none.

        The preparation of a preset, and its audit, come with the preset's options for it.
        A method names up to three pieces of code: `role` "plan" (the first, when left out), "install" and "merge".
        A metric names "score", "statistics", "multilabel", "interval", "group_interval" and "difference".

        Raises:
            PluginError: when the reference does not resolve; it names the plugin and its distribution.
        """
        reference = offered_code(offer, role)
        if reference is None:
            return None
        state = self._catalogue.owner(offer)
        if state is None:
            return _with_options(reference.load(), offer, role)
        with blame(state, f"the import of {reference}"):
            try:
                return _with_options(reference.load(), offer, role)
            except PluginError as error:
                raise PluginError(f"{state.label}: {error.message}", error.hint) from error.__cause__

    def load_reference(self, reference: str, options: Mapping[str, Any] | None = None) -> Any:
        """Import and return code that a saved run names, with the keyword `options` it is called with; "" gives None.

        A run is data, and data must not say which code runs: only what an installed plugin offers is imported.

        Raises:
            PluginError: when no loaded plugin offers this reference, or it does not resolve.
        """
        if not reference:
            return None
        if reference not in self._catalogue.references():
            raise PluginError(
                f"The run needs the code {reference!r}, which no installed plugin offers.",
                "Install the plugin that the run was made with, in the version that manifest.json names.",
            )
        code = Ref(reference).load()
        return partial(code, **options) if options else code

    def choose_loader(self, owner: str, source: str, task: str = "") -> Loader | None:
        """Return the loader for a source and a task, asking the preset's owner, then core; None when neither knows.

        Raises:
            PluginError: when a plugin names something that is not a candidate.
        """
        offers = self._catalogue.candidates(Loader, owner)
        return self._choose("choose_loader", owner, offers, {"source": source, "task": task})

    def choose_backbone(self, owner: str, need: Need) -> Backbone | None:
        """Return the backbone for a job among those of its modality, asking the owner, then core.

        Raises:
            PluginError: when a plugin names something that is not a candidate.
        """
        offers = self._catalogue.candidates(Backbone, owner)
        fitting = {name: offer for name, offer in offers.items() if offer.modality == need.modality}
        return self._choose("choose_backbone", owner, fitting, {"need": need})

    def choose_method(self, owner: str, need: Need, backbone: Backbone) -> Method | None:
        """Return the method that the owner names for a job among those that fit its task; None to search for it.

        Raises:
            PluginError: when a plugin names something that is not a candidate.
        """
        offers = self._catalogue.candidates(Method, owner)
        fitting = {name: offer for name, offer in offers.items() if need.task in offer.tasks}
        return self._choose("choose_method", owner, fitting, {"need": need, "backbone": backbone})

    def review_report(self, owner: str, report: Report, records: Mapping[str, Any]) -> tuple[Finding, ...]:
        """Return what the preset's owner adds to the report; no other plugin is asked.

        Raises:
            PluginError: when the owner gives something that is not a Finding.
        """
        state = self._catalogue.plugin(owner).state
        return ask_for_findings(self._manager, state, {"report": report, "records": records})

    def observe(self, event: RunEvent) -> None:
        """Tell every plugin how a run goes on; an error in one is logged and changes nothing."""
        for plugin in self._catalogue.loaded.values():
            try:
                ask(self._manager, plugin.state, "observe", {"event": event})
            except Exception as error:  # noqa: BLE001 - watching a run must not be able to end it
                _log.warning("%s failed in observe: %s", plugin.state.label, error, exc_info=error)

    def _choose(
        self, hook: str, owner: str, offers: Mapping[str, _Choice], about: Mapping[str, object]
    ) -> _Choice | None:
        arguments = {**about, "candidates": tuple(offers.values())}
        for name in dict.fromkeys((owner, CORE)):
            state = self._catalogue.plugin(name).state
            answer = ask(self._manager, state, hook, arguments)
            if answer is not None:
                return offers[check_choice(state, hook, answer, tuple(offers))]
        return None


def _with_options(code: Any, offer: Offer, role: str) -> Any:
    if isinstance(offer, Preset) and offer.preparing and role in ("", "prepare", "audit"):
        return partial(code, **offer.preparing)
    return code


@cache
def default_host() -> Host:
    """Return the host of the installed plugins, loaded once per process."""
    return Host()
