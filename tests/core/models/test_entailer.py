"""Passages of texts compared with hypotheses, against the same computed one by one."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from acclimate import models
from acclimate.contracts import DataError
from acclimate.models import Asserted, Entailer, EntailExamples, EntailPreprocessing
from acclimate.testing import tiny
from torch.nn.functional import normalize

from .test_answerer import WORDS, tokenizer

LABELS = ("entailment", "contradiction", "neutral")
PLACES = [(0, 8), (9, 14), (15, 41), (42, 59)]
TEXT = " ".join(WORDS[:10] + WORDS[:10])


def examples(*, known: bool = True) -> EntailExamples:
    """Return one text in four passages, two of them of several windows or alone, with two hypotheses."""
    own = EntailPreprocessing(tokenizer(), max_tokens=8)
    text = models.passages_in(own.divide(TEXT), PLACES, own.size)
    asked = [
        Asserted(text=0, hypothesis=tuple(own.hypothesis(words)), truth=np.array(truth) if known else None)
        for words, truth in (("w1 w2 w3", [0, 2, 2, 2]), ("w9", [2, 2, 1, -100]))
    ]
    return EntailExamples([text], asked, ["a"], ["f"], preprocessing=own)


def model() -> Entailer:
    torch.manual_seed(0)
    encoder = tiny.encoder("bert")
    return Entailer(encoder, width=encoder.config.hidden_size, labels=LABELS).eval()


@pytest.mark.parametrize("size", [3, 5, 100])
def test_pieces_cover_each_passage_and_none_is_longer_than_a_window(size: int) -> None:
    starts = np.arange(0, 60, 3)
    text = models.Divided(
        ids=np.arange(20, dtype=np.int32), starts=starts, ends=starts + 2, first=np.arange(20, dtype=np.int64)
    )
    found = models.passages_in(text, [(0, 5), (6, 40), (41, 60)], size)
    for (first, last), pieces in zip([(0, 2), (2, 14), (14, 20)], found.pieces, strict=True):
        assert (pieces[0][0], pieces[-1][1]) == (first, last)
        assert all(one[1] == other[0] for one, other in pairwise(pieces))
        assert all(0 < end - start <= size for start, end in pieces)
    with pytest.raises(DataError, match="The passage at 2 to 3 has no token"):
        models.passages_in(text, [(2, 3)], size)
    assert not models.has_token(text, 2, 3)


def test_every_piece_stands_in_one_window_and_meets_every_hypothesis() -> None:
    found = examples()
    pieces = [piece for window in found.windows for piece in window.pieces]
    expected = [(passage, *piece) for passage, own in enumerate(found.texts[0].pieces) for piece in own]
    assert pieces == expected
    assert len(found.windows) > 1
    assert (found.lengths <= 8).all()
    pairs = [pair for row in range(len(found)) for pair in found.pairs(row)]
    assert pairs == [(asked, passage) for passage, _, _ in pieces for asked in (0, 1)]
    for row in range(len(found)):
        truth = [int(found.asserted[asked].truth[passage]) for asked, passage in found.pairs(row)]  # type: ignore[index]
        assert found.batch([row])["truth"].tolist() == truth
    assert "truth" not in examples(known=False).batch([0])


def test_logits_are_those_of_each_pair_by_itself() -> None:
    found, own = examples(), model()
    special = 1
    for row, logits in models.pair_values(own, found, precision="float32"):
        window = found.windows[row]
        start = window.pieces[0][1]
        line = found.batch([row])["input_ids"]
        with torch.inference_mode():
            hidden = own.encoder(input_ids=line, attention_mask=torch.ones_like(line)).last_hidden_state[0]
            expected = []
            for _, first, last in window.pieces:
                passage = normalize(hidden[first - start + special : last - start + special].mean(dim=0), dim=0)
                for asked in found.of_text[0]:
                    tokens = torch.tensor([[2, *found.asserted[asked].hypothesis, 3]])
                    outputs = own.encoder(input_ids=tokens, attention_mask=torch.ones_like(tokens))
                    hypothesis = normalize(outputs.last_hidden_state[0, 1:-1].mean(dim=0), dim=0)
                    both = [hypothesis, passage, (hypothesis - passage).abs(), hypothesis * passage]
                    expected.append(own.head(torch.cat(both)))
        np.testing.assert_allclose(logits, torch.stack(expected).numpy(), atol=1e-5)


def test_a_passage_in_pieces_has_the_logits_of_the_piece_that_speaks_most() -> None:
    found, own = examples(), model()
    every: dict[tuple[int, int], list[np.ndarray]] = {}
    for row, logits in models.pair_values(own, found, precision="float32"):
        for pair, values in zip(found.pairs(row), logits, strict=True):
            every.setdefault(pair, []).append(values)
    assert max(map(len, every.values())) > 1
    passages = models.passage_logits(own, found, precision="float32")
    for (asked, passage), some in every.items():
        best = max(some, key=lambda values: values[:2].max() - values[2])
        np.testing.assert_allclose(passages[asked][passage], best, atol=1e-5)


def test_a_hypothesis_longer_than_a_window_is_refused() -> None:
    own = EntailPreprocessing(tokenizer(), max_tokens=8)
    with pytest.raises(DataError, match="A hypothesis has 7 tokens, and a window 6"):
        own.hypothesis("w1 " * 7)
