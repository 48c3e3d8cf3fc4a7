"""An encoder with a decoder for masks: a class for every pixel.

Shapes: [batch, channels, height, width] of images, of the maps of each stage, and [batch, classes, height, width] of
logits. Height and width are multiples of 32.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from acclimate.contracts import BackboneError, MissingPackageError, OptionError
from acclimate.models.classifier import has_stages, input_channels
from acclimate.models.pixel_probe import PixelProbe, linear, stage_maps

DECODERS = ("unet", "fpn")
# Width of each block of the Unet, from the deepest to that of the input's size (segmentation-models-pytorch).
_UNET_CHANNELS = (256, 128, 64, 32, 16)
_CHANNELS_OF_GROUP = 8
_STRIDES = ([2, 4, 8, 16, 32], [4, 8, 16, 32])


class Segmenter(nn.Module):
    """Logits of every pixel, from the maps of all stages of a convolutional encoder.

    `labels` are the classes, the background first. `head` is the decoder with a last convolution, all of it new.
    Layers of the encoder that only a classifier needs are taken out.
    """

    new_head = True

    def __init__(self, encoder: nn.Module, *, labels: tuple[str, ...], decoder: str) -> None:
        super().__init__()
        widths = stage_widths(encoder)
        inner = cast(Any, encoder).timm_model
        inner.prune_intermediate_layers(list(range(len(widths))), prune_norm=True, prune_head=True)
        self.encoder = encoder
        self.head = MaskHead(widths, len(labels), decoder, channels=input_channels(encoder)).to(
            memory_format=torch.channels_last
        )
        self.labels = labels

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Return the logits [batch, classes, height, width] in float32."""
        return cast(Tensor, self.head(pixel_values, stage_maps(self.encoder, pixel_values)))


class MaskHead(nn.Module):
    """A decoder of segmentation-models-pytorch over the maps of an encoder, and a convolution to `classes` logits.

    To these are added those of a linear layer on the maps, which does not train: nothing, until `begin_at` is given
    one. A decoder that begins at random first learns that most pixels are background, and may stay there.
    """

    def __init__(self, widths: Sequence[int], classes: int, decoder: str, *, channels: int = 3) -> None:
        super().__init__()
        # An encoder that begins with a stride of 4 has no map at half the size: none of width 0 stands for it.
        self.missing = 5 - len(widths)
        every = [channels, *[0] * self.missing, *widths]
        self.decoder, width = _unet(every) if decoder == "unet" else _fpn(every)
        self.classify = nn.Conv2d(width, classes, kernel_size=3, padding=1)
        self.register_buffer("weight", torch.zeros(classes, sum(widths)))
        self.register_buffer("bias", torch.zeros(classes))

    def begin_at(self, probe: PixelProbe) -> None:
        """Let the logits be those of a linear layer on the maps, from which the decoder learns to differ."""
        with torch.no_grad():
            cast(Tensor, self.weight).copy_(cast(Tensor, probe.weight))
            cast(Tensor, self.bias).copy_(cast(Tensor, probe.bias))
            self.classify.weight.zero_()
            cast(Tensor, self.classify.bias).zero_()

    def forward(self, pixels: Tensor, maps: Sequence[Tensor]) -> Tensor:
        """Return [batch, classes, height, width] at the size of `pixels`."""
        batch, _, height, width = pixels.shape
        empty = [pixels.new_empty(batch, 0, height // 2, width // 2)] * self.missing
        logits = self.classify(self.decoder([pixels, *empty, *maps]))
        if logits.shape[-2:] != pixels.shape[-2:]:
            logits = interpolate(logits, pixels.shape[-2:], mode="bilinear", align_corners=False)
        start = linear(maps, cast(Tensor, self.weight), cast(Tensor, self.bias), (height, width))
        return cast(Tensor, logits).float() + start


def stage_widths(encoder: nn.Module) -> list[int]:
    """Return the channels of each stage of an encoder, from the first to the deepest.

    Raises:
        BackboneError: when it is no timm network whose stages each halve the map, down to a 32nd of the input.
    """
    inner = cast(Any, getattr(encoder, "timm_model", None))
    strides = [stage["reduction"] for stage in inner.feature_info] if has_stages(encoder) else []
    if strides not in _STRIDES or not hasattr(inner, "prune_intermediate_layers"):
        name = type(encoder).__name__ if inner is None else type(inner).__name__
        raise BackboneError(
            f"{name} has no stages from which masks can be decoded: needed is a network of timm whose maps shrink by "
            f"2 from stage to stage, to a 32nd of the image{f'; its strides are {strides}' if strides else ''}.",
            "Choose a convolutional backbone, such as efficientnet-lite0.",
        )
    return [stage["num_chs"] for stage in inner.feature_info]


def check_decoder(name: str) -> str:
    """Return the name of a decoder that can be built, "unet" where none is given.

    Raises:
        OptionError: for another name.
        MissingPackageError: when segmentation-models-pytorch is not installed.
    """
    if name and name not in DECODERS:
        raise OptionError(
            f"decoder is {' or '.join(map(repr, DECODERS))}, found {name!r}.", "Leave it out for 'unet'."
        )
    if find_spec("segmentation_models_pytorch") is None:
        raise MissingPackageError(
            "Masks need the package segmentation-models-pytorch.",
            "Install it: pip install 'acclimate[segmentation]'.",
        )
    return name or DECODERS[0]


def _unet(channels: Sequence[int]) -> tuple[nn.Module, int]:
    from segmentation_models_pytorch.decoders.unet.decoder import UnetDecoder

    decoder = UnetDecoder(encoder_channels=channels, decoder_channels=_UNET_CHANNELS, n_blocks=len(_UNET_CHANNELS))
    _group_normalised(decoder)
    return decoder, _UNET_CHANNELS[-1]


def _fpn(channels: Sequence[int]) -> tuple[nn.Module, int]:
    from segmentation_models_pytorch.decoders.fpn.decoder import FPNDecoder

    decoder = FPNDecoder(encoder_channels=list(channels))
    return decoder, int(decoder.out_channels)


def _group_normalised(module: nn.Module) -> None:
    """Put group normalisation (Wu and He 2018) where batches would be normalised.

    A few crops estimate the statistics of a batch badly, and a decoder has none that were pretrained; the FPN of
    segmentation-models-pytorch has groups too.
    """
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm2d):
            groups = max(1, child.num_features // _CHANNELS_OF_GROUP)
            setattr(module, name, nn.GroupNorm(groups, child.num_features))
        else:
            _group_normalised(child)
