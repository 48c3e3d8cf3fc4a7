"""Automatic numbers of DOCX paragraphs: the text that Word puts before them, which the file does not hold.

After ECMA-376 part 1, §17.9: a paragraph names an instance (`numId`) and a level; the instance an abstract numbering,
which counts for all its instances together; an instance may override levels and where they start.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from acclimate_legal.documents.counting import shown
from acclimate_legal.documents.word.package import WORD

LEVELS = 9
_PLACE = re.compile(r"%([1-9])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """How one level is numbered: where it starts, its format and text ("%1.%2"), and after which level it restarts.

    `restart` counts levels from 1; 0 is never, None after any higher one. `legal` shows all numbers as decimals.
    `style` is the paragraph style that the level is linked to.
    """

    start: int = 1
    format: str = "decimal"
    text: str = ""
    restart: int | None = None
    legal: bool = False
    style: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A numbering that paragraphs name: its abstract numbering, its levels, and the levels that it starts anew."""

    abstract: str
    levels: Mapping[int, Level]
    starts: Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """The number of a paragraph as Word shows it, what counts it, its level, and its own part of the label."""

    text: str
    numbering: str
    level: int
    counted: tuple[str, int]


@dataclass(kw_only=True)
class Counter:
    """Counts paragraphs in their order: `label(instance, level)` gives the number of the next one."""

    instances: Mapping[str, Instance]
    _counts: dict[str, list[int | None]] = field(default_factory=dict)
    _started: set[tuple[str, int]] = field(default_factory=set)

    def label(self, number: str, level: int) -> Label | None:
        """Return the label of a paragraph; None where it has no visible one, as bullets have not."""
        instance = self.instances.get(number)
        if instance is None or level not in instance.levels:
            return None
        counts = self._counts.setdefault(instance.abstract, [None] * LEVELS)
        self._count(counts, number, instance, level)
        own = instance.levels[level]
        text = "" if own.format == "bullet" else _PLACE.sub(lambda m: _part(m, counts, instance, level), own.text)
        if not text.strip():
            return None
        value = counts[level]
        assert value is not None
        return Label(
            text=text.strip(),
            numbering=instance.abstract,
            level=level,
            counted=("decimal" if own.legal else own.format, value),
        )

    def _count(self, counts: list[int | None], number: str, instance: Instance, level: int) -> None:
        for deeper in range(level + 1, LEVELS):
            restart = instance.levels.get(deeper, Level()).restart
            if restart is None or level < restart:
                counts[deeper] = None
        before = counts[level]
        counts[level] = _start(instance, level) if before is None else before + 1
        if level in instance.starts and (number, level) not in self._started:
            self._started.add((number, level))
            counts[level] = instance.starts[level]
        for higher in range(level):
            if counts[higher] is None:
                counts[higher] = _start(instance, higher)


def _start(instance: Instance, level: int) -> int:
    return instance.starts.get(level, instance.levels.get(level, Level()).start)


def _part(found: re.Match[str], counts: list[int | None], instance: Instance, level: int) -> str:
    place = int(found[1]) - 1
    value = counts[place]
    if value is None or place > level:
        return ""
    style = instance.levels.get(place, Level()).format
    legal = instance.levels[level].legal and style != "none"
    return shown(value, "decimal" if legal else style)


def instances(root: Element | None, styles: Mapping[str, str]) -> dict[str, Instance]:
    """Return the numberings of a numbering part by their `numId`.

    `styles` are the `numId` of numbering styles, by which an abstract numbering may stand for another.
    """
    if root is None:
        return {}
    abstracts = {_value(node, "abstractNumId", own=True): node for node in root.iter(f"{WORD}abstractNum")}
    named = {_value(node, "numId", own=True): _value(node, "abstractNumId") for node in root.iter(f"{WORD}num")}
    found = {}
    for node in root.iter(f"{WORD}num"):
        number, abstract = _value(node, "numId", own=True), _value(node, "abstractNumId")
        abstract = _linked(abstract, abstracts, named, styles)
        levels = dict(_levels(abstracts[abstract])) if abstract in abstracts else {}
        starts: dict[int, int] = {}
        for override in node.iter(f"{WORD}lvlOverride"):
            place = _whole(override.get(f"{WORD}ilvl"), 0)
            levels.update(_levels(override))
            start = override.find(f"{WORD}startOverride")
            if start is not None:
                starts[place] = _whole(start.get(f"{WORD}val"), 1)
        found[number] = Instance(abstract=abstract, levels=levels, starts=starts)
    return found


def _linked(
    abstract: str, abstracts: Mapping[str, Element], named: Mapping[str, str], styles: Mapping[str, str]
) -> str:
    """Return the abstract numbering that another stands for by a numbering style."""
    for _ in range(LEVELS):
        node = abstracts.get(abstract)
        link = "" if node is None else _value(node, "numStyleLink")
        if not link or styles.get(link) not in named:
            break
        abstract = named[styles[link]]
    return abstract


def _levels(node: Element) -> Iterator[tuple[int, Level]]:
    for level in node.findall(f"{WORD}lvl"):
        place = _whole(level.get(f"{WORD}ilvl"), 0)
        if 0 <= place < LEVELS:
            restart = _value(level, "lvlRestart")
            yield (
                place,
                Level(
                    start=_whole(_value(level, "start"), 0),
                    format=_format(level),
                    text=_value(level, "lvlText"),
                    restart=int(restart) if restart.isdecimal() else None,
                    legal=on(level.find(f"{WORD}isLgl")),
                    style=_value(level, "pStyle"),
                ),
            )


def _format(level: Element) -> str:
    """Return a level's format; one in an alternate content is that of its choice."""
    node = next(level.iter(f"{WORD}numFmt"), None)
    return "decimal" if node is None else node.get(f"{WORD}val", "decimal")


def on(node: Element | None) -> bool:
    """Return whether a switch (`w:vanish`, `w:isLgl`) is there and not off."""
    return node is not None and node.get(f"{WORD}val", "true") not in ("0", "false", "off")


def _value(node: Element, name: str, *, own: bool = False) -> str:
    """Return the value of a node's child, or of its own attribute."""
    if own:
        return node.get(f"{WORD}{name}", "")
    child = node.find(f"{WORD}{name}")
    return "" if child is None else child.get(f"{WORD}val", "")


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 7 else otherwise
