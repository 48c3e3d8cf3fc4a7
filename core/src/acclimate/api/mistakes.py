"""The test rows that a model gets wrong and is surest of, with what spoke for its answer."""

import base64
import io
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from acclimate import models
from acclimate.api import inputs, scoring
from acclimate.api.inputs import Part
from acclimate.api.subject import Scores, to_device
from acclimate.contracts import Mistake
from acclimate.models import Classifier, Examples

SHOWN = 12
_CHARACTERS = 1_000
_PIXELS = 160
_FAINT = 0.2  # marks below a fifth of the strongest say nothing


def mistakes(
    model: Classifier,
    part: Part,
    examples: Examples,
    logits: Scores,
    thresholds: Scores | None,
    prepare: Callable[[Any], Any] | None,
) -> tuple[Mistake, ...]:
    """Return at most 12 wrong test rows, those first of which the model is surest. `logits` are [rows, classes]."""
    rows, classes = _wrong(part, logits, thresholds)
    if not rows:
        return ()
    probabilities = scoring.probabilities_of(logits, multilabel=thresholds is not None)
    records = scoring.records(part.ids, part.truth, logits, model.labels, thresholds)
    if isinstance(examples, models.TextExamples):
        texts = inputs.prepared_texts(part.rows.select(rows), prepare)
        contents = _texts(model, examples, texts, rows, classes)
    elif isinstance(examples, models.StackExamples):
        assert isinstance(model, models.StackClassifier)
        contents = [_stack(model, examples, row, label) for row, label in zip(rows, classes, strict=True)]
    elif isinstance(examples, models.VolumeExamples):
        contents = [_volume(model, examples, row, label) for row, label in zip(rows, classes, strict=True)]
    else:
        assert isinstance(examples, models.ImageExamples)
        contents = _images(model, examples, rows, classes)
    return tuple(
        Mistake(
            id=records["ids"][row],
            truth=_names(records["truth"][row]),
            predicted=_names(records["predicted"][row]),
            probability=float(probabilities[row, label]),
            **content,
        )
        for row, label, content in zip(rows, classes, contents, strict=True)
    )


def _wrong(part: Part, logits: Scores, thresholds: Scores | None) -> tuple[list[int], list[int]]:
    """Return the wrong rows to show, and of each the label that is most wrong."""
    if thresholds is None:
        probabilities = scoring.probabilities_of(logits, multilabel=False)
        predicted: NDArray[np.integer] = logits.argmax(axis=1)
        sure = np.where(predicted != part.truth, probabilities.max(axis=1), -1.0)
    else:
        above = np.where(part.truth > 0, thresholds - logits, logits - thresholds)
        predicted, sure = above.argmax(axis=1), above.max(axis=1)
        sure = np.where(((logits >= thresholds) != (part.truth > 0)).any(axis=1), np.maximum(sure, 0.0), -1.0)
    rows = [int(row) for row in (-sure).argsort(kind="stable")[:SHOWN] if sure[row] >= 0]
    return rows, [int(predicted[row]) for row in rows]


def _names(labels: str | Sequence[str]) -> tuple[str, ...]:
    return (labels,) if isinstance(labels, str) else tuple(labels)


def _texts(
    model: Classifier,
    examples: models.TextExamples,
    texts: Sequence[str],
    rows: Sequence[int],
    classes: Sequence[int],
) -> list[dict[str, Any]]:
    spoke = models.token_saliency(model, to_device(examples.batch(rows)), classes)
    preprocessing = examples.preprocessing
    encoded = preprocessing.tokenizer(
        list(texts), truncation=True, max_length=preprocessing.max_tokens, return_offsets_mapping=True
    )
    found = []
    for text, offsets, weights in zip(texts, encoded["offset_mapping"], spoke.tolist(), strict=True):
        marks = [
            (start, end, round(weight, 3))
            for (start, end), weight in zip(offsets, weights, strict=False)  # weights of padding are left over
            if start < end <= _CHARACTERS and weight >= _FAINT
        ]
        cut = text if len(text) <= _CHARACTERS else f"{text[:_CHARACTERS]} …"
        found.append({"text": cut, "marks": tuple(marks)})
    return found


def _images(
    model: Classifier, examples: models.ImageExamples, rows: Sequence[int], classes: Sequence[int]
) -> list[dict[str, Any]]:
    spoke = models.pixel_saliency(model, to_device(examples.batch(rows)), classes)
    return [
        _shown(examples.open_image(examples.paths[row]), weights)
        for row, weights in zip(rows, spoke.numpy(), strict=True)
    ]


def _stack(model: models.StackClassifier, examples: models.StackExamples, row: int, label: int) -> dict[str, Any]:
    """Return the slice with most attention, what in it spoke for the label, and which slice it is."""
    inputs = to_device(examples.batch([row]))
    model.eval()
    with torch.inference_mode():
        weights = model.attended(inputs)[1][0]
    most = int(weights.argmax())
    slice_ = {"pixel_values": inputs["pixel_values"][:, most]}
    spoke = models.pixel_saliency(models.OneSlice(model), slice_, [label])
    names = examples.names[row]
    text = f"Slice {names[most]} of {len(names)} seen, with {float(weights[most]):.0%} of the attention."
    return {**_shown(examples.open_stack(examples.paths[row])[most], spoke[0].numpy()), "text": text}


def _volume(model: Classifier, examples: models.VolumeExamples, row: int, label: int) -> dict[str, Any]:
    """Return the slice in which most spoke for the label, what did in it, and which slice it is."""
    spoke = models.pixel_saliency(model, to_device(examples.batch([row])), [label])[
        0
    ].numpy()  # [depth, rows, columns]
    most = int(spoke.sum(axis=(1, 2)).argmax())
    images = examples.open_stack(examples.paths[row])
    place = examples.preprocessing.slice_of(most, len(images))
    text = f"Slice {place + 1} of {len(images)} seen, in which most spoke for the label."
    return {**_shown(images[place], examples.preprocessing.in_slice(spoke[most], images[place].size)), "text": text}


def _shown(image: Image.Image, weights: NDArray[np.float32]) -> dict[str, Any]:
    """Return a picture as it is, and with what spoke for a label laid over it."""
    image = image.convert("RGB")
    image.thumbnail((_PIXELS, _PIXELS))
    heat = Image.fromarray((255 * weights).astype(np.uint8)).resize(image.size, Image.Resampling.BILINEAR)
    red = Image.new("RGB", image.size, (255, 32, 0))
    over = Image.composite(Image.blend(image, red, 0.75), image, heat)
    return {"image": address(image), "saliency": address(over)}


def address(image: Image.Image) -> str:
    """Return an image as a data: address, in JPEG."""
    stream = io.BytesIO()
    image.save(stream, format="JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
