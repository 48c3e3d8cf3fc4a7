"""Every method on every architecture: outcomes in docs/matrix.json, and the table of docs/methods.md made from them.

    python benchmarks/matrix.py [NAME ...]     only cells whose name begins so, "lora-", "full-bert"

Cells that docs/matrix.json already has are not run again; remove the file to begin anew.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from acclimate.contracts import STACKS
from acclimate.plugins import Host
from acclimate.testing import real, tiny
from acclimate.testing.conformance import Cell, check
from acclimate.testing.matrix import PROMISES, cells, real_cells, variants
from acclimate.testing.zoo import zoo
from recording import ROOT, table

OUTCOMES = ROOT / "docs" / "matrix.json"
PAGE = ROOT / "docs" / "methods.md"
PRETRAINED = (*real.TEXT, *real.IMAGE)
ARCHITECTURES = (*tiny.TEXT, *real.TEXT, *tiny.IMAGE, *real.IMAGE, *tiny.VOLUME)
BEGIN, END = "<!-- The matrix is written by benchmarks/matrix.py. -->\n", "<!-- end of the matrix -->\n"
TASKS = {
    "text-classification": "text",
    "image-classification": "image",
    "token-classification": "token",
    "text-generation": "generation",
    STACKS: "stack",
}
Outcomes = dict[str, dict[str, Any]]


def everything() -> Iterator[tuple[str, Cell]]:
    """Yield the cells of methods, then those of their options and of PEFT's types."""
    host = Host(discover=False)
    yield from cells(host)
    yield from real_cells(host)
    yield from ((name, cell) for name, cell, _ in variants(host))


def run(beginnings: list[str]) -> Outcomes:
    """Check the cells that are missing; each outcome is on disk before the next cell begins."""
    found: Outcomes = json.loads(OUTCOMES.read_text()) if OUTCOMES.exists() else {}
    for name, cell in everything():
        if name not in found and name.startswith(tuple(beginnings)):
            found[name] = asdict(check(cell))
            OUTCOMES.write_text(json.dumps(found, indent=1) + "\n")
            print(name, found[name]["status"])
    return found


def render(found: Outcomes) -> str:
    """Return the tables with what was refused, and why, in footnotes."""
    notes: list[str] = []
    rows = [
        [f"`{method}`", *(_mark(found, method, architecture, notes) for architecture in ARCHITECTURES)]
        for method in PROMISES
    ]
    host = Host(discover=False)
    known = {name for every in (cells, real_cells) for name, _ in every(host)}
    others = [[f"`{name}`", _word(outcome, notes)] for name, outcome in found.items() if name not in known]
    counts = [sum(outcome["status"] == status for outcome in found.values()) for status in ("passed", "refused")]
    parts = [
        f"By `benchmarks/matrix.py`: {counts[0]} cells passed, {counts[1]} were refused. ✓: passed, for all tasks of "
        "the architecture; a number: refused before training, with the reason that stands below. "
        f"{', '.join(PRETRAINED)} are pretrained, all others tiny and random.\n",
        table(["method", *ARCHITECTURES], rows) + "\n",
        table(["option or type of PEFT", "outcome"], others) + "\n",
        *(f"{number}. {note}" for number, note in enumerate(notes, 1)),
    ]
    return "\n".join(parts) + "\n"


def put(page: str, matrix: str) -> str:
    """Return the page with the matrix in its place."""
    before, rest = page.split(BEGIN)
    return before + BEGIN + matrix + END + rest.split(END)[1]


def _mark(found: Outcomes, method: str, architecture: str, notes: list[str]) -> str:
    marks = {
        TASKS[task]: _word(found[f"{method}-{architecture}-{task}"], notes)
        for task in zoo(architecture).tasks(architecture)
    }
    different = set(marks.values())
    if len(different) == 1:
        return different.pop()
    return ", ".join(f"{task} {mark}" for task, mark in marks.items())


def _word(outcome: Mapping[str, Any], notes: list[str]) -> str:
    if outcome["status"] == "passed":
        return "✓"
    if outcome["reason"] not in notes:
        notes.append(outcome["reason"])
    return str(notes.index(outcome["reason"]) + 1)


if __name__ == "__main__":
    PAGE.write_text(put(PAGE.read_text(), render(run(sys.argv[1:] or [""]))))
