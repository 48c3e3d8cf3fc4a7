"""Pretrained weights, a language model among them, trained in bfloat16 on a GPU: every property still holds."""

from dataclasses import replace

import pytest
import torch
from acclimate.plugins import Host
from acclimate.testing.conformance import check
from acclimate.testing.matrix import must_refuse, real_cells

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")]

CELLS = dict(real_cells(Host(discover=False)))


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_passes_or_is_refused(name: str) -> None:
    cell = CELLS[name]
    assert check(replace(cell, precision="bfloat16")).status == ("refused" if must_refuse(cell) else "passed")
