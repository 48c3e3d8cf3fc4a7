"""The matrix in docs/methods.md shows every cell as the tests hold it."""

import importlib
import json
import re
from typing import Any

import pytest
from acclimate.plugins import Host
from acclimate.testing.matrix import PROMISES, cells, must_refuse, real_cells, variants


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Any:
    """The module that writes the matrix."""
    monkeypatch.syspath_prepend(request.config.rootpath / "benchmarks")
    return importlib.import_module("matrix")


def expected() -> dict[str, str]:
    """What the tests hold of each cell."""
    host = Host(discover=False)
    every = {**dict(cells(host)), **dict(real_cells(host))}
    found = {name: not must_refuse(cell) for name, cell in every.items()}
    found |= {name: passes for name, _, passes in variants(host)}
    return {name: "passed" if passes else "refused" for name, passes in found.items()}


def test_every_cell_is_recorded_with_the_outcome_that_tests_hold(page: Any) -> None:
    recorded = {name: outcome["status"] for name, outcome in json.loads(page.OUTCOMES.read_text()).items()}
    assert recorded == expected()


def test_the_page_shows_what_is_recorded(page: Any) -> None:
    text = page.PAGE.read_text()
    assert page.put(text, page.render(json.loads(page.OUTCOMES.read_text()))) == text


def test_a_refusal_names_methods_that_pass_there(page: Any) -> None:
    recorded = json.loads(page.OUTCOMES.read_text())
    host = Host(discover=False)
    every = {**dict(cells(host)), **dict(real_cells(host))}
    refused = {name: cell for name, cell in every.items() if recorded[name]["status"] == "refused"}
    assert refused
    for name, cell in refused.items():
        _, hint = recorded[name]["reason"].split(". ", 1)
        named = set(re.findall(r"\w+", hint)) & set(PROMISES) - {cell.method.name}
        assert named, f"{name} names no method that works: {recorded[name]['reason']}"
        works = [recorded[f"{method}-{cell.architecture}-{cell.task}"]["status"] == "passed" for method in named]
        # All methods of the task are named where the task is refused, whatever the architecture.
        assert all(works) or (cell.task not in cell.method.tasks and any(works)), name
