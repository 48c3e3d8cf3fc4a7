"""The steps from an item to what is said of it, one after the other, so that each can be timed: of a run, of a file.

A step takes what the one before it gives; the first takes texts or paths of images.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from acclimate import bundle, models
from acclimate.api import onnx_files
from acclimate.api.detecting import exporting as part_files
from acclimate.api.detecting.predictor import PartPredictor
from acclimate.api.inputs import opener
from acclimate.api.own_rows import AnyPredictor
from acclimate.api.predictor import Predictor
from acclimate.contracts import OptionError
from acclimate.models.anomaly import computed_features
from acclimate.models.anomaly.parts import AT_ONCE

Steps = tuple[tuple[str, Callable[[Any], Any]], ...]
OPEN, PREPARE, COMPUTE, DECIDE = "open", "prepare", "compute", "decide"


def steps_of_run(predictor: AnyPredictor) -> Steps:
    """Return the steps of a saved run, as its predictor does them."""
    if isinstance(predictor, PartPredictor):
        return _inspection(predictor)
    return (
        *_inputs(predictor),
        (COMPUTE, lambda inputs: models.computed(predictor.model, inputs, predictor.precision).double().numpy()),
        (DECIDE, predictor.predictions),
    )


def steps_of_file(predictor: AnyPredictor, file: Path, threads: int) -> Steps:
    """Return the steps of a run's ONNX file in onnxruntime with so many threads; images are opened as the run does.

    Raises:
        DataError: when the file cannot be read.
        OptionError: when it is of another run.
    """
    session = opened(file, predictor, threads)
    if isinstance(predictor, PartPredictor):
        return (
            *_pixels(predictor),
            (COMPUTE, lambda pixels: onnx_files.outputs_of(session, {part_files.INPUT: pixels})),
        )
    return (
        *_inputs(predictor),
        (COMPUTE, lambda inputs: _logits(session, inputs)),
        (DECIDE, predictor.predictions),
    )


def fed(predictor: AnyPredictor, items: Sequence[Any]) -> dict[str, NDArray[Any]]:
    """Return what a run's ONNX file takes, by name, for texts or paths of images."""
    if isinstance(predictor, PartPredictor):
        return {part_files.INPUT: _after(_pixels(predictor), items)}
    return _arrays(_after(_inputs(predictor), items))


def opened(file: Path, predictor: AnyPredictor, threads: int) -> Any:
    """Return a session of a file that was exported from this very run.

    Raises:
        DataError: when the file cannot be read.
        OptionError: when it is of another run.
    """
    onnx_files.check_packages()
    session = onnx_files.opened(file, threads=threads)
    if onnx_files.told_by(session).get("run") != bundle.seal_of(predictor.manifest):
        raise OptionError(
            f"{file} was not exported from {predictor.folder}.", f"Export it: acclimate export {predictor.folder}."
        )
    return session


def _inspection(predictor: PartPredictor) -> Steps:
    def compute(images: list[Any]) -> list[Any]:
        return list(computed_features(predictor.model.features.eval(), images, predictor.precision, AT_ONCE))

    def prepare(images: Sequence[Image.Image]) -> list[Any]:
        return [((image.height, image.width), predictor.preprocessing(image)) for image in images]

    def decide(found: list[Any]) -> list[Any]:
        return [predictor.decide(predictor.model.judge(predictor.preprocessing, *each)) for each in found]

    return (
        (OPEN, lambda paths: [predictor.opened(path) for path in paths]),
        (PREPARE, prepare),
        (COMPUTE, compute),
        (DECIDE, decide),
    )


def _inputs(predictor: Predictor) -> Steps:
    """Return the steps from texts, or paths of images, to what a classifier reads."""
    preprocessing = predictor.plain_preprocessing
    if isinstance(preprocessing, models.TextPreprocessing):
        texts, ready = preprocessing, predictor.prepare or str
        return ((PREPARE, lambda items: texts.collate(texts.encode([ready(item) for item in items])[0])),)
    images, open_image = preprocessing, opener(predictor.prepare)

    def prepare(found: Sequence[Image.Image]) -> dict[str, torch.Tensor]:
        pixels = torch.stack([images(image) for image in found])
        return {"pixel_values": pixels.contiguous(memory_format=torch.channels_last)}

    return ((OPEN, lambda paths: [open_image(path) for path in paths]), (PREPARE, prepare))


def _pixels(predictor: PartPredictor) -> Steps:
    """Return the steps from paths of images to the bytes that the file of parts reads."""
    return (
        (OPEN, lambda paths: [predictor.opened(path) for path in paths]),
        (PREPARE, lambda images: part_files.bytes_of(predictor, images)),
    )


def _after(steps: Steps, items: Any) -> Any:
    for _, step in steps:
        items = step(items)
    return items


def _arrays(inputs: dict[str, torch.Tensor]) -> dict[str, NDArray[Any]]:
    return {name: value.contiguous().numpy() for name, value in inputs.items()}


def _logits(session: Any, inputs: dict[str, torch.Tensor]) -> NDArray[np.float64]:
    return onnx_files.outputs_of(session, _arrays(inputs))["logits"].astype(np.float64)
