"""The gate before another form of a model is written: logits, or scores and maps, must be the run's."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
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


def check_parts(
    expected: Mapping[str, NDArray[Any]], found: Mapping[str, NDArray[Any]], threshold: float, what: str
) -> dict[str, float]:
    """Return the greatest differences of `score` [images] and `map` [images, height, width]; pass within tolerance.

    `found` has `rejected` [images] too. It must be what `threshold` makes of the expected score, but where that is
    within tolerance of the threshold.

    Raises:
        BundleError: when scores or maps differ or are no numbers, or another decision is made.
    """
    differences = {name: float(np.abs(expected[name] - found[name]).max()) for name in ("score", "map")}
    limits = {name: TOLERANCE * max(1.0, float(np.abs(expected[name]).max())) for name in differences}
    apart = np.abs(expected["score"] - threshold) > limits["score"]
    changed = int(((expected["score"] > threshold) != found["rejected"])[apart].sum())
    if changed or not all(differences[name] <= limits[name] for name in differences):
        told = " and ".join(
            f"{name}s by {differences[name]:.2g} (at most {limits[name]:.2g})" for name in differences
        )
        raise BundleError(
            f"{what} does not give the run's scores: on {len(expected['score'])} images they differ, {told}, and "
            f"{changed} of them are decided otherwise.",
            "Nothing was written. Please report this with the method and backbone.",
        )
    return differences
