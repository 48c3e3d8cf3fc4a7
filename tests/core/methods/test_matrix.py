"""Every method on every architecture and task passes all properties, or is refused with the reason."""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from acclimate.plugins import Host
from acclimate.testing import tiny
from acclimate.testing.conformance import Cell, check, check_resume, check_seeds
from acclimate.testing.fresh import check_fresh
from acclimate.testing.matrix import PROMISES, QUICK, cells, must_refuse, real_cells, variants

CELLS = dict(cells(Host(discover=False)))
REAL = dict(real_cells(Host(discover=False)))
VARIANTS = {name: (cell, passes) for name, cell, passes in variants(Host(discover=False))}
# One of each kind; the rest is for the slow suite.
QUICK_VARIANTS = (
    "lora-dora-bert",
    "prompt-deep-vit",
    "adapters-parallel-llama",
    "layerwise-unfreezing-bert",
    "peft-LOHA-bert",
    "peft-LOHA-vit",
    "peft-LILY-bert",
    "lora-pissa-vit",
)


WITHOUT = pytest.mark.skipif(find_spec("monai") is None, reason="the extra acclimate[volumes3d] is not installed")


def marks(quick: bool, cell: Cell | None = None) -> list[pytest.MarkDecorator]:
    needed = [WITHOUT] if cell and cell.architecture in tiny.VOLUME else []
    return needed if quick else [*needed, pytest.mark.slow]


def is_quick(cell: Cell) -> bool:
    """Of each kind of structure one task: of decoders one generates, and one classifies; the longest are left out."""
    if cell.architecture == "efficientnet" and cell.method.name in ("adapters", "layerwise", "partial", "scratch"):
        return False
    if cell.method.name == "contrastive" and cell.architecture != "bert":
        return False
    others = ("token-classification", "text-classification" if cell.architecture == "gpt2" else "text-generation")
    return cell.architecture in QUICK and cell.task not in others


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=marks(is_quick(cell), cell), id=name) for name, cell in CELLS.items()]
)
def test_a_cell_passes_or_is_refused(name: str) -> None:
    cell = CELLS[name]
    assert check(cell).status == ("refused" if must_refuse(cell) else "passed")


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_a_cell_of_pretrained_weights_passes_or_is_refused(name: str) -> None:
    cell = REAL[name]
    assert check(cell).status == ("refused" if must_refuse(cell) else "passed")


# One of each architecture and of each kind of method: whole models of half a gigabyte are written.
REAL_PAIR = [
    f"{method}-{rest}"
    for rest in ("minilm-text-classification", "efficientnet-lite0-image-classification", "smollm2-text-generation")
    for method in ("full", "lora", "qlora", "adapters", "prefix")
    if not must_refuse(REAL[f"{method}-{rest}"])
]


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL_PAIR)
def test_a_run_on_pretrained_weights_that_stopped_goes_on_as_if_it_had_not(name: str, tmp_path: Path) -> None:
    check_resume(replace(REAL[name], epochs=2), tmp_path, stops=(4,))


@pytest.mark.slow
def test_pretrained_weights_come_back_in_a_new_process(tmp_path: Path) -> None:
    chosen = {name: REAL[name] for name in REAL_PAIR}
    assert len(check_fresh(chosen, tmp_path)) == len(chosen)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=marks(name in QUICK_VARIANTS, cell), id=name) for name, (cell, _) in VARIANTS.items()],
)
def test_a_variant_passes_or_is_refused(name: str) -> None:
    cell, passes = VARIANTS[name]
    assert check(cell).status == ("passed" if passes else "refused")


# The seeds of contrastive have a test of their own; these take longest.
UNHURRIED = ("contrastive", "prefix", "prompt", "qlora")


@pytest.mark.parametrize("method", [pytest.param(name, marks=marks(name not in UNHURRIED)) for name in PROMISES])
def test_seeds_decide_and_nothing_else(method: str) -> None:
    fitting = (cell for cell in CELLS.values() if cell.method.name == method and cell.architecture in ("bert", "vit"))
    check_seeds(next(fitting))


# Every method, on texts and, where it adapts them, on images.
PAIR = [
    name
    for name, cell in CELLS.items()
    if cell.task in ("text-classification", "image-classification")
    and cell.architecture in ("bert", "vit")
    and not must_refuse(cell)
]


# There is nothing to go on with where the head is solved.
@pytest.mark.parametrize("name", [name for name in PAIR if not name.startswith("frozen-")])
def test_a_run_that_stopped_goes_on_as_if_it_had_not(name: str, tmp_path: Path) -> None:
    # In the middle of the second of three epochs; at its end.
    check_resume(replace(CELLS[name], epochs=3), tmp_path, stops=(4, 6))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=marks(True, cell), id=name)
        for name, cell in CELLS.items()
        if not name.startswith("frozen-") and not must_refuse(cell)
    ],
)
def test_any_cell_that_stopped_goes_on_as_if_it_had_not(name: str, tmp_path: Path) -> None:
    check_resume(replace(CELLS[name], epochs=3), tmp_path, stops=(2, 3, 5))


@WITHOUT
def test_networks_of_volumes_come_back_in_a_new_process(tmp_path: Path) -> None:
    chosen = {
        name: cell for name, cell in CELLS.items() if cell.architecture == "resnet-3d" and not must_refuse(cell)
    }
    assert len(chosen) == 8
    assert len(check_fresh(chosen, tmp_path)) == len(chosen)


def test_cells_come_back_in_a_new_process(tmp_path: Path) -> None:
    chosen = {**{name: CELLS[name] for name in PAIR}, **{name: VARIANTS[name][0] for name in QUICK_VARIANTS}}
    refused = sum(not VARIANTS[name][1] for name in QUICK_VARIANTS)
    assert len(check_fresh(chosen, tmp_path)) == len(chosen) - refused


@pytest.mark.slow
def test_all_cells_come_back_in_a_new_process(tmp_path: Path) -> None:
    refused = sum(must_refuse(cell) for cell in CELLS.values())
    refused += sum(not passes for _, passes in VARIANTS.values())
    everything = {**CELLS, **{name: cell for name, (cell, _) in VARIANTS.items()}}
    assert len(check_fresh(everything, tmp_path)) == len(everything) - refused
