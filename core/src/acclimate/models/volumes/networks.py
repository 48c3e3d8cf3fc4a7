"""The three-dimensional networks of MONAI that can be adapted, and what may be chosen of each.

MONAI is imported when one is built, and not before: that takes half a minute on a slow machine.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from torch import nn

from acclimate.contracts import MissingPackageError

# Voxels of the shortest side of a volume: each of these networks halves it five times. The longest side has twice as
# many, since batch normalisation of one volume needs two places or more.
LEAST = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A network by its name in `monai.networks.nets`.

    `arguments` are those that a folder's config.json may give, with what they are otherwise. `stages` are its parts
    from input to output. The sides of a volume are multiples of `LEAST` voxels where `multiple`.
    """

    summary: str
    factory: str
    arguments: Mapping[str, Any]
    stages: tuple[str, ...]
    multiple: bool = False


# The first stride is that of Med3D (Chen, Ma and Zheng 2019). MONAI's shortcut "A", of its smaller networks, has no
# weights and passes no gradient on.
_RESNET = {"shortcut_type": "B", "bias_downsample": False, "conv1_t_stride": 2, "widen_factor": 1.0}
_DENSENET = {"init_features": 64, "growth_rate": 32, "block_config": [6, 12, 24, 16]}
_SWIN = {"embed_dim": 48, "depths": [2, 2, 2, 2], "num_heads": [3, 6, 12, 24], "window_size": [7, 7, 7]}
_RESNET_STAGES = ("layer1", "layer2", "layer3", "layer4")


def _resnet(depth: int, millions: int) -> Network:
    return Network(
        summary=f"Residual network of {depth} layers for volumes, {millions} million parameters.",
        factory=f"resnet{depth}",
        arguments=_RESNET,
        stages=_RESNET_STAGES,
    )


NETWORKS: Mapping[str, Network] = {
    "resnet10": _resnet(10, 14),
    "resnet18": _resnet(18, 33),
    "resnet34": _resnet(34, 64),
    "resnet50": _resnet(50, 46),
    "densenet121": Network(
        summary="Densely connected network of 121 layers for volumes, 11 million parameters.",
        factory="DenseNet",
        arguments=_DENSENET,
        stages=tuple(f"features.denseblock{number}" for number in range(1, 5)),
    ),
    "swin_unetr": Network(
        summary="The encoder of Swin UNETR: a transformer with shifted windows for volumes, 8 million parameters.",
        factory="SwinTransformer",
        arguments=_SWIN,
        stages=tuple(f"layers{number}" for number in range(1, 5)),
        multiple=True,
    ),
}


def build(architecture: str, channels: int, arguments: Mapping[str, Any]) -> nn.Module:
    """Return a network with new weights and no head, which reads volumes of so many channels.

    Raises:
        MissingPackageError: without the packages of the extra `volumes3d`.
    """
    if find_spec("monai") is None or find_spec("einops") is None:
        raise MissingPackageError(
            "Three-dimensional backbones are networks of MONAI, which is not installed.",
            "Install it: pip install 'acclimate[volumes3d]'.",
        )
    show = warnings.showwarning
    try:
        from monai.networks import nets
        from monai.networks.nets.swin_unetr import SwinTransformer
    finally:
        warnings.showwarning = show  # MONAI puts its own in place of it
    network = NETWORKS[architecture]
    given = {**network.arguments, **arguments}
    if network.factory == "SwinTransformer":
        found: nn.Module = SwinTransformer(in_chans=channels, patch_size=(2, 2, 2), spatial_dims=3, **given)
    elif network.factory == "DenseNet":
        dense: Any = nets.DenseNet(spatial_dims=3, in_channels=channels, out_channels=1, **given)
        dense.class_layers.out = nn.Identity()
        found = dense
    else:
        make = getattr(nets, network.factory)
        found = make(spatial_dims=3, n_input_channels=channels, feed_forward=False, **given)
    return found
