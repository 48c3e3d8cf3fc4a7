"""Features are computed once per row, weights, preprocessing and precision; logits know their rows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from acclimate.models import Classifier, TextExamples, batches, features, logits

ROWS = [f"row {number} " + "word " * (number % 5) for number in range(40)]
KEY = ("weights", "preprocessing", "mean", "last layer")


@pytest.fixture
def model(tiny_bert: Callable[..., Any]) -> Classifier:
    return Classifier(tiny_bert(), width=16, labels=("a", "b"), pooling="mean").eval()


@contextmanager
def counted(model: Classifier) -> Iterator[list[int]]:
    """Collect the number of rows of each forward pass of the encoder."""
    seen: list[int] = []
    hook = model.encoder.register_forward_hook(
        lambda module, args, kwargs, output: seen.append(len(kwargs["input_ids"])), with_kwargs=True
    )
    yield seen
    hook.remove()


def one_by_one(model: Classifier, examples: TextExamples) -> np.ndarray:
    with torch.inference_mode():
        return np.concatenate([model.features(examples.batch([row])).numpy() for row in range(len(examples))])


def test_a_second_call_runs_no_forward_pass(
    model: Classifier, texts: Callable[..., TextExamples], tmp_path: Path
) -> None:
    examples = texts(ROWS)
    with counted(model) as seen:
        first = features(model, examples, cache=tmp_path, key=KEY, precision="float32")
        assert sum(seen) == 40
        second = features(model, examples, cache=tmp_path, key=KEY, precision="float32")
        assert sum(seen) == 40
    assert np.array_equal(first, second)
    np.testing.assert_allclose(first, one_by_one(model, examples), atol=1e-5)


def test_rows_that_moved_are_found_and_only_new_ones_computed(
    model: Classifier, texts: Callable[..., TextExamples], tmp_path: Path
) -> None:
    features(model, texts(ROWS), cache=tmp_path, key=KEY, precision="float32")
    moved = texts([*reversed(ROWS[10:]), "quite new", "new too", "quite new"], name="moved")
    with counted(model) as seen:
        found = features(model, moved, cache=tmp_path, key=KEY, precision="float32")
    assert sum(seen) == 2, "a repeated new row is computed once"
    np.testing.assert_allclose(found, one_by_one(model, moved), atol=1e-5)


@pytest.mark.parametrize(
    ("key", "precision"),
    [
        (("other", "preprocessing", "mean", "last layer"), "float32"),
        (("weights", "other", "mean", "last layer"), "float32"),
        (("weights", "preprocessing", "cls", "last layer"), "float32"),
        (("weights", "preprocessing", "mean", "layer 3"), "float32"),
        (KEY, "bfloat16"),
    ],
)
def test_another_key_never_hits(
    model: Classifier, texts: Callable[..., TextExamples], tmp_path: Path, key: Any, precision: str
) -> None:
    examples = texts(ROWS)
    features(model, examples, cache=tmp_path, key=KEY, precision="float32")
    with counted(model) as seen:
        features(model, examples, cache=tmp_path, key=key, precision=precision)
    assert sum(seen) == 40


def test_a_half_written_shard_is_ignored(
    model: Classifier, texts: Callable[..., TextExamples], tmp_path: Path
) -> None:
    examples = texts(ROWS)
    first = features(model, examples, cache=tmp_path, key=KEY, precision="float32")
    [index] = tmp_path.glob("features/*/*.rows.npy")
    index.rename(index.with_name(index.name.replace(".rows.", ".partial.")))
    with counted(model) as seen:
        again = features(model, examples, cache=tmp_path, key=KEY, precision="float32")
    assert sum(seen) == 40
    np.testing.assert_allclose(first, again, atol=1e-6)


def test_logits_come_with_the_ids_of_their_rows(model: Classifier, texts: Callable[..., TextExamples]) -> None:
    examples = texts(ROWS)
    scored = dict(
        pair
        for ids, values in logits(model, examples, precision="float32", batch_size=7)
        for pair in zip(ids, values, strict=True)
    )
    assert sorted(scored) == sorted(examples.ids)
    with torch.inference_mode():
        for row, name in enumerate(examples.ids):
            np.testing.assert_allclose(scored[name], model(**examples.batch([row]))[0].numpy(), atol=1e-5)
    assert scored[name].dtype == np.float64


def test_batches_hold_every_row_once_and_pad_little(texts: Callable[..., TextExamples]) -> None:
    examples = texts(ROWS)
    found = list(batches(examples, range(40), 8))
    assert sorted(row for batch in found for row in batch) == list(range(40))
    padded = sum(max(examples.lengths[batch]) * len(batch) for batch in found)
    assert padded == examples.lengths.sum(), "40 rows of 5 lengths fill batches of one length each"
