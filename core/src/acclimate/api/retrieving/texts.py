"""Texts as the token ids that a model reads."""

from collections.abc import Sequence
from pathlib import Path

from acclimate import data, models


def texts_of(read: Sequence[str], preprocessing: models.TextPreprocessing, file: Path) -> models.TextExamples:
    """Return texts that are prepared already as token ids, which are kept in `file`."""
    return models.TextExamples(
        (read[start : start + 512] for start in range(0, len(read), 512)),
        [str(number) for number in range(len(read))],
        preprocessing=preprocessing,
        prepare=None,
        fingerprint=data.text_fingerprints,
        file=file,
    )
