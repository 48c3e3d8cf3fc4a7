"""The gate before another form of a model is written: its logits must be those of the run."""

import torch
from torch import Tensor

from acclimate.contracts import BundleError

# Of the greatest logit where that is above one: other kernels and fused layers round otherwise.
TOLERANCE = 1e-4


def check_parity(expected: Tensor, found: Tensor, what: str) -> float:
    """Return the greatest difference of logits [rows, classes]; pass when it is within tolerance.

    Raises:
        BundleError: when logits differ or are no numbers, or a row would be given another label.
    """
    difference = float((expected - found).abs().max())
    limit = TOLERANCE * max(1.0, float(expected.abs().max()))
    changed = int((expected.argmax(dim=1) != found.argmax(dim=1)).sum())
    if not difference <= limit or not torch.isfinite(found).all():
        raise BundleError(
            f"{what} does not give the run's logits: on {len(expected)} probe rows they differ by {difference:.2g} "
            f"(at most {limit:.2g} is allowed), and {changed} of them have another label.",
            "Nothing was written. Please report this with the method and backbone.",
        )
    return difference
