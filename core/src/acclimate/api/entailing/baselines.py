"""What a model of hypotheses has to beat: what most texts say to each, and the words of texts and passages."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from acclimate import evaluation
from acclimate.api.entailing.rows import Judged

Scores = NDArray[np.float64]
MAJORITY, OF_HYPOTHESIS, WORDS, NEAREST = "majority_class", "majority_of_hypothesis", "tfidf_svm", "nearest_passage"
# From how many training texts on a hypothesis has a machine of its own.
_OWN = 10


def of_labels(train: Judged, test: Judged, labels: int, *, seed: int) -> dict[str, Scores]:
    """Return the scores [test hypotheses, labels] of what looks at no passage.

    The commonest label of all; that of each hypothesis, where the training texts were asked it; and a linear SVM on
    TF-IDF of whole texts, one for each hypothesis that ten training texts or more were asked. All other hypotheses
    share one, which reads the hypothesis before the text.
    """
    prior = evaluation.majority_class(train.truth, len(test.truth), labels)
    return {
        MAJORITY: prior,
        OF_HYPOTHESIS: _by_hypothesis(train, test, prior),
        WORDS: _words(train, test, labels, seed),
    }


def of_evidence(train: Judged, test: Judged) -> Mapping[str, list[evaluation.GivenEvidence]]:
    """Return the passages of test texts by a search for the words of a hypothesis and of its training evidence."""
    known: dict[str, list[str]] = {}
    for number, hypothesis, marks in zip(train.of_text, train.hypotheses, train.evidence, strict=True):
        text = train.texts[number]
        pairs = zip(train.places[number], marks, strict=True)
        known.setdefault(hypothesis, []).extend(text[start:end] for (start, end), there in pairs if there)
    search = evaluation.PassageSearch(train.texts, known)
    asked: dict[int, list[str]] = {}
    for number, hypothesis in zip(test.of_text, test.hypotheses, strict=True):
        asked.setdefault(number, []).append(hypothesis)
    near = {
        number: iter(search.nearness(test.texts[number], test.places[number], some)) for number, some in asked.items()
    }
    return {NEAREST: [evaluation.GivenEvidence(scores=next(near[number])) for number in test.of_text]}


def _by_hypothesis(train: Judged, test: Judged, prior: Scores) -> Scores:
    found = prior.copy()
    for hypothesis, rows in _rows_of(test).items():
        own = train.truth[_rows_of(train).get(hypothesis, [])]
        if len(own):
            found[rows] = evaluation.majority_class(own, len(rows), prior.shape[1])
    return found


def _words(train: Judged, test: Judged, labels: int, seed: int) -> Scores:
    found = np.zeros((len(test.truth), labels))
    of_train, shared = _rows_of(train), []
    for hypothesis, rows in _rows_of(test).items():
        own = of_train.get(hypothesis, [])
        if len(own) < _OWN:
            shared += rows
            continue
        texts, asked = _whole(train, own), _whole(test, rows)
        found[rows] = evaluation.tfidf_svm(texts, train.truth[own], asked, labels, seed=seed)
    if shared:
        every = range(len(train.truth))
        found[shared] = evaluation.tfidf_svm(
            _joined(train, every), train.truth, _joined(test, shared), labels, seed=seed
        )
    return found


def _joined(part: Judged, rows: "range | list[int]") -> list[str]:
    return [f"{part.hypotheses[row]}\n{part.texts[part.of_text[row]]}" for row in rows]


def _whole(part: Judged, rows: list[int]) -> list[str]:
    return [part.texts[part.of_text[row]] for row in rows]


def _rows_of(part: Judged) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for row, hypothesis in enumerate(part.hypotheses):
        found.setdefault(hypothesis, []).append(row)
    return found
