"""Parts from end to end: what is learned, decided, saved, loaded again, measured and written."""

from pathlib import Path

import numpy as np
from acclimate.api import Run, load
from PIL import Image


def test_defects_of_unseen_parts_are_rejected_and_marked_where_they_are(inspected: Run, unseen: Path) -> None:
    predictor = load(inspected.output)
    found, missed = [], 0
    for path in sorted(unseen.glob("test/spot/*.png")):
        prediction = predictor.predict([path])[0]
        assert prediction.rejected == (prediction.score > prediction.threshold)
        mask = np.asarray(Image.open(unseen / "ground_truth" / "spot" / f"{path.stem}_mask.png")) > 0
        assert prediction.map.shape == mask.shape
        missed += not prediction.rejected
        if prediction.regions:
            best = prediction.regions[0]
            found.append(mask[best.top : best.bottom, best.left : best.right].any())
    assert missed <= 1
    assert np.mean(found) > 0.8
