"""Chats in rows of a length: what is cut, parted or left out, what that loses, and what each chat costs a model."""

from pathlib import Path

import numpy as np
import pytest
import torch
from acclimate.contracts import Chat, Message
from acclimate.models import LanguageModel, TextPreprocessing
from acclimate.models.causal import ChatExamples, ChatPreprocessing, chat_losses, fitted, lengths_of
from acclimate.testing.writers import save_writer, tokenizer

ANSWERS = ["It is.", "No, never on Sundays.", "At six."]


def chat(*answers: str) -> Chat:
    turns = [(Message(role="user", content="Is it?"), Message(role="assistant", content=text)) for text in answers]
    return [message for turn in turns for message in turn]


def reading(limit: int) -> ChatPreprocessing:
    plain = TextPreprocessing(tokenizer(), max_tokens=limit)
    return ChatPreprocessing.of(plain, "Be kind.")[0]


LENGTHS = [len(reading(512).row(chat(*ANSWERS[:count])).ids) for count in (1, 2, 3)]


def answers_of(preprocessing: ChatPreprocessing, rows: object) -> list[str]:
    text = [
        "".join(
            preprocessing.tokenizer.decode([token]) if own else "\0"
            for token, own in zip(row.ids, row.supervised, strict=True)
        )
        for row in rows  # type: ignore[attr-defined]
    ]
    return [" ".join(filter(None, each.split("\0"))) for each in text]


def test_a_chat_within_the_limit_is_one_row_whatever_the_policy() -> None:
    for policy in ("error", "truncate", "drop", "split"):
        found = fitted(reading(LENGTHS[2]), chat(*ANSWERS), policy)
        assert found.rows == (found.whole,)
        assert (found.answers, found.kept_answers) == (3, 3)


@pytest.mark.parametrize(
    ("policy", "limit", "expected", "kept"),
    [
        ("error", LENGTHS[1], [], 0),
        ("drop", LENGTHS[1], [], 0),
        ("truncate", LENGTHS[1], ["It is.<|im_end|> No, never on Sundays.<|im_end|>"], 2),
        ("truncate", LENGTHS[1] - 4, ["It is.<|im_end|> No, never on Sunday"], 1),
        ("split", LENGTHS[1], ["It is.<|im_end|> No, never on Sundays.<|im_end|>", "At six.<|im_end|>"], 3),
        ("split", LENGTHS[0] + 2, ["It is.<|im_end|>", "At six.<|im_end|>"], 2),
        ("truncate", 40, [], 0),
    ],
)
def test_a_chat_beyond_the_limit_is_what_the_policy_says(
    policy: str, limit: int, expected: list[str], kept: int
) -> None:
    preprocessing = reading(limit)
    found = fitted(preprocessing, chat(*ANSWERS), policy)
    assert answers_of(preprocessing, found.rows) == expected
    assert all(len(row.ids) <= limit for row in found.rows)
    assert (found.answers, found.kept_answers) == (3, kept)
    told = lengths_of([found, fitted(preprocessing, chat("Ok."), policy)], limit)
    assert (told.rows, told.answers) == (2, 4)
    assert told.maximum == LENGTHS[2]
    lost_short = int(len(preprocessing.row(chat("Ok.")).ids) > limit)
    assert told.too_long == 1 + lost_short
    assert told.answers_lost == 3 - kept + lost_short


def test_each_part_begins_with_the_system_prompt() -> None:
    preprocessing = reading(LENGTHS[1])
    parts = fitted(preprocessing, chat(*ANSWERS), "split").rows
    heads = {row.ids[: row.prefix] for row in parts}
    assert len(parts) == 2
    assert [preprocessing.tokenizer.decode(head) for head in heads] == ["<|im_start|>system\nBe kind.<|im_end|>\n"]


def test_losses_of_chats_are_transformers_own_summed_over_their_rows(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    theirs = AutoModelForCausalLM.from_pretrained(save_writer(tmp_path), dtype=torch.float32).eval()
    preprocessing = reading(LENGTHS[1])
    found = [fitted(preprocessing, each, "split").rows for each in (chat(*ANSWERS), chat("Ok."), chat("No.", "Yes!"))]
    examples = ChatExamples(found, ["a", "b", "c"], ["a", "b", "c"])
    assert len(examples) == 4
    expected = np.zeros((3, 2))
    for place, rows in enumerate(found):
        for row in rows:
            labels = torch.where(torch.tensor([row.supervised]), torch.tensor([row.ids]), -100)
            with torch.inference_mode():
                loss = float(theirs(input_ids=torch.tensor([row.ids]), labels=labels).loss)
            expected[place] += (loss * sum(row.supervised), sum(row.supervised))
    losses = chat_losses(LanguageModel.of(theirs), examples, precision="float32")
    assert losses == pytest.approx(expected, rel=1e-5)
    assert examples.longest_answers == max(sum(row.supervised) for rows in found for row in rows)
    assert [examples.row(number) for number in range(4)] == [row for rows in found for row in rows]
