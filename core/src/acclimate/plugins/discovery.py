"""Finds installed plugins and compares what they need with the installed core, without importing them."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from acclimate import __version__

GROUP = "acclimate"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An entry point that has not been imported yet; `load` imports it.

    `problem` is not empty when the distribution's own metadata cannot be read.
    """

    name: str
    distribution: str
    version: str
    load: Callable[[], object]
    requires: tuple[str, ...] = ()
    problem: str = ""


def find_plugins() -> list[Found]:
    """Return the entry points of the group "acclimate", sorted by name, then by distribution.

    The order of `importlib.metadata.distributions()` is that of the file system, which differs between machines.
    A distribution that is on the path twice counts once, as it does for an import: the first one.
    """
    found: dict[tuple[str, str], Found] = {}
    for distribution in distributions():
        if _offers_plugins(distribution):
            for plugin in _read(distribution):
                found.setdefault((plugin.name, str(canonicalize_name(plugin.distribution))), plugin)
    return [found[key] for key in sorted(found)]


def _offers_plugins(distribution: Distribution) -> bool:
    try:
        text = distribution.read_text("entry_points.txt") or ""
    except UnicodeDecodeError as error:
        _log.warning("skipped a distribution whose entry_points.txt cannot be read: %s", error)
        return False
    return f"[{GROUP}]" in (line.strip() for line in text.splitlines())


def _read(distribution: Distribution) -> list[Found]:
    try:
        name, version = distribution.metadata["Name"], distribution.version
        if not name or not version:
            raise ValueError("it has no name or no version")
        requires = tuple(distribution.requires or ())
        points = distribution.entry_points.select(group=GROUP)
        return [
            Found(name=point.name, distribution=name, version=version, load=point.load, requires=requires)
            for point in points
        ]
    except (TypeError, AttributeError, KeyError, ValueError, OSError) as error:
        where = str(distribution.locate_file(""))
        problem = f"the metadata of a distribution in {where} cannot be read: {type(error).__name__}: {error}"
        return [Found(name="unreadable", distribution=where, version="", load=object, problem=problem)]


def unmet_requirement(requires: Iterable[str], installed: str = __version__) -> str:
    """Return why the declared need of acclimate is not met, or "" when it is.

    Raises:
        packaging.requirements.InvalidRequirement: when a declared requirement cannot be parsed.
    """
    for requirement in map(Requirement, requires):
        ours = canonicalize_name(requirement.name) == "acclimate"
        applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if ours and applies and not requirement.specifier.contains(installed, prereleases=True):
            return f"needs acclimate{requirement.specifier}, installed is {installed}"
    return ""
