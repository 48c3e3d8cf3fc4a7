"""Rows alike to a pretrained model are found across parts, in blocks, whatever all rows share."""

import numpy as np
import pytest
from acclimate.data import lookalikes
from sklearn.metrics.pairwise import cosine_similarity

SIZES = {"train": 50, "validation": 12, "test": 20}


def drawn(seed: int) -> dict[str, np.ndarray]:
    """Return features of a part each; what all rows share makes any two of them look alike."""
    rng = np.random.default_rng(seed)
    return {name: (rng.normal(size=(size, 24)) + 9).astype(np.float32) for name, size in SIZES.items()}


@pytest.fixture(params=[(1024, 8192), (7, 5)], ids=["one block", "many blocks"], autouse=True)
def blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acclimate.data.leakage.alike._ROWS", request.param[0])
    monkeypatch.setattr("acclimate.data.leakage.alike._OTHERS", request.param[1])


def test_counts_shares_and_examples_are_those_of_all_pairs() -> None:
    features = drawn(1)
    rng = np.random.default_rng(2)
    for row, other in ((3, 40), (4, 6), (9, 49)):
        features["test"][row] = features["train"][other] + 0.05 * rng.normal(size=24)
    ids = {name: [f"{name}{row}" for row in range(size)] for name, size in SIZES.items()}
    [found] = lookalikes(features, ids, alike=0.95)
    centre = features["train"].mean(axis=0)
    cosines = cosine_similarity(features["test"] - centre, features["train"] - centre)
    rows = np.flatnonzero((cosines >= 0.95).any(axis=1))
    assert rows.tolist() == [3, 4, 9]
    assert (found.code, found.level) == ("alike-across-parts", "warning")
    assert "3 of 20 test rows (15.0 %) are alike a row of train" in found.message
    assert (found.details["part"], found.details["alike"], found.details["share"]) == ("test", "train", 0.15)
    among = cosine_similarity(features["train"] - centre) - 2 * np.eye(50)
    assert found.details["share_of_train"] == (among.max(axis=1) >= 0.95).mean() == 0
    shown = {(mine, other): share for mine, other, share in found.details["examples"]}
    assert set(shown) == {("test3", "train40"), ("test4", "train6"), ("test9", "train49")}
    assert list(shown.values()) == sorted(shown.values(), reverse=True)
    for (mine, other), share in shown.items():
        assert share == pytest.approx(cosines[int(mine[4:]), int(other[5:])], abs=1e-5)


def test_what_all_rows_share_makes_none_alike() -> None:
    features = drawn(3)
    assert cosine_similarity(features["test"], features["train"]).min() > 0.95
    ids = {name: list(map(str, range(size))) for name, size in SIZES.items()}
    assert list(lookalikes(features, ids, alike=0.95)) == []


def test_a_row_without_anything_of_its_own_is_alike_to_none() -> None:
    features = {"train": np.array([[1.0, 0], [-1, 0]]), "validation": np.zeros((1, 2)), "test": np.zeros((2, 2))}
    plain = {name: each.astype(np.float32) for name, each in features.items()}
    assert list(lookalikes(plain, {name: list("abc") for name in plain}, alike=0.5)) == []


@pytest.mark.parametrize(("copies", "level"), [(4, "warning"), (16, "note")])
def test_where_training_rows_are_alike_each_other_it_says_little(copies: int, level: str) -> None:
    features = drawn(5)
    features["train"][:copies:2] = features["train"][1:copies:2]
    features["test"][0] = features["train"][0]
    ids = {name: list(map(str, range(size))) for name, size in SIZES.items()}
    [found] = lookalikes(features, ids, alike=0.95)
    assert found.level == level
    assert found.details["share_of_train"] == copies / 50
    assert f"Of the training rows {2 * copies}.0 % are alike another one" in found.message
    assert ("do not tell these rows apart" in found.message) is (level == "note")
