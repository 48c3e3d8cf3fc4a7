"""How close four bits come to a weight, and what they take."""

import pytest
import torch
from torch import nn

bitsandbytes = pytest.importorskip("bitsandbytes")

from acclimate.methods.qlora import NF4Linear  # noqa: E402  # without bitsandbytes there is nothing to test


def plain(weight: torch.Tensor, block: int) -> torch.Tensor:
    """Return the weight as bitsandbytes gives it when each block is scaled by its largest weight."""
    packed, state = bitsandbytes.functional.quantize_4bit(weight, blocksize=block, quant_type="nf4")
    found: torch.Tensor = bitsandbytes.functional.dequantize_4bit(packed, state)
    return found


def test_clipped_blocks_are_closer_to_the_weight_than_blocks_scaled_by_their_largest() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(128, 64)
    nn.init.normal_(layer.weight, std=0.02)
    weight = layer.weight.detach().clone()
    error = (NF4Linear(layer).weight - weight).square().sum()
    assert error < 0.95 * (plain(weight, 32) - weight).square().sum()
    assert error < 0.85 * (plain(weight, 64) - weight).square().sum()


@pytest.mark.parametrize("size", [(5, 7), (32, 3), (33, 65), (1, 1)])
def test_weights_that_fill_no_whole_block_come_back_in_their_places(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    layer = nn.Linear(*size)
    weight = layer.weight.detach().clone()
    assert NF4Linear(layer).weight == pytest.approx(weight, abs=0.25 * float(weight.abs().max()))


def test_a_layer_of_zeros_stays_one() -> None:
    layer = nn.Linear(64, 32)
    nn.init.zeros_(layer.weight)
    assert float(NF4Linear(layer).weight.abs().max()) < 1e-6


def test_a_weight_takes_less_than_28_hundredths_of_float16() -> None:
    layer = nn.Linear(576, 1536, bias=False)
    assert NF4Linear(layer).quantised_bytes < 0.28 * 2 * layer.weight.numel()
