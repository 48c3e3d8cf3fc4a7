"""The scores of a linear model on words, which a model of texts has to beat."""

import numpy as np
from numpy.typing import NDArray

from acclimate import evaluation
from acclimate.api import deciding, inputs
from acclimate.api.request import Request
from acclimate.api.subject import Subject

WORDS = "tfidf_svm"


def word_scores(request: Request, subject: Subject) -> NDArray[np.float64]:
    """Return the scores of the test rows; where rows may carry several labels, less the thresholds of validation."""
    train, validation, test = (subject.parts[name] for name in inputs.PARTS)
    chosen = deciding.choosing(validation) if test.multilabel else None
    asked = [part for part in (chosen, test) if part is not None]
    scores: NDArray[np.float64] = evaluation.tfidf_svm(
        inputs.prepared_texts(train.rows, subject.prepare),
        train.truth,
        [text for part in asked for text in inputs.prepared_texts(part.rows, subject.prepare)],
        len(subject.model.labels),
        seed=request.settings.seed,
    )
    if chosen is None:
        return scores
    held = len(chosen.truth)
    rule = deciding.rule_of(request.settings)
    above: NDArray[np.float64] = scores[held:] - evaluation.label_thresholds(chosen.truth, scores[:held], rule)
    return above
