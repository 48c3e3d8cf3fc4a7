"""From lines to a tree of clauses, one line after the other."""

from acclimate_legal.documents import Document, Line
from acclimate_legal.structure.lines import Forms, forms_of
from acclimate_legal.structure.nodes import Node, Place, place_of
from acclimate_legal.structure.numbers import Number, Step, number_at

# How far the second number of a list may be from its first.
_AHEAD = 400


def grow(document: Document) -> tuple[Node, Forms]:
    """Return the root of a document's tree of clauses, and the forms of its lines."""
    forms = forms_of(document)
    growing = _Growing(document, forms)
    skipped = forms.in_contents()
    for place, line in enumerate(document.lines):
        if place not in skipped:
            growing.take(place, line)
    return growing.root, forms


class _Growing:
    def __init__(self, document: Document, forms: Forms) -> None:
        self.document, self.forms = document, forms
        self.root = Node(kind="root")
        self.leaf = self.root

    def take(self, place: int, line: Line) -> None:
        """Put a line where it belongs."""
        if name := self.forms.appendix(place):
            self.leaf = self.root.add(Node(kind="appendix", lines=[place], title=name, at=place, heading=1))
        elif self._numbered(place, line):
            return
        elif self.forms.signature(place):
            self.leaf = self.leaf.container.add(Node(kind="paragraph", lines=[place], at=place))
        elif self.forms.heading(place):
            self._heading(place, line)
        elif self.leaf.kind == "number" or not (self.forms.begins(place) or self.leaf.kind == "root"):
            self.leaf.lines.append(place)
        else:
            parent = self.leaf.section if self.leaf.kind == "paragraph" else self.leaf
            self.leaf = parent.add(Node(kind="paragraph", lines=[place], at=place))

    def _numbered(self, place: int, line: Line) -> bool:
        """Open the clause whose number a line begins with; return whether there is one."""
        text = self.forms.texts[place]
        number = number_at(line.label + " ") if line.label else number_at(text)
        certain = bool(line.label)
        if number is None:
            if certain and line.level >= 0:
                self._open_named(place, line)
            return certain
        if not certain and not self._may_open(place, number, text):
            return False
        found = place_of(
            self.leaf,
            number,
            line,
            certain=certain,
            begins=self.forms.begins(place) or self.forms.follows_sentence(place),
            introduced=self._introduced(),
            followed=not certain and self._followed(place, number),
        )
        if found is None:
            return False
        self._open(place, line, number, found)
        return True

    def _may_open(self, place: int, number: Number, text: str) -> bool:
        """Return whether the words around a number leave it one of a clause."""
        if self.forms.refers(place):
            return False
        rest = text[number.end :].lstrip()
        if number.word or number.decimals:
            if self.forms.carries_on(place) and not self.forms.begins(place):
                return False
            listed = len(number.decimals) == 1 and not number.word and self._introduced()
            return not rest or listed or not (rest[0].islower() or rest[0] in ",;%")
        if "(" not in number.label and len(number.steps) == 1:
            return self._successor(number) or self._followed(place, number)
        return True

    def _successor(self, number: Number) -> bool:
        return any(
            node.step is not None and (node.step.style, node.step.value + 1) == (step.style, step.value)
            for node in self.leaf.open_numbers()
            for step in number.steps[0]
        )

    def _followed(self, place: int, number: Number) -> bool:
        """Return whether the first number of a list has a second one."""
        firsts = [step.style for step in number.steps[0] if step.value == 1] if number.steps else []
        if not firsts:
            return False
        for other in range(place + 1, min(place + _AHEAD, len(self.forms.texts))):
            found = number_at(self.forms.texts[other])
            seconds = found.steps[0] if found and found.steps and not found.decimals else ()
            if any(step.style in firsts and step.value == 2 for step in seconds):
                return True
        return False

    def _introduced(self) -> bool:
        return bool(self.leaf.lines) and self.forms.texts[self.leaf.lines[-1]].endswith((":", "—", ":-"))

    def _open(self, place: int, line: Line, number: Number, found: Place) -> None:
        parent, step = found.parent, found.step
        again = bool(parent.decimals) and parent.decimals == number.decimals
        if again and number.steps:
            self.leaf = parent  # "4.2(b)" after 4.2 was opened
        else:
            if again and parent.parent is not None:
                parent = parent.parent  # 4.2 a second time: what is below the first one ends before it
            whole = not number.steps or (not number.decimals and len(number.steps) == 1)
            self.leaf = parent.add(
                Node(
                    kind="number",
                    lines=[place] if whole else [],
                    label=number.label,
                    at=place,
                    step=step,
                    decimals=number.decimals,
                    heading=line.heading,
                    numbering=line.numbering,
                    level=line.level,
                )
            )
            self._remember(number)
        for inner in number.steps if number.decimals else number.steps[1:]:
            self.leaf = self.leaf.add(
                Node(kind="number", label=number.label, at=place, step=_continuing(self.leaf, inner))
            )
        if place not in self.leaf.lines:
            self.leaf.lines.append(place)

    def _remember(self, number: Number) -> None:
        container = self.leaf.container
        if len(number.decimals) == 1 and self.leaf.parent in (
            container,
            self.leaf.parent and self.leaf.parent.section,
        ):
            container.last["1)" if number.closed else "1"] = number.decimals[0]
        elif number.decimals:
            container.long.add(len(number.decimals))
            if len(number.decimals) > 1:
                container.last["1"] = max(container.last.get("1", 0), number.decimals[0])

    def _open_named(self, place: int, line: Line) -> None:
        """Open a clause whose automatic number is in a form of its own, such as "Recital A"."""
        above = [node for node in self.leaf.open_numbers() if node.numbering == line.numbering]
        same = next((node for node in above if node.level <= line.level), None)
        parent = self.leaf.section
        if same is not None and same.parent is not None:
            parent = same.parent if same.level == line.level else same
        self.leaf = parent.add(
            Node(
                kind="number",
                lines=[place],
                label=line.label,
                title=line.label.rstrip(".:"),
                at=place,
                heading=line.heading,
                numbering=line.numbering,
                level=line.level,
            )
        )

    def _heading(self, place: int, line: Line) -> None:
        level = line.heading or 1
        last = self.leaf
        goes_on = last.kind == "heading" and last.lines == [place - 1] and not line.heading and not last.heading
        if goes_on and not self.document.flowing and "\f" not in self._between(place):
            last.lines.append(place)  # a heading of two lines
            return
        if last.kind == "appendix" and last.lines == [last.at] and place == last.at + 1:
            last.lines.append(place)  # its title below its name
            return
        parent = next(
            node
            for node in last.above()
            if node.kind in ("root", "appendix") or (node.kind == "heading" and 0 < node.heading < level)
        )
        self.leaf = parent.add(Node(kind="heading", lines=[place], at=place, heading=line.heading))

    def _between(self, place: int) -> str:
        before, line = self.document.lines[place - 1], self.document.lines[place]
        return self.document.text[before.end : line.start]


def _continuing(parent: Node, means: tuple[Step, ...]) -> Step:
    """Return what a bracket after a number counts: what goes on after the last one there, else what begins."""
    last = parent.children[-1].step if parent.children else None
    for step in means:
        if last and (step.style, step.value) == (last.style, last.value + 1):
            return step
    return next((step for step in means if step.value == 1), means[0])
