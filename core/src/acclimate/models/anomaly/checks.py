"""Checks of patch features before anything is computed from them."""

import torch
from torch import Tensor

from acclimate.contracts import DataError


def check_features(features: Tensor, what: str, width: int | None = None) -> None:
    """Raise DataError unless these are finite rows [rows, channels] of floats, of `width` channels where given."""
    if features.ndim != 2 or not features.is_floating_point() or 0 in features.shape:
        raise DataError(
            f"Expected {what} [rows, channels] of floats, at least one of each, "
            f"found {list(features.shape)} of {features.dtype}.",
            "Flatten the grids of patches: patches.flatten(0, -2).",
        )
    if width is not None and features.shape[1] != width:
        raise DataError(
            f"Expected {what} of {width} channels, found {features.shape[1]}.",
            "Extract them with the same backbone and the same layers.",
        )
    if not torch.isfinite(features).all():
        raise DataError(f"Expected finite {what}, found some that are not.")
