"""A saved inspection as an ONNX file, from resized pixels to score, map and decision."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from acclimate import bundle
from acclimate.api import onnx_files
from acclimate.api.detecting.predictor import PartPredictor
from acclimate.api.parity import check_parts
from acclimate.contracts import OptionError
from acclimate.models.anomaly.graph import PartGraph

OUTPUTS = ("score", "map", "rejected")
INPUT = "pixels"
_AT_ONCE = 4
# What happens to an image before the file reads it, in the words of its metadata.
_BEFORE = (
    "upright by EXIF, 16 bits to 8, transparency laid on white, then `prepare`, then the whole image resized with "
    "Pillow to `size` (height, width)"
)


def check_whole(predictor: PartPredictor) -> None:
    """Raise OptionError for a run that cuts images into tiles: how many there are hangs on the image."""
    if predictor.preprocessing.tile:
        raise OptionError(
            f"{predictor.folder} reads images in tiles of {predictor.preprocessing.tile} pixels, whose number hangs "
            "on the image, and a file from pixels to a score has a fixed size.",
            "Adapt without tiles (image_size reads larger images), or use the run as it is.",
        )


def write(predictor: PartPredictor, images: Sequence[Image.Image], file: Path) -> dict[str, float]:
    """Write a run's file, and return by how much score and map differ in onnxruntime.

    `images` are opened and prepared. They are compared all together and one alone, with the run's own scores in
    float32.

    Raises:
        BackboneError: when torch cannot export the backbone.
        BundleError: when scores, maps or decisions are others.
    """
    pixels = predictor.preprocessing.pixels
    graph = PartGraph(predictor.model.cpu(), pixels, predictor.decided.threshold)
    given = bytes_of(predictor, images)
    what = f"{type(predictor.model.encoder).__name__} with method {predictor.manifest['method']!r}"
    traced = {INPUT: torch.zeros(3, *given.shape[1:], dtype=torch.uint8)}
    onnx_files.write(graph, traced, file, outputs=OUTPUTS, axes=("batch",), told=told(predictor), what=what)
    session = onnx_files.opened(file)
    expected = _expected(predictor, images)
    threshold = predictor.decided.threshold
    alone = check_parts(_first(expected), run(session, given[:1]), threshold, "The ONNX file")
    found = check_parts(expected, run(session, given), threshold, "The ONNX file")
    return {name: max(alone[name], found[name]) for name in found}


def bytes_of(predictor: PartPredictor, images: Sequence[Image.Image]) -> NDArray[np.uint8]:
    """Return the pixels [images, channels, height, width] that a file reads."""
    return np.stack([predictor.preprocessing.pixels.bytes_of(image) for image in images])


def run(session: Any, pixels: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    """Return score, map and decision of pixels [images, channels, height, width], a few images at a time."""
    parts = [
        onnx_files.outputs_of(session, {INPUT: pixels[start : start + _AT_ONCE]})
        for start in range(0, len(pixels), _AT_ONCE)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in OUTPUTS}


def _expected(predictor: PartPredictor, images: Sequence[Image.Image]) -> dict[str, NDArray[Any]]:
    """Return the run's scores of images, and their maps at the size that the backbone reads."""
    resized = [predictor.preprocessing.pixels.resized(image) for image in images]
    judged = list(predictor.model.judged(predictor.preprocessing, resized, precision="float32"))
    return {"score": np.array([each.score for each in judged]), "map": np.stack([each.map for each in judged])}


def _first(values: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name: value[:1] for name, value in values.items()}


def told(predictor: PartPredictor) -> dict[str, Any]:
    """Return the metadata of a file: all that is needed to read images for it, and what its numbers mean."""
    manifest, pixels = predictor.manifest, predictor.preprocessing.pixels
    reads = {
        "type": "uint8",
        "shape": ["batch", pixels.channels, *pixels.size],
        "channels": "RGB" if pixels.channels == 3 else "grey",
        "size": list(pixels.size),
        "interpolation": pixels.interpolation,
        "before": _BEFORE,
    }
    return {
        "run": bundle.seal_of(manifest),
        "task": manifest["task"],
        "labels": manifest["labels"],
        INPUT: reads,
        "inspection": manifest["inspection"],
        "preprocessing": predictor.preprocessing.to_dict(),
        "preprocessing_sha256": manifest["preprocessing"],
        "prepare": manifest["prepare"],
        "backbone": manifest["backbone"],
        "method": manifest["method"],
        "preset": manifest["preset"],
    }
