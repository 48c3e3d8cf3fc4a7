"""The loss of masks against its definition, computed pixel by pixel."""

import math

import pytest
import torch
from acclimate.training import mask_loss, mask_row_losses
from acclimate.training.losses import IGNORED


def by_definition(logits: torch.Tensor, truth: torch.Tensor) -> float:
    """Return cross-entropy plus 1 - Dice of the classes but the first, with loops; one pixel more in each Dice."""
    entropies: list[float] = []
    classes = logits.shape[1]
    both, given, true = ([0.0] * classes for _ in range(3))
    for row in range(len(logits)):
        for height in range(truth.shape[1]):
            for width in range(truth.shape[2]):
                right = int(truth[row, height, width])
                if right == IGNORED:
                    continue
                scores = [math.exp(float(value)) for value in logits[row, :, height, width]]
                shares = [score / sum(scores) for score in scores]
                entropies.append(-math.log(shares[right]))
                for each in range(classes):
                    given[each] += shares[each]
                    true[each] += right == each
                    both[each] += shares[each] * (right == each)
    dice = [(2 * both[k] + 1) / (given[k] + true[k] + 1) for k in range(1, classes)]
    return sum(entropies) / len(entropies) + 1 - sum(dice) / len(dice)


@pytest.mark.parametrize("classes", [2, 4])
def test_the_loss_is_cross_entropy_and_dice_of_all_pixels_that_are_learned_from(classes: int) -> None:
    random = torch.Generator().manual_seed(classes)
    logits = torch.randn(2, classes, 5, 6, generator=random)
    truth = torch.randint(classes, (2, 5, 6), generator=random)
    truth[0, 3:] = IGNORED
    assert float(mask_loss(logits, truth)) == pytest.approx(by_definition(logits, truth), rel=1e-5)
    rows = [by_definition(logits[row : row + 1], truth[row : row + 1]) for row in range(2)]
    assert mask_row_losses(logits, truth).tolist() == pytest.approx(rows, rel=1e-5)


def test_what_was_filled_up_changes_neither_loss_nor_gradient() -> None:
    random = torch.Generator().manual_seed(7)
    truth = torch.randint(2, (1, 4, 4), generator=random)
    truth[0, :, 2:] = IGNORED
    logits = torch.randn(1, 2, 4, 4, generator=random)
    other = logits.clone()
    other[..., 2:] = 9.0
    logits.requires_grad_()
    mask_loss(logits, truth).backward()
    assert torch.equal(mask_loss(logits, truth), mask_loss(other, truth))
    assert logits.grad is not None
    assert (logits.grad[..., 2:] == 0).all()
    assert (logits.grad[..., :2] != 0).all()


def test_a_perfect_mask_costs_nothing_and_an_empty_one_of_nothing_neither() -> None:
    truth = torch.zeros(2, 8, 8, dtype=torch.int64)
    truth[0, :3] = 1
    logits = 40.0 * torch.nn.functional.one_hot(truth, 2).permute(0, 3, 1, 2)
    assert mask_row_losses(logits, truth).tolist() == pytest.approx([0, 0], abs=1e-5)
    assert float(mask_loss(-logits, truth)) > 40
