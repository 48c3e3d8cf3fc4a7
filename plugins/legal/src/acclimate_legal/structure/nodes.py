"""Clauses while a document is read: a tree that grows, and where in it the next number belongs."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from acclimate_legal.documents import Line
from acclimate_legal.structure.numbers import Number, Step

Kind = Literal["root", "appendix", "heading", "number", "paragraph"]
# So many numbers may be missing between two of one level, as where a clause was left out on purpose.
GAP = 3
_FORMATS = {
    "decimal": "1",
    "decimalZero": "1",
    "lowerLetter": "a",
    "upperLetter": "A",
    "lowerRoman": "i",
    "upperRoman": "I",
}
_ABOVE = ("part", "chapter", "title")
ARTICLES = ("article", *_ABOVE)


@dataclass(kw_only=True, eq=False)
class Node:
    """A clause that may still grow. `lines` are the places of its own lines, `step` what its number counts."""

    kind: Kind
    parent: "Node | None" = None
    lines: list[int] = field(default_factory=list)
    children: list["Node"] = field(default_factory=list)
    title: str = ""
    label: str = ""
    at: int = 0
    step: Step | None = None
    decimals: tuple[int, ...] = ()
    heading: int = 0
    numbering: str = ""
    level: int = -1
    last: dict[str, int] = field(default_factory=dict)
    long: set[int] = field(default_factory=set)

    def add(self, child: "Node") -> "Node":
        """Put a node below this one."""
        child.parent = self
        self.children.append(child)
        return child

    def above(self) -> Iterator["Node"]:
        """Yield this node and those that it is inside of, the innermost first."""
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent

    @property
    def container(self) -> "Node":
        """The appendix that this node is inside of, else the document."""
        return next(node for node in self.above() if node.kind in ("root", "appendix"))

    @property
    def section(self) -> "Node":
        """The innermost heading, article or container that numbers begin in."""
        return next(
            node for node in self.above() if node.kind in ("root", "appendix", "heading") or _is_article(node)
        )

    def open_numbers(self) -> Iterator["Node"]:
        """Yield the numbered nodes that are open, the innermost first, up to the container."""
        for node in self.above():
            if node.kind in ("root", "appendix"):
                return
            if node.kind == "number":
                yield node


def _is_article(node: Node) -> bool:
    """Return whether numbers may begin anew in a clause: an article, or "A." and "I." of an outline."""
    if node.step is None or node.kind != "number":
        return False
    outline = node.step.style in ("A.", "I.") and (node.parent is None or node.parent.kind != "number")
    return outline or node.step.style in ARTICLES


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a number belongs: below `parent`, as what it counts."""

    parent: Node
    step: Step


def place_of(
    leaf: Node, number: Number, line: Line, *, certain: bool, begins: bool, introduced: bool, followed: bool
) -> Place | None:
    """Return where a number belongs that a line begins with; None where it is part of the sentence.

    `leaf` is the clause that is open. A number that the file itself counts is `certain`. `begins` says that a
    paragraph does, `introduced` that the clause before ends with a colon, and `followed` that a number one higher
    comes later.
    """
    if number.decimals:
        if len(number.decimals) == 1:
            return _single(leaf, number, certain=certain, begins=begins, introduced=introduced)
        return _decimal(leaf, number, certain=certain, begins=begins)
    means = _fitting(number.steps[0], line)
    if means[0].style in ARTICLES:
        return _article(leaf, means[0], certain=certain or begins)
    return _lettered(leaf, means, line, certain=certain, begins=begins, followed=followed)


def _fitting(means: tuple[Step, ...], line: Line) -> tuple[Step, ...]:
    """Return what a number may count, by the format in which the file says that it counts."""
    kind = _FORMATS.get(line.counted[0], "")
    fitting = tuple(step for step in means if kind and step.style.strip("().") == kind)
    return fitting or means


def _single(leaf: Node, number: Number, *, certain: bool, begins: bool, introduced: bool) -> Place | None:
    value = number.decimals[0]
    style = "1)" if number.closed else "1"
    step = Step(style=style, value=value, shown=f"{value})" if number.closed else str(value))
    container = leaf.container
    last = container.last.get(style, 0)
    for node in leaf.open_numbers():
        if node.step and node.step.style == style and node.step.value == value - 1 and node.parent:
            return Place(parent=node.parent, step=step)
    if value == last + 1 and (begins or certain or value > 1):
        return Place(parent=leaf.section, step=step)
    if value <= 1 and introduced and leaf.kind == "number" and not number.word:
        return Place(parent=leaf, step=step)
    if value <= 1 and begins:
        return Place(parent=leaf.section, step=step)
    late = last < value <= last + GAP
    first = not container.last and not container.long and not list(leaf.open_numbers())
    if certain or (begins and (late or first or number.word)):
        return Place(parent=leaf.section, step=step)
    return None


def _decimal(leaf: Node, number: Number, *, certain: bool, begins: bool) -> Place | None:
    values = number.decimals
    step = Step(style=f"1.{len(values)}", value=values[-1], shown=".".join(map(str, values)))
    best: Node | None = None
    for node in leaf.open_numbers():
        if node.decimals == values:
            return Place(parent=node, step=step)
        if node.decimals == values[:-1] or (
            len(values) == 2 and _is_article(node) and node.step and node.step.value == values[0]
        ):
            last = max(
                (child.decimals[-1] for child in node.children if len(child.decimals) == len(values)), default=0
            )
            near = last < values[-1] <= last + GAP or (not last and values[-1] == 0)
            return Place(parent=node, step=step) if near or certain else None
        if len(node.decimals) == len(values) and node.parent and _next(node.decimals, values):
            return Place(parent=node.parent, step=step)
        if best is None and node.decimals and node.decimals == values[: len(node.decimals)]:
            best = node
    container = leaf.container
    starts = number.word or values[-1] <= 1 or not (container.last or container.long)
    if certain or (begins and starts and not _later(container, values)):
        return Place(parent=best or leaf.section, step=step)
    return None


def _next(before: tuple[int, ...], values: tuple[int, ...]) -> bool:
    """Return whether a decimal number comes soon after another of as many parts: 3.9, 4.1."""
    if before[:-1] == values[:-1]:
        return before[-1] < values[-1] <= before[-1] + GAP
    return before[0] < values[0] <= before[0] + GAP and all(value <= 1 for value in values[1:])


def _later(container: Node, values: tuple[int, ...]) -> bool:
    """Return whether a number stands too far after the last one of its container."""
    last = container.last.get("1", 0)
    return last > 0 and not last <= values[0] <= last + GAP


def _article(leaf: Node, step: Step, *, certain: bool) -> Place | None:
    if not certain:
        return None
    if step.style in _ABOVE:
        return Place(parent=leaf.container, step=step)
    wide = next((node for node in leaf.open_numbers() if node.step and node.step.style in _ABOVE), leaf.container)
    return Place(parent=wide, step=step)


def _lettered(
    leaf: Node, means: tuple[Step, ...], line: Line, *, certain: bool, begins: bool, followed: bool
) -> Place | None:
    open_ones = list(leaf.open_numbers())
    if certain and line.numbering:
        found = _by_level(leaf, open_ones, means[0], line)
        if found:
            return found
    for node in open_ones:
        for step in means:
            if node.step and node.parent and (node.step.style, node.step.value + 1) == (step.style, step.value):
                return Place(parent=node.parent, step=step)
    for step in means:
        if step.value == 1 and (certain or begins or followed):
            return Place(parent=_below(leaf), step=step)
    for node in open_ones:
        for step in means:
            if _was_roman(node, step):
                return _as_roman(node, step)
            same = node.step and node.step.style == step.style
            if (
                same
                and node.step
                and begins
                and node.step.value < step.value <= node.step.value + GAP
                and node.parent
            ):
                return Place(parent=node.parent, step=step)
    return Place(parent=_below(leaf), step=means[0]) if certain else None


def _below(leaf: Node) -> Node:
    """Return what a list that begins is put under: the numbered clause that is open, else the heading."""
    return leaf if leaf.kind in ("number", "root", "appendix", "heading") else leaf.section


def _by_level(leaf: Node, open_ones: list[Node], step: Step, line: Line) -> Place | None:
    """Return the place that the file's own levels give a number."""
    for node in open_ones:
        if node.numbering == line.numbering and node.parent:
            if node.level == line.level:
                return Place(parent=node.parent, step=step)
            if node.level < line.level:
                return Place(parent=node, step=step)
    return Place(parent=leaf.section, step=step) if line.level == 0 and not open_ones else None


def _was_roman(node: Node, step: Step) -> bool:
    """Return whether an "(i)" that was taken for the letter after (h) is a Roman one, since (ii) follows."""
    if node.step is None or node.step.value != 9 or step.value != 2 or node.parent is None:
        return False
    styles = node.step.style.strip("().") + step.style.strip("().")
    return styles in ("ai", "AI") and len(node.parent.children) > 1 and not node.children


def _as_roman(node: Node, step: Step) -> Place:
    assert node.parent is not None
    assert node.step is not None
    node.parent.children.remove(node)
    node.parent.children[-1].add(node)
    node.step = Step(style=step.style, value=1, shown=node.step.shown)
    assert node.parent is not None
    return Place(parent=node.parent, step=step)
