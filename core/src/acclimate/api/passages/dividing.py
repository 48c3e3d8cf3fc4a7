"""Texts divided into passages, and passages as a model reads them: in windows, with what is asked of them."""

from collections.abc import Callable, Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from acclimate import evaluation, models
from acclimate.contracts import DataError

Place = tuple[int, int]
Prepare = Callable[[str], str] | None


def places_of(
    text: str, passages: tuple[Place, ...] | None, preprocessing: models.EntailPreprocessing
) -> tuple[Place, ...]:
    """Return the passages of a text: those it was divided into, else its sentences and lines.

    Raises:
        DataError: for a text without a word.
    """
    divided = preprocessing.divide(text)
    found = tuple(place for place in (passages or evaluation.passages_of(text)) if models.has_token(divided, *place))
    if not found:
        raise DataError(f"A text has no word in its passages: {text[:80]!r}.", "Leave it out.")
    return found


def examples(
    texts: Sequence[str],
    places: Sequence[tuple[Place, ...]],
    of_text: Sequence[int],
    hypotheses: Sequence[str],
    truths: Sequence[NDArray[np.int64] | None],
    ids: Sequence[str],
    preprocessing: models.EntailPreprocessing,
) -> models.EntailExamples:
    """Return prepared texts in passages with their hypotheses, and what each passage says to each, where known."""
    tokens = {each: tuple(preprocessing.hypothesis(each)) for each in dict.fromkeys(hypotheses)}
    prints = [sha256(f"{text} {own}".encode()) for text, own in zip(texts, places, strict=True)]
    for number, each, truth in zip(of_text, hypotheses, truths, strict=True):
        prints[number].update(f"{each} {truth}".encode())
    return models.EntailExamples(
        [
            models.passages_in(preprocessing.divide(text), own, preprocessing.size)
            for text, own in zip(texts, places, strict=True)
        ],
        [
            models.Asserted(text=number, hypothesis=tokens[each], truth=truth)
            for number, each, truth in zip(of_text, hypotheses, truths, strict=True)
        ],
        ids,
        [each.hexdigest() for each in prints],
        preprocessing=preprocessing,
    )
