"""Cells on disk, and a new process that rebuilds them: `python -m acclimate.testing.fresh FOLDER`.

What a process happens to hold (hooks, patched classes, registered functions, weights) cannot help the next one.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from acclimate import bundle, training
from acclimate.contracts import Ref
from acclimate.testing.conformance import Cell, refusal
from acclimate.testing.observing import logits, snapshot
from acclimate.testing.zoo import zoo

_EXPECTED = "expected.safetensors"
_TOLERANCE = 1e-6


def check_fresh(cells: Mapping[str, Cell], folder: Path) -> tuple[str, ...]:
    """Check that cells, written to disk and rebuilt by one new process, have equal logits; return their names.

    Cells that the method refuses are left out.

    Raises:
        AssertionError: which cells differ and by how much, or what the new process said when it failed.
    """
    written = [name for name, cell in cells.items() if not refusal(cell)]
    for name in written:
        write_cell(cells[name], folder / name)
    command = [sys.executable, "-m", __name__, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"a new process cannot rebuild the cells: {done.stderr[-2000:]}"
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])  # libraries may print before
    assert sorted(found) == sorted(written), f"{sorted(set(written) - set(found))} did not come back"
    broken = {name: difference for name, difference in found.items() if not difference <= _TOLERANCE}
    assert not broken, f"loaded in a new process, logits differ: {broken}"
    return tuple(written)


def write_cell(cell: Cell, folder: Path) -> None:
    """Write a cell as a saved run is written, everything that trains moved as if it had been trained.

    Raises:
        AssertionError: when moving what trains changes no logit, so that nothing would be shown.
    """
    model = cell.build()
    plan = cell.plan(model)
    groups = cell.install(model, plan)
    inputs = cell.examples().batch([0, 1, 2])
    inputs.pop("truth", None)
    before = logits(model, inputs)
    _move(model, [parameter for group in groups for parameter in group["params"]])
    expected = logits(model, inputs)
    assert float((expected - before).abs().max()) > 1e-4, "moving what trains changes no logit"
    bundle.write(
        folder,
        manifest={
            "architecture": cell.architecture,
            "task": cell.task,
            "install": cell.method.install or "",
            "adapter": plan.adapter,
        },
        tensors=snapshot(model),
        documents={},
        extra=lambda partial: save_file({**inputs, "logits": expected}, partial / _EXPECTED),
        prove=lambda _: None,
    )


def difference(folder: Path) -> float:
    """Return how far the logits of a cell on disk, rebuilt here, are from those written with it."""
    manifest = bundle.read_manifest(folder)
    model = zoo(manifest["architecture"]).build(manifest["architecture"], manifest["task"], seed=9)
    if manifest["install"]:
        Ref(manifest["install"]).load()(model, manifest["adapter"])
    model.load_state_dict(bundle.read_tensors(folder / bundle.WEIGHTS), strict=True)
    inputs = load_file(folder / _EXPECTED)
    expected = inputs.pop("logits")
    return float((logits(model, inputs) - expected).abs().max())


def _move(model: nn.Module, learning: Sequence[torch.nn.Parameter]) -> None:
    with training.seeded(3), torch.no_grad():
        for parameter in learning:
            parameter.add_(0.05 * torch.randn_like(parameter))
        for module in model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                statistics: Any = module
                statistics.running_mean.add_(0.05)
                statistics.running_var.mul_(1.1)


def main(folder: Path) -> None:
    """Print the difference of every cell in a folder, as one JSON object."""
    found = {path.name: difference(path) for path in sorted(folder.iterdir())}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
