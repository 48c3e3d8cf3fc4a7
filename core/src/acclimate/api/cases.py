"""What a tested model calls the texts that its preset brings, such as pairs that differ in a word."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acclimate import data, models
from acclimate.api import scoring
from acclimate.contracts import Preset
from acclimate.plugins import Host

Logits = Callable[[models.Examples], NDArray[np.float64]]


def called_cases(
    host: Host,
    preset: Preset,
    preprocessing: models.Preprocessing,
    prepare: Callable[[Any], Any] | None,
    logits: Logits,
    labels: Sequence[str],
    thresholds: NDArray[np.float64] | None,
) -> Mapping[str, Any]:
    """Return `{"cases": [what each text is called]}`, prepared as rows are; nothing where the preset brings none.

    `logits` gives the calibrated logits [texts, labels] of prepared texts, in the order of their ids.
    """
    brought: Callable[[], Sequence[str]] | None = host.load(preset, "cases")
    if brought is None:
        return {}
    assert isinstance(preprocessing, models.TextPreprocessing)  # the preset is of texts
    texts = list(brought())
    with TemporaryDirectory(prefix="acclimate-") as folder:
        examples = models.TextExamples(
            [texts],
            [str(number) for number in range(len(texts))],
            preprocessing=preprocessing,
            prepare=prepare,
            fingerprint=data.text_fingerprints,
            file=Path(folder) / "cases.tokens",
        )
        return {"cases": scoring.called(logits(examples), labels, thresholds)}
