"""What the corners of images alone say of the label: a shortcut that a model may take instead of what is shown.

Markers of sides, burned-in text and the edges of a detector stand there, and models of chest films have learned the
hospital from them (Zech et al. 2018, DeGrave et al. 2021).
"""

from collections.abc import Callable

import numpy as np
from PIL import Image

from acclimate import evaluation, methods, models, training
from acclimate.api import scoring
from acclimate.api.subject import Scores, Subject
from acclimate.contracts import Finding, Score

SHARE = 0.2  # of the shorter side of an image, which each corner takes: 16 % of a square image
_FEWEST_PIXELS = 8


def corners(image: Image.Image) -> Image.Image:
    """Return the four corners of an image, put together to a square."""
    side = max(_FEWEST_PIXELS, round(SHARE * min(image.size)))
    right, low = image.width - side, image.height - side
    found = Image.new(image.mode, (2 * side, 2 * side))
    for place, (left, top) in enumerate(((0, 0), (right, 0), (0, low), (right, low))):
        found.paste(image.crop((left, top, left + side, top + side)), (place % 2 * side, place // 2 * side))
    return found


def corner_logits(subject: Subject, precision: str) -> Scores:
    """Return the test rows' logits [rows, classes] by a head on the frozen features of nothing but the corners.

    Called before training, while the backbone is still as it was pretrained.
    """
    features = {name: _features(subject, name, precision) for name in ("train", "test")}
    train, test = subject.parts["train"], subject.parts["test"]
    head = methods.solve_head(
        features["train"], train.truth, len(subject.model.labels), groups=train.groups, seed=subject.settings.seed
    )
    return evaluation.by_id(test.ids, [(test.ids, head.logits(features["test"]))])


def told(auroc: Score) -> tuple[Finding, ...]:
    """Say what the AUROC of the corners means, where its interval lies above chance."""
    if not auroc.low > 0.5:
        return ()
    message = (
        f"The corners of the images alone tell the labels apart, with an AUROC of {auroc}: a marker, a text or the "
        "edge of a picture may give them away, and a model may read that instead of what is shown. Look at the "
        "pictures, crop or mask what stands there, and compare."
    )
    return (Finding(code="corners", message=message, details={"auroc": auroc.value, "low": auroc.low}),)


def ranked(logits: Scores, *, multilabel: bool) -> Scores:
    """Return the scores that metrics take; the corners have no thresholds, so that labels are given from 0 on."""
    return scoring.ranked(logits, np.zeros(logits.shape[1]) if multilabel else None)


def _features(subject: Subject, name: str, precision: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    whole = subject.examples[name]
    assert isinstance(whole, models.ImageExamples)
    examples = models.ImageExamples(
        whole.paths,
        whole.ids,
        whole.fingerprints,
        preprocessing=whole.preprocessing,
        open_image=_of_corners(whole.open_image),
    )
    key = (subject.resolved.weights, subject.resolved.preprocessing.hash, subject.model.pooling, f"corners {SHARE}")
    with training.bar(f"corners of {name} rows", len(examples), "row", shown=subject.shown) as bar:
        return models.features(
            subject.model, examples, cache=subject.cache, key=key, precision=precision, progress=bar.update
        )


def _of_corners(opened: Callable[[str], Image.Image]) -> Callable[[str], Image.Image]:
    return lambda path: corners(opened(path))
