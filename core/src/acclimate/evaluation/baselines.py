"""What a model has to beat: the largest class, and a linear classifier on word counts."""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import LinearSVC

from acclimate.contracts import DataError
from acclimate.evaluation import multilabel
from acclimate.evaluation.metrics import Floats, Integers, macro_f1

STRENGTHS = (0.1, 1.0, 10.0)
FOLDS = 3
MAX_FEATURES = 200_000
# Decision values of unit-length texts stay within a few units, so that no class seen in training falls below.
ABSENT = -1e6


def majority_class(train: Integers, rows: int, classes: int) -> Floats:
    """Return the logarithm of the class shares of the training rows for each of `rows` rows: [rows, classes].

    `train` is [training rows] of class indices; the highest share is the largest class.

    Raises:
        DataError: when there are no training rows.
    """
    _check_train(train, classes)
    shares = np.bincount(train, minlength=classes) / len(train)
    return np.tile(np.log(np.maximum(shares, np.finfo(np.float64).tiny)), (rows, 1))


def tfidf_svm(
    train_texts: Sequence[str], train: Integers, test_texts: Sequence[str], classes: int, *, seed: int
) -> Floats:
    """Return decision scores [test rows, classes] of a linear SVM on TF-IDF of words and word pairs.

    `train` is [training rows] of class indices, or [training rows, classes] of 0 and 1 where rows may carry several
    labels: then one machine for each label. The words are those of the training texts. The strength C is
    the one of 0.1, 1 and 10 with the best macro-F1 in a stratified cross-validation inside the training
    rows; it is 1 where a class has a single row. A class without training rows scores -1e6.

    Raises:
        DataError: when there are no training rows, or no word in their texts.
    """
    _check_train(train, classes)
    if len(train_texts) != len(train):
        raise DataError(f"Expected a class for each of {len(train_texts)} training texts, found {len(train)}.")
    strength = _best_strength(train_texts, train, classes, seed)
    fitted, asked = _features(train_texts, test_texts)
    return _decide(fitted, train, asked, classes, strength=strength, seed=seed)


def _best_strength(texts: Sequence[str], train: Integers, classes: int, seed: int) -> float:
    """The first strength with the best mean macro-F1 over the folds."""
    if train.ndim == 2:
        found = np.nanmean(list(_trials(texts, train, classes, folds=FOLDS, seed=seed)), axis=0)
        return STRENGTHS[int(found.argmax())]
    sizes = np.unique_counts(train).counts
    folds = min(FOLDS, int(sizes.min()))
    if folds < 2 or len(sizes) < 2:
        return 1.0
    found = np.mean(list(_trials(texts, train, classes, folds=folds, seed=seed)), axis=0)
    return STRENGTHS[int(found.argmax())]


def _trials(texts: Sequence[str], train: Integers, classes: int, *, folds: int, seed: int) -> Iterator[list[float]]:
    """Yield the macro-F1 of each strength on one fold; words, too, are learned without that fold."""
    several = train.ndim == 2
    dealt = (KFold if several else StratifiedKFold)(folds, shuffle=True, random_state=seed)
    metric = multilabel.macro_f1 if several else macro_f1
    for kept, held in dealt.split(train, train):
        fitted, asked = _features([texts[row] for row in kept], [texts[row] for row in held])
        yield [
            metric(
                train[held],
                _decide(fitted, train[kept], asked, classes, strength=strength, seed=seed),
                np.ones(len(held)),
            )
            for strength in STRENGTHS
        ]


def _features(train_texts: Sequence[str], test_texts: Sequence[str]) -> tuple[csr_matrix, csr_matrix]:
    """TF-IDF [rows, words] of both lists, with the words and document frequencies of the first."""
    vectorizer = TfidfVectorizer(
        sublinear_tf=True,
        ngram_range=(1, 2),
        min_df=2 if len(train_texts) > 2000 else 1,
        max_features=MAX_FEATURES,
        dtype=np.float64,
    )
    try:
        fitted = vectorizer.fit_transform(train_texts)
    except ValueError as error:
        raise DataError(
            f"Expected words in the {len(train_texts)} training texts, found none to learn from ({error}).",
            "Check that the text column is the right one.",
        ) from error
    return fitted, vectorizer.transform(test_texts)


def _decide(
    fitted: csr_matrix, train: Integers, asked: csr_matrix, classes: int, *, strength: float, seed: int
) -> Floats:
    """Decision scores [asked rows, classes] of a linear SVM, spread over all classes."""
    scores = np.full((asked.shape[0], classes), ABSENT)
    if train.ndim == 2:
        varied = np.flatnonzero(train.any(axis=0) & ~train.all(axis=0))
        scores[:, train.all(axis=0)] = 1.0
        machines = OneVsRestClassifier(LinearSVC(C=strength, random_state=seed)).fit(fitted, train[:, varied])
        decided = machines.decision_function(asked)
        # Of a single label scikit-learn returns one column without its axis.
        scores[:, varied] = decided.reshape(asked.shape[0], len(varied))
        return scores
    present = np.unique(train)
    if len(present) == 1:
        scores[:, present[0]] = 0.0
        return scores
    decision = LinearSVC(C=strength, random_state=seed).fit(fitted, train).decision_function(asked)
    scores[:, present] = np.column_stack([-decision, decision]) if decision.ndim == 1 else decision
    return scores


def _check_train(train: Integers, classes: int) -> None:
    if not len(train):
        raise DataError("Expected training rows for the baseline, found none.")
    if train.ndim == 1 and (train.min() < 0 or train.max() >= classes):
        raise DataError(f"Expected class indices from 0 to {classes - 1}, found {train.min()} to {train.max()}.")
