"""Every method on every architecture and task passes all properties, or is refused with the reason."""

import pytest
from acclimate.plugins import Host
from acclimate.testing.conformance import Cell, check, check_seeds
from acclimate.testing.matrix import PROMISES, QUICK, REFUSED, cells

CELLS = dict(cells(Host(discover=False)))


def marks(cell: Cell) -> list[pytest.MarkDecorator]:
    quick = cell.architecture in QUICK and cell.task != "token-classification"
    return [] if quick else [pytest.mark.slow]


@pytest.mark.parametrize("name", [pytest.param(name, marks=marks(cell), id=name) for name, cell in CELLS.items()])
def test_a_cell_passes_or_is_refused(name: str) -> None:
    cell = CELLS[name]
    refused = cell.architecture in REFUSED.get(cell.method.name, ())
    assert check(cell).status == ("refused" if refused else "passed")


@pytest.mark.parametrize("method", PROMISES)
def test_seeds_decide_and_nothing_else(method: str) -> None:
    fitting = (cell for cell in CELLS.values() if cell.method.name == method and cell.architecture in ("bert", "vit"))
    check_seeds(next(fitting))
