"""Patch features: what a convolutional encoder sees around each place of an image.

Roth et al. 2022, "Towards total recall in industrial anomaly detection", section 3.1 ("locally aware patch
features"): the maps of middle stages, each averaged over the neighbourhood of every place, enlarged to the largest of
them and put side by side. Late stages are left out: they know what an image shows and no longer where.
"""

from collections.abc import Iterator, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate

from acclimate.contracts import BackboneError, OptionError
from acclimate.models.classifier import has_stages
from acclimate.models.infer import Examples, batches

STRIDES = (8, 16)
NEIGHBOURHOOD = 3


class PatchFeatures(nn.Module):
    """Features [images, rows, columns, width] of pixels [images, channels, height, width], without gradients.

    `strides` are those of the stages that are read, in pixels; the first gives the grid. Each map is averaged over
    `neighbourhood` places on a side, over those within the image at its border; 1 leaves it as it is (PaDiM).
    """

    def __init__(
        self, encoder: nn.Module, *, strides: Sequence[int] = STRIDES, neighbourhood: int = NEIGHBOURHOOD
    ) -> None:
        super().__init__()
        if neighbourhood < 1 or neighbourhood % 2 == 0:
            raise OptionError(f"neighbourhood is an odd number of places, found {neighbourhood}.", "Take 3.")
        self.encoder, self.neighbourhood = encoder, neighbourhood
        self.stages, self.width = stages_of(encoder, strides)

    @torch.inference_mode()
    def forward(self, pixel_values: Tensor) -> Tensor:
        """Return [images, rows, columns, width] in float32."""
        return self.grid(pixel_values)

    def grid(self, pixel_values: Tensor) -> Tensor:
        """Return what `forward` does, in a form that can be traced: outside of inference mode."""
        inner = cast(Any, self.encoder).timm_model
        maps = inner.forward_intermediates(
            pixel_values, indices=self.stages, intermediates_only=True, stop_early=True
        )
        return patches_of(maps, self.neighbourhood)


def stages_of(encoder: nn.Module, strides: Sequence[int]) -> tuple[list[int], int]:
    """Return which of an encoder's stages have these strides, and the channels of a patch of them all.

    Raises:
        BackboneError: when the encoder is no convolutional network of timm.
        OptionError: when a stride is none of its stages', or they do not rise.
    """
    inner = cast(Any, getattr(encoder, "timm_model", None))
    if not has_stages(encoder):
        name = type(encoder).__name__ if inner is None else type(inner).__name__
        raise BackboneError(
            f"{name} has no stages to take patches from: needed is a convolutional network of timm.",
            "Choose a convolutional backbone, such as efficientnet-lite0.",
        )
    stages = {stage["reduction"]: place for place, stage in enumerate(inner.feature_info)}
    unknown = [stride for stride in strides if stride not in stages]
    if unknown or not strides or list(strides) != sorted(set(strides)):
        raise OptionError(
            f"strides are some of {', '.join(map(str, stages))}, in rising order, found {list(strides)}.",
            "Leave them out for 8 and 16.",
        )
    places = [stages[stride] for stride in strides]
    return places, sum(int(inner.feature_info[place]["num_chs"]) for place in places)


def patches_of(maps: Sequence[Tensor], neighbourhood: int = NEIGHBOURHOOD) -> Tensor:
    """Return patches [images, rows, columns, width] in float32 from the maps of stages, the largest first."""
    size, pad = maps[0].shape[-2:], neighbourhood // 2
    pooled = [
        avg_pool2d(each.float(), neighbourhood, stride=1, padding=pad, count_include_pad=False) for each in maps
    ]
    enlarged = [
        each if each.shape[-2:] == size else interpolate(each, size, mode="bilinear", align_corners=False)
        for each in pooled
    ]
    return torch.cat(enlarged, dim=1).permute(0, 2, 3, 1).contiguous()


def patch_batches(
    features: PatchFeatures, examples: Examples, *, precision: str, batch_size: int = 16
) -> Iterator[tuple[list[int], Tensor]]:
    """Yield rows of `examples` and their features [images, rows, columns, width], a batch at a time.

    Pixels are prepared by the examples, with the size, mean and deviation of the backbone. `precision` is "float32"
    or "bfloat16" within the encoder.
    """
    features.eval()
    device = next(features.parameters()).device
    for rows in batches(examples, range(len(examples)), batch_size):
        pixels = examples.batch(rows)["pixel_values"].to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
            found = features(pixels)
        yield rows, found
