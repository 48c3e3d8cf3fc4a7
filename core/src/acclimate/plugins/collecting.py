"""Reads a plugin's hooks and offers, and refuses what would otherwise fail later or never be noticed."""

import inspect
import reprlib
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

import pluggy

from acclimate.contracts import Command, Loader, Method, Metric, Offer, PluginError, Preset, Ref, did_you_mean
from acclimate.plugins.references import reference_problem
from acclimate.plugins.states import KINDS

_PREFIXES = ("register_", "choose_", "review_", "observe")
# The code that an offer names: the reference that makes it what it is first, those it may leave out after it.
_CODE: dict[type[Any], tuple[str, ...]] = {
    Loader: ("read",),
    Method: ("plan", "install", "merge"),
    Metric: ("score", "statistics", "multilabel", "interval", "group_interval", "difference"),
    Preset: ("prepare", "audit", "cases", "judge", "pictures", "span_columns"),
    Command: ("run",),
}
_MAY_MISS = (
    "audit",
    "cases",
    "difference",
    "group_interval",
    "install",
    "interval",
    "judge",
    "merge",
    "multilabel",
    "pictures",
    "prepare",
    "span_columns",
    "statistics",
)


def check_hooks(plugin: object, known: Iterable[str]) -> None:
    """Refuse a plugin whose hooks would never be called.

    Raises:
        PluginError: a misspelt hook, a hook without `@hookimpl`, a wrapper, or no hook at all.
    """
    names = sorted(known)
    marked = False
    for name, function, options in _functions(plugin):
        if options is None and name.startswith(_PREFIXES):
            what = "is not marked with @hookimpl" if name in names else "is not a hook"
            advice = "Mark it." if name in names else f"{did_you_mean(name, names)} Or start its name with '_'."
            raise PluginError(f"{name} in {function.__module__} {what}.", advice)
        if options is not None:
            _check_marked(name, options, names)
            marked = True
    if not marked:
        raise PluginError("It defines no hook.", f"Mark a function with @hookimpl; the hooks are {', '.join(names)}.")


def _check_marked(name: str, options: dict[str, Any], names: list[str]) -> None:
    if name not in names and not options["optionalhook"]:
        raise PluginError(f"{name} is not a hook.", did_you_mean(name, names))
    if options["wrapper"] or options["hookwrapper"]:
        raise PluginError(f"{name} is a wrapper, but each plugin is asked alone.", "Use @hookimpl without 'wrapper'.")


def _functions(plugin: object) -> Iterator[tuple[str, Any, dict[str, Any] | None]]:
    """Yield marked functions, and unmarked ones that the plugin defines itself rather than imports."""
    for name, value in inspect.getmembers_static(plugin):
        function = getattr(value, "__func__", value)
        if not inspect.isfunction(function):
            continue
        options = getattr(function, "acclimate_impl", None)
        own = not isinstance(plugin, ModuleType) or function.__module__ == plugin.__name__
        if options is not None or own:
            yield name, function, options


def collect_offers(
    manager: pluggy.PluginManager, plugin: str, *, check_references: bool
) -> dict[type[Any], dict[str, Offer]]:
    """Call every `register_*` hook of one plugin and check what it gives.

    Raises:
        PluginError: something that is no offer of that kind, a name offered twice, or a dangling reference.
    """
    offers: dict[type[Any], dict[str, Offer]] = {}
    for word, kind in KINDS.items():
        hook = f"register_{word}s"
        offers[kind] = {}
        for offer in _items(manager, plugin, hook, kind):
            if offer.name in offers[kind]:
                raise PluginError(f"{hook} gave the name {offer.name!r} twice.", "Give each offer its own name.")
            if check_references:
                _check_reference(offer)
            offers[kind][offer.name] = offer
    return offers


def implementation(manager: pluggy.PluginManager, plugin: str, hook: str) -> pluggy.HookImpl | None:
    """Return one plugin's function for a hook, or None when it has none."""
    found = (each for each in getattr(manager.hook, hook).get_hookimpls() if each.plugin_name == plugin)
    return next(found, None)


def _items(manager: pluggy.PluginManager, plugin: str, hook: str, kind: type[Any]) -> list[Offer]:
    found = implementation(manager, plugin, hook)
    if found is None:
        return []
    answer: Any = found.function()
    if not isinstance(answer, Iterable):
        raise PluginError(f"{hook} gave {reprlib.repr(answer)}, not an iterable of {kind.__name__}.")
    items = list(answer)
    for item in items:
        if not isinstance(item, kind):
            raise PluginError(f"{hook} gave {reprlib.repr(item)}, not a {kind.__name__}.")
    return items


def offered_code(offer: Offer, role: str = "") -> Ref | None:
    """Return the reference to the code of an offer, its first or the one for `role`; None where it has none."""
    roles = _CODE.get(type(offer), ())
    reference: Ref | None = getattr(offer, role or (roles[0] if roles else ""), None)
    return reference


def offered_references(offers: Iterable[Offer]) -> frozenset[str]:
    """Return every reference that some offers name."""
    found = (getattr(offer, role) for offer in offers for role in _CODE.get(type(offer), ()))
    return frozenset(str(reference) for reference in found if reference is not None)


def _check_reference(offer: Offer) -> None:
    for role in _CODE.get(type(offer), ()):
        reference: object = getattr(offer, role)
        if role in _MAY_MISS and reference is None:
            continue
        where = f"{type(offer).__name__} {offer.name!r}: {role}"
        if not isinstance(reference, Ref):
            raise PluginError(
                f"{where} is {reprlib.repr(reference)}, not a Ref.", "Write Ref('package.module:name')."
            )
        if problem := reference_problem(reference):
            raise PluginError(f"{where} names {str(reference)!r}, but {problem}")
