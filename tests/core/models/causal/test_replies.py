"""Replies in tokens: their losses and gradients are those of TRL's trainers on the same tokens, however packed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from acclimate import training
from acclimate.contracts import Message, Standing
from acclimate.models import LanguageModel
from acclimate.models.causal import (
    ChatPreprocessing,
    PackedReplies,
    Replies,
    ReplyLogProbabilities,
    SupervisedRow,
    Template,
    chat_losses,
    fitted_reply,
    layout_of,
)
from acclimate.testing.writers import MARKED, save_writer
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer

BETA = 0.3
# A reply ends with the token that ends it, and no line break that TRL would learn too.
TEMPLATE = MARKED.replace("<|im_end|>\n", "<|im_end|>")
ASKED = ["Is it open?", "Where is parcel seven now?", "May I?", "Do you sell tea or rose?"]
GOOD = ["Thanks, it is.", "It left, dear Ada.", "Please do.", "We do, gladly."]
BAD = ["No.", "How would I know that?", "Nope!", "Look it up yourself."]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_writer(tmp_path_factory.mktemp("llama"), template=TEMPLATE)


def moved(folder: Path) -> Any:
    """Return the tiny model of a folder, a step away from how it is there."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.02 * torch.randn(weight.shape, generator=generator))
    return model


def asked(text: str) -> list[dict[str, str]]:
    return [{"role": "system", "content": "Be kind."}, {"role": "user", "content": text}]


def answered(text: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": text}]


def row(prompt: Sequence[int], reply: Sequence[int]) -> SupervisedRow:
    learned = (False,) * len(prompt) + (True,) * len(reply)
    return SupervisedRow(ids=(*prompt, *reply), supervised=learned, prefix=len(prompt))


def replies_of(rows: Sequence[SupervisedRow], standings: Sequence[Standing]) -> Replies:
    names = [str(number) for number in range(len(rows))]
    return Replies(rows, standings, names, names)


def gradients(model: Any) -> dict[str, torch.Tensor]:
    return {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.grad is not None}


def ours(
    folder: Path, replies: Replies, losses: Any, *, packed: bool
) -> tuple[float, dict[str, torch.Tensor], Mapping[str, Any]]:
    """Return our loss on one batch of all rows, its gradients under transformers' names, and the batch."""
    untuned = LanguageModel.of(AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval())
    reference = -chat_losses(untuned, replies, precision="float32")[:, 0]
    plain = moved(folder)
    model = LanguageModel.of(plain)
    layout = layout_of(model, [replies.row(number) for number in range(len(replies))], packed=packed)
    assert (layout.masks is not None) == packed
    batch = PackedReplies(replies, layout, reference).batch(range(len(replies) // 2))
    inputs = {name: value for name, value in batch.items() if name != "truth"}
    loss = training.mean_loss(losses(ReplyLogProbabilities(model)(**inputs), batch["truth"]))
    loss.backward()
    return loss.item(), gradients(plain), batch


def theirs(trainer: Any) -> tuple[float, dict[str, torch.Tensor]]:
    batch = next(iter(trainer.get_train_dataloader()))
    loss = trainer.compute_loss(trainer.model, batch)
    loss.backward()
    return loss.item(), gradients(trainer.model)


def arguments(folder: Path, kind: Any, **values: Any) -> Any:
    return kind(
        output_dir=str(folder / "trl"),
        bf16=False,
        use_cpu=True,
        gradient_checkpointing=False,
        max_length=None,
        beta=BETA,
        report_to=[],
        per_device_train_batch_size=len(ASKED),
        disable_tqdm=True,
        **values,
    )


@pytest.mark.parametrize("packed", [True, False])
def test_pairs_have_the_loss_and_the_gradients_of_trl(folder: Path, tmp_path: Path, packed: bool) -> None:
    from trl import DPOConfig, DPOTrainer

    pairs = zip(ASKED, GOOD, BAD, strict=True)
    rows = [{"prompt": asked(a), "chosen": answered(b), "rejected": answered(c)} for a, b, c in pairs]
    settings = arguments(tmp_path, DPOConfig, loss_type=["sigmoid", "sft"], loss_weights=[1.0, 0.5])
    trainer = DPOTrainer(
        model=moved(folder),
        ref_model=AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32),
        args=settings,
        train_dataset=Dataset.from_list(rows),
        processing_class=AutoTokenizer.from_pretrained(folder),
    )
    trainer.model.eval()  # as ours is: what is compared is the loss, and not dropout
    expected, expected_gradients = theirs(trainer)
    tokens = [
        row(found["prompt_ids"], found[f"{side}_ids"])
        for found in trainer.train_dataset
        for side in ("chosen", "rejected")
    ]
    replies = replies_of(tokens, [Standing.CHOSEN, Standing.REJECTED] * len(ASKED))
    loss, found, _ = ours(
        folder, replies, lambda *given: training.dpo_losses(*given, beta=BETA, sft_weight=0.5), packed=packed
    )
    assert loss == pytest.approx(expected, rel=1e-5)
    assert set(found) == set(expected_gradients)
    for name, gradient in found.items():
        assert torch.allclose(gradient, expected_gradients[name], atol=1e-5), name
    assert max(float(gradient.abs().max()) for gradient in found.values()) > 1e-3


def test_single_replies_have_the_loss_and_the_gradients_of_trl(folder: Path, tmp_path: Path) -> None:
    from trl import KTOConfig, KTOTrainer

    said = [GOOD[0], BAD[1], GOOD[2], GOOD[3]]
    wanted = [True, False, True, True]
    rows = [
        {"prompt": asked(a), "completion": answered(b), "label": c}
        for a, b, c in zip(ASKED, said, wanted, strict=True)
    ]
    trainer = KTOTrainer(
        model=moved(folder),
        ref_model=AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32),
        args=arguments(tmp_path, KTOConfig, desirable_weight=1.0, undesirable_weight=3.0),
        train_dataset=Dataset.from_list(rows),
        processing_class=AutoTokenizer.from_pretrained(folder),
    )
    trainer.model.eval()
    expected, expected_gradients = theirs(trainer)
    tokens, standings = [], []
    for found in trainer.train_dataset:
        own = Standing.CHOSEN if found["label"] else Standing.REJECTED
        tokens += [
            row(found["prompt_ids"], found["completion_ids"]),
            row(found["prompt_ids"], found["KL_completion_ids"]),
        ]
        standings += [own, Standing.STRAY]
    loss, gradient, batch = ours(
        folder,
        replies_of(tokens, standings),
        lambda *given: training.kto_losses(*given, beta=BETA, weights=(1.0, 3.0)),
        packed=True,
    )
    assert "stray" in batch
    assert loss == pytest.approx(expected, rel=1e-5)
    for name, value in gradient.items():
        assert torch.allclose(value, expected_gradients[name], atol=1e-5), name


def test_both_replies_stand_behind_one_copy_of_what_they_reply_to(folder: Path) -> None:
    model = LanguageModel.of(moved(folder))
    rows = [row(range(3, 33), (40, 41, 42)), row(range(3, 33), (50, 51))]
    replies = replies_of(rows, [Standing.CHOSEN, Standing.REJECTED])
    together = PackedReplies(replies, layout_of(model, rows), np.zeros(2)).batch([0])
    apart = PackedReplies(replies, layout_of(model, rows, packed=False), np.zeros(2)).batch([0])
    assert together["input_ids"].numel() == 30 + 3 + 2
    assert apart["input_ids"].numel() == 2 * 33
    assert together["truth"][:, 2].tolist() == [3.0, 2.0]
    with torch.inference_mode():
        found = [
            ReplyLogProbabilities(model)(**{name: value for name, value in batch.items() if name != "truth"})
            for batch in (together, apart)
        ]
    assert found[0].tolist() == pytest.approx(found[1].tolist(), abs=1e-4)
    expected = -chat_losses(model, replies, precision="float32")[:, 0]
    assert found[0].tolist() == pytest.approx(expected.tolist(), abs=1e-4)


@pytest.fixture(scope="module")
def preprocessing(folder: Path) -> ChatPreprocessing:
    template = Template(text=TEMPLATE, origin="tokenizer", stop="<|im_end|>", system="Be kind.")
    return ChatPreprocessing(AutoTokenizer.from_pretrained(folder), max_tokens=80, template=template)


def chat(reply: str) -> list[Message]:
    said = [("user", "Hi?"), ("assistant", "Hello."), ("user", "Is it open?"), ("assistant", reply)]
    return [Message(role=role, content=content) for role, content in said]  # type: ignore[arg-type]


def test_only_the_last_answer_is_learned_and_all_before_it_is_shared(preprocessing: ChatPreprocessing) -> None:
    whole = fitted_reply(preprocessing, chat("Yes."), "truncate").whole
    learned = [id for id, learns in zip(whole.ids, whole.supervised, strict=True) if learns]
    assert preprocessing.tokenizer.decode(learned) == "Yes.<|im_end|>"
    assert list(whole.ids[: whole.prefix]) == preprocessing.prompt(chat("Yes.")[:-1])


@pytest.mark.parametrize(("policy", "kept"), [("error", 0), ("drop", 0), ("truncate", 1)])
def test_a_reply_that_is_too_long_is_cut_or_none(preprocessing: ChatPreprocessing, policy: str, kept: int) -> None:
    found = fitted_reply(preprocessing, chat("Y" * 200), policy)
    assert len(found.rows) == kept
    assert all(len(cut.ids) == 80 and cut.supervised[-1] for cut in found.rows)


def test_a_question_that_leaves_no_room_is_left_out_and_never_cut(preprocessing: ChatPreprocessing) -> None:
    long = [Message(role="user", content="Q" * 100), Message(role="assistant", content="Yes.")]
    assert not fitted_reply(preprocessing, long, "truncate").rows
