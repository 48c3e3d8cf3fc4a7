"""The losses of preferences: the formulas of their papers, pair by pair in float64."""

import math

import pytest
import torch
from acclimate.contracts import DataError, Standing
from acclimate.training import dpo_losses, kto_losses, mean_loss

CHOSEN, REJECTED, STRAY = (float(standing) for standing in (Standing.CHOSEN, Standing.REJECTED, Standing.STRAY))
FOUND = [-10.0, -12.0, -30.0, -25.0, -8.0, -8.5]
REFERENCE = [-11.0, -11.5, -29.0, -27.0, -9.0, -7.0]


def truth(standings: list[float], tokens: list[float]) -> torch.Tensor:
    return torch.tensor(list(zip(REFERENCE, standings, tokens, strict=True)), dtype=torch.float64)


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


@pytest.mark.parametrize("sft_weight", [0.0, 0.7])
def test_pairs_cost_the_sigmoid_of_their_margin_and_the_entropy_of_chosen_tokens(sft_weight: float) -> None:
    found = torch.tensor(FOUND, dtype=torch.float64)
    tokens = [4.0, 9.0, 12.0, 1.0, 3.0, 3.0]
    losses = dpo_losses(found, truth([CHOSEN, REJECTED] * 3, tokens), beta=0.3, sft_weight=sft_weight)
    margins = [(FOUND[k] - REFERENCE[k]) - (FOUND[k + 1] - REFERENCE[k + 1]) for k in (0, 2, 4)]
    expected = sum(-math.log(sigmoid(0.3 * margin)) for margin in margins) / 3
    expected += sft_weight * -(FOUND[0] + FOUND[2] + FOUND[4]) / (4 + 12 + 3)
    assert float(mean_loss(losses)) == pytest.approx(expected, rel=1e-12)


def test_a_model_that_is_the_untuned_one_costs_the_logarithm_of_two() -> None:
    table = truth([CHOSEN, REJECTED] * 3, [1.0] * 6)
    losses = dpo_losses(table[:, 0], table, beta=0.5, sft_weight=0.0)
    assert losses.tolist() == pytest.approx([math.log(2)] * 3)


@pytest.mark.parametrize("gone", [2.0, -2.0])
def test_single_replies_are_weighed_against_how_far_the_model_has_gone_but_never_below_nothing(gone: float) -> None:
    found = torch.tensor([*FOUND[:4], REFERENCE[4] + gone, REFERENCE[5] + gone], dtype=torch.float64)
    table = truth([CHOSEN, REJECTED, CHOSEN, REJECTED, STRAY, STRAY], [1.0] * 6)
    losses = kto_losses(found, table, beta=0.2, weights=(1.0, 1.5))
    zero = max(gone, 0.0)
    ratios = [FOUND[k] - REFERENCE[k] for k in range(4)]
    expected = [
        1 - sigmoid(0.2 * (ratios[0] - zero)),
        1.5 * (1 - sigmoid(0.2 * (zero - ratios[1]))),
        1 - sigmoid(0.2 * (ratios[2] - zero)),
        1.5 * (1 - sigmoid(0.2 * (zero - ratios[3]))),
    ]
    assert losses.tolist() == pytest.approx(expected, rel=1e-12)


def test_stray_replies_teach_nothing() -> None:
    found = torch.tensor(FOUND, dtype=torch.float64, requires_grad=True)
    table = truth([CHOSEN, REJECTED, CHOSEN, REJECTED, STRAY, STRAY], [1.0] * 6)
    mean_loss(kto_losses(found, table, beta=0.2, weights=(1.0, 1.0))).backward()
    assert found.grad is not None
    assert found.grad[4:].tolist() == [0.0, 0.0]
    assert found.grad[0] < 0 < found.grad[1]


def test_a_loss_that_is_no_number_ends_training() -> None:
    with pytest.raises(DataError, match="The training loss is nan over 2 rows"):
        mean_loss(torch.tensor([1.0, float("nan")]))
