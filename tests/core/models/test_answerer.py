"""Windows of long texts beside a question: what they show, what they teach, and the answers that come of them."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from acclimate.contracts import DataError
from acclimate.models import (
    Answerer,
    AnswerExamples,
    AnswerPreprocessing,
    Asked,
    find_answers,
    tokens_of_answer,
    windows_of,
)
from acclimate.testing import tiny
from acclimate.training import IGNORED, answer_loss, answer_row_losses
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

WORDS = [f"w{number}" for number in range(40)]


def tokenizer(special: bool = True) -> Any:
    """Return a tokenizer of whole words, with special tokens as BERT has them or with none."""
    vocabulary = {word: number for number, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS])}
    found = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    found.pre_tokenizer = pre_tokenizers.Whitespace()
    if special:
        found.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
    own = {"sep_token": "[SEP]"} if special else {"eos_token": "[SEP]"}
    return PreTrainedTokenizerFast(tokenizer_object=found, pad_token="[PAD]", unk_token="[UNK]", **own)


def preprocessing(max_tokens: int = 16, overlap: int = 4, special: bool = True) -> AnswerPreprocessing:
    return AnswerPreprocessing(tokenizer(special), max_tokens=max_tokens, overlap=overlap)


def examples(
    words: int = 30, answers: tuple[tuple[int, int], ...] | None = ((3, 4),), **given: Any
) -> AnswerExamples:
    """Return one text of so many words, and a question of two words with answers by their first and last token."""
    own = preprocessing(**given)
    text = " ".join(WORDS[number % 40] for number in range(words))
    question = np.asarray(own.question("w38 w39"), dtype=np.int32)
    asked = [Asked(text=0, question=question, answers=answers)]
    return AnswerExamples([own.divide(text)], asked, ["a"], ["f"], preprocessing=own)


@settings(max_examples=200, deadline=None)
@given(tokens=st.integers(1, 200), size=st.integers(4, 40), data=st.data())
def test_what_is_no_longer_than_the_overlap_lies_wholly_in_a_window(
    tokens: int, size: int, data: st.DataObject
) -> None:
    overlap = data.draw(st.integers(1, size // 2))
    windows = windows_of(tokens, size, overlap)
    assert windows[0][0] == 0
    assert windows[-1][1] == tokens
    assert all(end - start == min(size, tokens) for start, end in windows)
    for length in range(1, min(overlap, tokens) + 1):
        for first in range(tokens - length + 1):
            assert any(start <= first and first + length <= end for start, end in windows)


def test_a_window_shows_the_question_between_special_tokens_and_then_its_part_of_the_text() -> None:
    found = examples()
    row = found.batch([1])["input_ids"][0].tolist()
    number, start, end = found.windows[1].tolist()
    assert (number, row[0], row[3], row[-1]) == (0, 2, 3, 3)
    vocabulary = found.preprocessing.tokenizer.get_vocab()
    assert row[1:3] == [vocabulary["w38"], vocabulary["w39"]]
    assert row[found.place(1)] == [vocabulary[WORDS[token]] for token in range(start, end)]
    assert all(length == len(found.batch([place])["input_ids"][0]) for place, length in enumerate(found.lengths))


def test_without_a_separator_the_end_of_a_text_stands_between_both() -> None:
    assert preprocessing(special=False).frame == ([], [3], [])


def test_truth_is_the_share_of_answers_and_nothing_is_asked_of_other_tokens() -> None:
    found = examples(answers=((3, 4), (3, 6), (25, 27)))
    truth = found.batch([0])["truth"][0]
    place = found.place(0)
    outside = torch.ones(len(truth), dtype=torch.bool)
    outside[place] = False
    assert bool((truth[outside] == IGNORED).all())
    shown = truth[place]
    assert shown[3].tolist() == [1.0, 0.0]
    assert (shown[4, 1], shown[6, 1]) == (0.5, 0.5)
    assert shown.sum(dim=0).tolist() == [1.0, 1.0]
    assert "truth" not in examples(answers=None).batch([0])


def test_windows_that_cut_an_answer_are_told_from_those_that_hold_or_show_none() -> None:
    found = examples(answers=((9, 12),))  # windows show 11 tokens: 0 to 11, 7 to 18, …
    expected = []
    for _, start, end in found.windows.tolist():
        inside, seen = start <= 9 and end > 12, start <= 12 and end > 9
        expected.append(1 if inside else -1 if seen else 0)
    assert found.held.tolist() == expected
    assert set(expected) == {1, 0, -1}


def test_the_loss_is_that_of_its_definition() -> None:
    logits = torch.tensor([[[0.3, -1.0], [2.0, 0.5], [-0.4, 1.5]], [[0.1, 0.2], [0.7, -0.3], [5.0, 5.0]]])
    truth = torch.tensor([[[1.0, 0.0], [0.0, 0.5], [0.0, 0.5]], [[0.0, 0.0], [0.0, 0.0], [IGNORED, IGNORED]]])
    start = -(0.3 - math.log(1 + sum(math.exp(v) for v in (0.3, 2.0, -0.4))))
    sums = math.log(1 + sum(math.exp(v) for v in (-1.0, 0.5, 1.5)))
    end = -(0.5 * (0.5 - sums) + 0.5 * (1.5 - sums))
    none = [math.log(1 + math.exp(one) + math.exp(other)) for one, other in ((0.1, 0.7), (0.2, -0.3))]
    expected = [(start + end) / 2, sum(none) / 2]
    assert answer_row_losses(logits, truth).tolist() == pytest.approx(expected)
    assert float(answer_loss(logits, truth, empty=0.25)) == pytest.approx((expected[0] + 0.25 * expected[1]) / 2)


def test_padding_and_neighbours_do_not_change_answers() -> None:
    own = preprocessing()
    texts = [own.divide(" ".join(WORDS[number % 40] for number in range(words))) for words in (30, 5, 17)]
    question = np.asarray(own.question("w38 w39"), dtype=np.int32)
    model = Answerer(tiny.encoder("bert"), width=16).eval()

    def answers(chosen: list[int]) -> list[list[tuple[int, int, float]]]:
        asked = [Asked(text=place, question=question) for place in range(len(chosen))]
        names = [str(place) for place in chosen]
        own_examples = AnswerExamples([texts[each] for each in chosen], asked, names, names, preprocessing=own)
        return find_answers(model, own_examples, precision="float32", longest=6)

    together = answers([0, 1, 2])
    for place, found in enumerate(together):
        (alone,) = answers([place])
        assert [pair[:2] for pair in alone] == [pair[:2] for pair in found]
        assert [pair[2] for pair in alone] == pytest.approx([pair[2] for pair in found], abs=1e-5)
        assert found == sorted(found, key=lambda pair: -pair[2])
        assert all(0 <= start < end <= texts[place].ends[-1] for start, end, _ in found)


def test_an_answer_is_found_by_the_tokens_that_show_its_characters() -> None:
    text = preprocessing().divide("w1 w22 w3")
    assert tokens_of_answer(text, 3, 6) == (1, 1)
    assert tokens_of_answer(text, 4, 8) == (1, 2)  # cut inside tokens
    with pytest.raises(DataError, match="has no token"):
        tokens_of_answer(text, 2, 3)


def test_a_question_that_leaves_too_little_to_the_text_is_refused() -> None:
    with pytest.raises(DataError, match=r"has 7 tokens, which leaves 6 of 16"):
        preprocessing().question("w1 w2 w3 w4 w5 w6 w7")


def test_the_overlap_is_part_of_the_name_of_a_preprocessing() -> None:
    assert preprocessing(overlap=4).hash != preprocessing(overlap=5).hash
    assert preprocessing(overlap=4).hash == preprocessing(overlap=4).hash
