"""Baselines learn what they should from the training rows, and nothing from the test rows."""

import numpy as np
import pytest
from acclimate.contracts import DataError
from acclimate.evaluation import majority_class, tfidf_svm
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

FILLER = ["the parties agree", "this document states", "as set out below", "for the whole term"]


def notices(words, rows_per_class):
    """Texts in which one word decides the class, and the class of each."""
    texts = [
        f"{FILLER[row % 4]} {word} {FILLER[(row + index) % 4]} number {row}"
        for index, word in enumerate(words)
        for row in range(rows_per_class)
    ]
    return texts, np.repeat(np.arange(len(words)), rows_per_class)


def noisy(rows, seed=0):
    """Texts of three classes that share most of their words."""
    rng = np.random.default_rng(seed)
    train = rng.integers(3, size=rows)
    texts = []
    for index in train:
        common, own = rng.integers(60, size=12), rng.integers(8, size=2) + 100 * (index + 1)
        texts.append(" ".join(f"word{number}" for number in [*common, *own]))
    return texts, train


def test_the_majority_class_scores_every_row_with_the_class_shares():
    found = majority_class(np.array([2, 2, 0, 2]), rows=3, classes=4)
    assert np.exp(found) == pytest.approx(np.array([[0.25, 0, 0.75, 0]] * 3), abs=1e-300)
    assert found.dtype == np.float64


@pytest.mark.parametrize("words", [("lend", "sell"), ("lend", "sell", "insure")], ids=len)
def test_the_words_of_the_training_texts_decide(words):
    texts, train = notices(words, 9)
    asked = [f"we {word} as set out below" for word in words]
    found = tfidf_svm(texts, train, asked, len(words), seed=0)
    assert found.shape == (len(words), len(words))
    assert found.dtype == np.float64
    assert found.argmax(axis=1).tolist() == list(range(len(words)))


def test_a_pair_of_words_can_decide_where_single_words_cannot():
    texts = ["not good but cheap", "good but not cheap"] * 12
    found = tfidf_svm(texts, np.array([0, 1] * 12), ["not good", "not cheap"], 2, seed=0)
    assert found.argmax(axis=1).tolist() == [0, 1]


def test_two_classes_score_with_opposite_signs():
    texts, train = notices(("lend", "sell"), 5)
    found = tfidf_svm(texts, train, texts[:3], 2, seed=0)
    np.testing.assert_array_equal(found[:, 0], -found[:, 1])


def test_another_test_row_never_changes_a_score():
    texts, train = notices(("lend", "sell", "insure"), 6)
    alone = tfidf_svm(texts, train, ["we lend money"], 3, seed=0)
    beside = tfidf_svm(texts, train, ["we lend money", "unheard words lend lend money"], 3, seed=0)
    np.testing.assert_array_equal(alone[0], beside[0])


def test_a_word_seen_only_in_testing_weighs_nothing():
    texts, train = notices(("lend", "sell"), 6)
    found = tfidf_svm(texts, train, ["lend", "lend zyzzyva"], 2, seed=0)
    np.testing.assert_array_equal(found[0], found[1])


@pytest.mark.parametrize("seed", [0, 3])
def test_the_strength_is_the_one_a_grid_search_over_training_rows_finds(seed):
    texts, train = noisy(90, seed)
    pipeline = make_pipeline(TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2)), LinearSVC(random_state=seed))
    folds = StratifiedKFold(3, shuffle=True, random_state=seed)
    search = GridSearchCV(pipeline, {"linearsvc__C": [0.1, 1, 10]}, scoring="f1_macro", cv=folds)
    asked = noisy(20, seed + 100)[0]
    expected = search.fit(texts, train).decision_function(asked)
    np.testing.assert_allclose(tfidf_svm(texts, train, asked, 3, seed=seed), expected, atol=1e-9)


def test_a_class_without_training_rows_is_never_predicted():
    texts, train = notices(("lend", "sell"), 6)
    found = tfidf_svm(texts, train * 2, ["we lend", "we sell", "we swim"], 3, seed=0)
    assert found[:2].argmax(axis=1).tolist() == [0, 2]
    assert np.isfinite(found).all()
    assert (found[:, 1] < found[:, [0, 2]].min() - 1000).all()


@pytest.mark.parametrize("sizes", [(1, 9), (2, 9), (1, 1), (5, 0)], ids=str)
def test_small_classes_still_give_a_baseline(sizes):
    texts = [f"lend {row} of us" for row in range(sizes[0])] + [f"sell {row} of us" for row in range(sizes[1])]
    train = np.repeat([0, 1], sizes)
    found = tfidf_svm(texts, train, ["lend", "sell"], 2, seed=0)
    assert found.argmax(axis=1).tolist() == ([0, 1] if sizes[1] else [0, 0])


def test_the_same_seed_gives_the_same_scores():
    texts, train = noisy(60)
    first = tfidf_svm(texts, train, texts[:9], 3, seed=5)
    np.testing.assert_array_equal(first, tfidf_svm(texts, train, texts[:9], 3, seed=5))


EMPTY = np.array([], dtype=np.int64)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: majority_class(EMPTY, rows=2, classes=2), "training rows for the baseline, found none"),
        (lambda: majority_class(np.array([0, 3]), rows=2, classes=2), "from 0 to 1, found 0 to 3"),
        (lambda: tfidf_svm([], EMPTY, ["a b"], 2, seed=0), "training rows for the baseline, found none"),
        (lambda: tfidf_svm(["lend"], np.array([0, 1]), ["a"], 2, seed=0), "each of 1 training texts, found 2"),
        (lambda: tfidf_svm(["?", "!"], np.array([0, 1]), ["a"], 2, seed=0), "words in the 2 training texts"),
    ],
)
def test_training_rows_that_teach_nothing_are_named(call, message):
    with pytest.raises(DataError, match=message):
        call()
