"""Images of another size than a backbone was trained with."""

from dataclasses import replace
from typing import Any

import torch

from acclimate.contracts import BackboneError
from acclimate.models.image import ImagePreprocessing
from acclimate.models.resolved import Resolved

# What networks raise for images that are not of their size; torch has RuntimeError for shapes that do not meet.
_REFUSALS = (ValueError, AssertionError, RuntimeError)


def at_side(found: Resolved[Any, Any], side: int) -> Resolved[Any, Any]:
    """Return a model of images that are scaled to `side` by `side` pixels; the network is run once to see it.

    Convolutional networks read images of any size, vision transformers those that interpolate the embeddings of
    their positions, such as DINOv2, in whole patches.

    Raises:
        BackboneError: when it does not read them.
    """
    own = found.preprocessing
    assert isinstance(own, ImagePreprocessing)
    encoder = found.model.encoder
    usual = f"It was trained with {own.size[0]} by {own.size[1]} pixels: leave image_size out"
    patch = getattr(encoder.config, "patch_size", None)
    stages = hasattr(encoder.config, "depths")  # networks with stages fill patches up, and cut nothing off
    if isinstance(patch, int) and not stages and side % patch:
        lower = max(side - side % patch, patch)
        raise BackboneError(
            f"{type(encoder).__name__} reads images in patches of {patch} pixels, found image_size={side}.",
            f"{usual}, or choose {lower} or {lower + patch}.",
        )
    parameter = next(encoder.parameters())
    try:
        with torch.inference_mode():
            encoder(pixel_values=torch.zeros(1, own.channels, side, side, device=parameter.device))
    except _REFUSALS as error:
        if "memory" in str(error):
            raise BackboneError(
                f"An image of {side} by {side} pixels takes more memory than there is: {error}",
                "Choose a smaller image_size.",
            ) from error
        raise BackboneError(
            f"{type(encoder).__name__} does not read images of {side} by {side} pixels: {error}",
            f"{usual}, or choose a convolutional backbone.",
        ) from error
    return replace(found, preprocessing=replace(own, size=(side, side)))
