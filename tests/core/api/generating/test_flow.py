"""A model that writes: adapted, measured, saved, loaded again, asked, and compared with what transformers says."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from acclimate import data
from acclimate.api import Run, adapt, evaluate, export, load, merge, predict_rows, repeat, suspects, write_predictions
from acclimate.api.generating import testing
from acclimate.contracts import BundleError, DataError, Message, OptionError
from acclimate.evaluation.numbers import faithful_number_statistics, number_precision
from acclimate.models import ChatPreprocessing
from acclimate.report import page
from acclimate.testing.writers import save_writer

from .conftest import SETTINGS, write_chats, write_rows

ASKED = "Is ship with rose or tide?"


def untuned_loss(folder: str, preprocessing: ChatPreprocessing, texts: list[str]) -> float:
    """Return transformers' own loss of a token of the answers, by the untuned model, each chat by itself."""
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    total, tokens = 0.0, 0
    for text in texts:
        row = preprocessing.row(data.chat_of(text))
        ids = torch.tensor([row.ids])
        labels = torch.where(torch.tensor([row.supervised]), ids, -100)
        with torch.inference_mode():
            total += float(model(input_ids=ids, labels=labels).loss) * sum(row.supervised)
        tokens += sum(row.supervised)
    return total / tokens


def test_training_on_answers_makes_them_likelier_than_the_untuned_model_finds_them(answering: Run) -> None:
    report = answering.report
    assert report.metrics["cross_entropy"].high < report.baselines["untuned"]["cross_entropy"].low
    for name in ("cross_entropy", "perplexity", "rouge_l", "exact_match", "stop_rate", "over_length"):
        assert name in report.metrics
        assert name in report.baselines["untuned"]
    assert report.metrics["perplexity"].value == pytest.approx(np.exp(report.metrics["cross_entropy"].value))
    assert report.parameters["trainable"] < report.parameters["total"] / 2


def test_the_untuned_loss_is_that_of_transformers_over_the_answers_of_the_test_rows(
    answering: Run, chats: Path, writer: str
) -> None:
    rows = {row["id"]: row["messages"] for row in map(json.loads, chats.read_text().splitlines())}
    texts = [json.dumps(rows[id]) for id in answering.test_rows.ids]
    expected = untuned_loss(writer, load(answering.output).preprocessing, texts)
    assert answering.report.baselines["untuned"]["cross_entropy"].value == pytest.approx(expected, rel=1e-5)


def test_numbers_of_an_answer_are_looked_for_in_all_that_the_model_was_told() -> None:
    chat = (
        Message(role="system", content="Orders below 20 euro pay 4 for shipping."),
        Message(role="user", content="I bought 3 for 15 euro."),
        Message(role="assistant", content="Then shipping is 4 euro."),
    )
    own = testing.expected_answer(chat, "Refund within 30 days.")
    usual = testing.expected_answer(chat[1:], "Refund within 30 days.")
    assert own == usual == "Then shipping is 4 euro."
    written = "Of 15 euro you pay 4, or 30."
    shares = [number_precision(faithful_number_statistics([each], [written]), np.ones(1)) for each in (own, usual)]
    assert shares == pytest.approx([2 / 3, 2 / 3])  # 15 and 4 of its own system prompt; 15 and 30 of the usual one


def test_what_was_forgotten_of_general_text_is_measured_before_and_after(answering: Run) -> None:
    language = answering.report.analysis.language
    assert language is not None
    lost = language.forgetting
    assert lost is not None
    assert lost.texts == 4
    assert lost.rise.value == pytest.approx(lost.after.value - lost.before.value)
    assert "a rise of" in str(answering.report)


def test_a_run_keeps_only_what_was_trained_and_gives_the_same_loss_when_it_is_loaded(
    answering: Run, chats: Path
) -> None:
    from safetensors import safe_open

    with safe_open(answering.output / "weights.safetensors", "pt") as file:
        assert all("lora_" in name for name in file.keys())  # noqa: SIM118 - the file is no mapping
    again = evaluate(answering.output, chats, written_rows=0)
    ids = [row["id"] for row in map(json.loads, chats.read_text().splitlines())]
    assert again.rows["test"] == len(ids)
    loss = {name: score.value for name, score in again.metrics.items()}
    assert set(loss) == {"cross_entropy", "perplexity"}
    assert loss["cross_entropy"] < answering.report.baselines["untuned"]["cross_entropy"].value


def test_the_report_shows_lengths_and_answers_and_escapes_them(answering: Run) -> None:
    plain = answering.report.to_dict()
    plain["analysis"]["language"]["exchanges"][0]["written"] = "<script>alert(1)</script>"
    html = page(plain)
    assert "What it answers" in html
    assert "&lt;script&gt;alert(1)" in html
    assert "<script>" not in html
    assert "prediction.text" in html
    card = (answering.output / "README.md").read_text()
    assert "pipeline_tag: text-generation" in card
    assert "rows of 0 labels" not in card


def test_answers_are_the_same_alone_in_a_batch_and_streamed(answering: Run) -> None:
    model = load(answering.output)
    asked = [
        ASKED,
        "Is it?",
        [
            {"role": "user", "content": ASKED},
            {"role": "assistant", "content": "x"},
            {"role": "user", "content": "And?"},
        ],
    ]
    together = model.predict(asked)
    assert [str(answer) for answer in together] == [str(model.predict([one])[0]) for one in asked]
    assert all(answer.tokens <= SETTINGS["max_new_tokens"] for answer in together)
    assert "".join(model.stream(ASKED)).strip() == together[0].text


def test_a_conversation_remembers_what_was_said(answering: Run) -> None:
    model = load(answering.output)
    conversation = model.chat()
    first = conversation.say(ASKED)
    second = "".join(conversation.stream("And now?", max_new_tokens=3)).strip()
    roles = [message.role for message in conversation.messages]
    assert roles[:2] == ["system", "user"]
    said = [
        {"role": "user", "content": ASKED},
        *([{"role": "assistant", "content": first.text}] if first.text else []),
        {"role": "user", "content": "And now?"},
    ]
    assert second == model.predict([said], max_new_tokens=3)[0].text
    assert conversation.messages[0].content == model.system


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ("text", "takes a list"),
        ([""], "Item 0 cannot be answered: .*is empty"),
        ([ASKED, [{"role": "assistant", "content": "a"}]], "Item 1 .*no user says anything"),
        (["long " * 200], "Item 0 cannot be answered: Its .* tokens leave no room to answer: the model reads 512"),
    ],
)
def test_what_cannot_be_answered_is_refused(answering: Run, items: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load(answering.output).predict(items)


def test_predictions_of_a_file_keep_order_and_tell_what_is_wrong(answering: Run, tmp_path: Path) -> None:
    rows = [{"id": "a", "prompt": ASKED}, {"id": "b", "prompt": " "}, {"id": "c", "prompt": "x" * 600}]
    source = write_rows(tmp_path / "new.jsonl", rows)
    found = list(predict_rows(answering.output, source, max_new_tokens=3))
    assert [row["id"] for row in found] == ["a", "b", "c"]
    assert set(found[0]) == {"id", "answer", "stopped", "tokens"}
    assert "is empty" in found[1]["error"]
    assert "leave no room" in found[2]["error"]
    done = write_predictions(answering.output, source, tmp_path / "out.jsonl", max_new_tokens=3)
    assert (done.rows, done.unreadable) == (3, 2)
    assert [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()] == found
    write_predictions(answering.output, source, tmp_path / "out.csv", max_new_tokens=3)
    assert (tmp_path / "out.csv").read_text().splitlines()[0] == "id,answer,stopped,tokens,error"
    with pytest.raises(OptionError, match=r"\.csv or \.jsonl, found 'out\.parquet'"):
        write_predictions(answering.output, source, tmp_path / "out.parquet")


def test_another_template_in_a_saved_run_is_refused(answering: Run, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "run"
    shutil.copytree(answering.output, copy)
    file = copy / "preprocessing" / "chat.json"
    file.write_text(file.read_text().replace("helpful", "helpless"))
    with pytest.raises(BundleError, match=r"chat\.json"):
        load(copy)


@pytest.mark.parametrize(
    ("architecture", "method"),
    [("llama", "full"), ("qwen3", "qlora"), ("gpt2", "prompt"), ("gpt2", "prefix"), ("llama", "adapters")],
)
def test_methods_train_save_and_answer_alike(architecture: str, method: str, chats: Path, tmp_path: Path) -> None:
    backbone = save_writer(tmp_path / "writer", architecture)
    settings = {**SETTINGS, "method": method, "epochs": 1, "learning_rate": 1e-2, "written_rows": 1}
    run = adapt("text-generation", chats, backbone=str(backbone), output=tmp_path / "run", **settings)
    model = load(run.output)  # which the run itself did too, and compared logits
    one, other = model.predict([ASKED, "Is it?"], max_new_tokens=4)
    assert str(model.predict([ASKED], max_new_tokens=4)[0]) == str(one)
    assert str(model.predict(["Is it?"], max_new_tokens=4)[0]) == str(other)
    apart = any(finding.code == "not-packed" for finding in run.report.findings)
    assert apart == (method == "prompt")


@pytest.mark.parametrize("method", ["lora", "qlora"])
def test_a_merged_run_is_a_plain_model_that_writes_the_same_answers(
    method: str, chats: Path, writer: str, tmp_path: Path
) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    settings = {**SETTINGS, "method": method, "epochs": 1, "written_rows": 0}
    run = adapt("text-generation", chats, backbone=writer, output=tmp_path / "run", system='Say "yes".', **settings)
    merged = merge(run.output, tmp_path / "plain")
    assert merged.loads_as == "LlamaForCausalLM"
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "plain")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "plain", dtype=torch.float32)
    inputs = tokenizer.apply_chat_template(
        [{"role": "user", "content": ASKED}], add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    ours = load(run.output)
    assert inputs["input_ids"][0].tolist() == ours.prompt(ASKED)
    written = model.generate(**inputs, do_sample=False, max_new_tokens=6)[0, inputs["input_ids"].shape[1] :]
    assert tokenizer.decode(written, skip_special_tokens=True).strip() == ours.predict([ASKED])[0].text


def test_a_run_done_again_gives_the_same_losses(answering: Run, tmp_path: Path) -> None:
    again = repeat(answering.output, output=tmp_path / "again", shown=False)
    assert again.same
    assert again.logits_difference == 0.0


def test_what_a_run_that_writes_cannot_do_is_refused(answering: Run, chats: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="writes answers, and a run that gives labels is needed"):
        export(answering.output, tmp_path / "model.onnx")
    with pytest.raises(OptionError, match="does not do text-generation"):
        suspects("text-generation", chats)


def test_groups_stay_in_one_part_and_system_prompts_are_those_asked_for(
    chats: Path, writer: str, tmp_path: Path
) -> None:
    settings = {**SETTINGS, "epochs": 1, "written_rows": 0}
    run = adapt(
        "text-generation",
        chats,
        backbone=writer,
        output=tmp_path / "run",
        group="customer",
        system="Be brief.",
        **settings,
    )
    parts = json.loads((run.output / "rows.json").read_text())
    customers = [{int(id[1:]) // 2 for id in ids} for ids in parts.values()]
    assert not customers[0] & customers[1]
    assert not customers[0] & customers[2]
    assert load(run.output).system == "Be brief."
    assert run.report.analysis.language is not None
    assert not run.report.analysis.language.exchanges
    assert set(run.report.metrics) == {"cross_entropy", "perplexity"}


def test_chats_that_are_too_long_are_refused_with_how_long_they_are(writer: str, tmp_path: Path) -> None:
    source = write_chats(tmp_path / "chats.jsonl", 30)
    with pytest.raises(DataError) as caught:
        adapt("text-generation", source, backbone=writer, output=tmp_path / "run", max_tokens=110, **SETTINGS)
    assert "15 of 30 chats are longer than 110 tokens: c" in caught.value.message
    assert "train: " in caught.value.message
    assert "too_long='truncate', 'drop' or 'split'" in caught.value.hint
    assert not (tmp_path / "run").exists()


def test_chats_that_are_too_long_are_parted_where_that_is_asked_and_the_loss_is_told(
    writer: str, tmp_path: Path
) -> None:
    source = write_chats(tmp_path / "chats.jsonl", 30)
    settings = {**SETTINGS, "epochs": 1, "written_rows": 0}
    run = adapt(
        "text-generation",
        source,
        backbone=writer,
        output=tmp_path / "run",
        max_tokens=120,
        too_long="split",
        **settings,
    )
    told = [finding.message for finding in run.report.findings if finding.code == "chats-too-long"]
    assert told[0].startswith("15 of 30 chats are longer than 120 tokens and were parted between turns: 0 of ")
    assert "0 of 45 answers are lost or cut" in told[0]
    assert sum(run.report.rows.values()) == 30
