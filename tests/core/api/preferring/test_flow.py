"""A model that learns which replies are preferred: adapted, measured, saved, loaded again, and asked."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from acclimate import data
from acclimate.api import Run, adapt, compare, evaluate, load, merge, predict_rows, repeat
from acclimate.contracts import DataError, Message
from acclimate.report import page
from acclimate.testing.writers import save_writer
from safetensors.torch import load_file

from .conftest import SETTINGS, pairs_of, singles_of, write_rows


def log_probability(model: Any, preprocessing: Any, prompt: str, reply: str) -> float:
    """Return the logarithm of the probability of a reply by transformers' own model, alone."""
    said = (Message(role="user", content=prompt), Message(role="assistant", content=reply))
    row = preprocessing.row(said)
    ids = torch.tensor([row.ids])
    labels = torch.where(torch.tensor([row.supervised]), ids, -100)
    with torch.inference_mode():
        return -float(model(input_ids=ids, labels=labels).loss) * sum(row.supervised)


def test_pairs_that_were_held_out_are_told_apart_and_the_untuned_model_is_beside_them(preferring: Run) -> None:
    report = preferring.report
    assert report.metrics["implicit_accuracy"].value == 1.0
    assert report.metrics["implicit_accuracy"].low < 1.0
    assert report.metrics["reward_margin"].low > 0
    assert report.metrics["cross_entropy"].high < report.baselines["untuned"]["cross_entropy"].value
    assert set(report.baselines) == {"untuned", "longer_reply"}
    assert report.baselines["longer_reply"]["implicit_accuracy"].value < 0.5  # chosen ones are no longer
    told = report.analysis.preferences
    assert told is not None
    assert (told.loss, told.beta, told.sft_weight) == ("dpo", 0.1, 1.0)
    assert told.length_ratio is not None
    assert report.analysis.language is not None
    assert report.analysis.language.forgetting is not None
    assert "learned by dpo with a beta of 0.1" in str(report)
    assert report.history[-1]["loss"] < report.history[0]["loss"]


def test_rewards_are_beta_times_what_transformers_says_that_replies_gained(
    preferring: Run, writer: str, tmp_path: Path
) -> None:
    from transformers import AutoModelForCausalLM

    merge(preferring.output, tmp_path / "merged")
    before, after = (
        AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        for folder in (writer, tmp_path / "merged")
    )
    preprocessing = load(preferring.output).preprocessing
    rows = {row["id"]: row for row in pairs_of(40)}
    for id, scores in zip(preferring.test_rows.ids, preferring.test_rows.scores, strict=True):
        for side, reward in zip(("rejected", "chosen"), scores, strict=True):
            asked = preprocessing, rows[id]["prompt"], rows[id][side]
            gained = log_probability(after, *asked) - log_probability(before, *asked)
            assert reward == pytest.approx(0.1 * gained, abs=1e-4)


def test_what_the_untuned_model_gives_is_computed_once_and_kept_with_the_run(preferring: Run, writer: str) -> None:
    from transformers import AutoModelForCausalLM

    kept = load_file(preferring.output / "results.safetensors")["test.untuned"].numpy()
    model = AutoModelForCausalLM.from_pretrained(writer, dtype=torch.float32).eval()
    preprocessing = load(preferring.output).preprocessing
    rows = {row["id"]: row for row in pairs_of(40)}
    expected = [
        -log_probability(model, preprocessing, rows[id]["prompt"], rows[id][side])
        for id in preferring.test_rows.ids
        for side in ("chosen", "rejected")
    ]
    assert kept[:, 0] == pytest.approx(np.array(expected), rel=1e-4)


def test_a_saved_run_is_measured_on_new_pairs_beside_its_backbone(preferring: Run, tmp_path: Path) -> None:
    rows = [row for row in pairs_of(40) if row["id"] in preferring.test_rows.ids]
    again = evaluate(preferring.output, write_rows(tmp_path / "again.jsonl", rows), written_rows=2)
    for name in ("implicit_accuracy", "reward_margin", "cross_entropy"):
        assert again.metrics[name].value == pytest.approx(preferring.report.metrics[name].value, rel=1e-4)
    untuned = preferring.report.baselines["untuned"]
    found = again.baselines["untuned"]["cross_entropy"].value
    assert found == pytest.approx(untuned["cross_entropy"].value, rel=1e-4)
    with pytest.raises(DataError, match="The run learned by dpo"):
        evaluate(preferring.output, write_rows(tmp_path / "single.jsonl", singles_of(12)))


def test_it_answers_as_a_run_of_chats_does(preferring: Run, tmp_path: Path) -> None:
    source = write_rows(tmp_path / "new.jsonl", [{"id": "a", "prompt": "Is ship with rose?"}])
    answer = load(preferring.output).predict(["Is ship with rose?"], max_new_tokens=4)[0]
    found = list(predict_rows(preferring.output, source, max_new_tokens=4))
    assert [(row["id"], row["answer"]) for row in found] == [("a", answer.text)]
    assert load(preferring.output).chat().say("Hello?").tokens > 0
    html = page(preferring.report.to_dict())
    assert "What it answers" in html
    assert "Learned by dpo with a beta of 0.1 and 1.0 times the cross-entropy of chosen replies" in html
    assert "its implicit_accuracy is the share of pairs whose chosen reply it finds likelier" in html


def test_single_replies_are_learned_by_kto_with_both_kinds_weighing_the_same(
    singles: Path, writer: str, tmp_path: Path
) -> None:
    run = adapt("preference", singles, backbone=writer, output=tmp_path / "run", **SETTINGS)
    told = run.report.analysis.preferences
    assert told is not None
    assert (told.loss, told.sft_weight) == ("kto", 0.0)
    assert run.report.metrics["reward_auroc"].value > 0.9
    assert run.report.metrics["reward_margin"].low > 0
    parts = json.loads((run.output / "rows.json").read_text())
    approved = [row["id"] for row in singles_of(40) if row["approved"]]
    kinds = [sum(id in approved for id in parts["train"]), sum(id not in approved for id in parts["train"])]
    assert run.report.settings["weights"] == [max(kinds) / kinds[0], max(kinds) / kinds[1]]
    assert evaluate(run.output, singles, written_rows=0).metrics["reward_auroc"].value > 0.9


@pytest.mark.parametrize(
    ("architecture", "method"),
    [
        ("llama", "full"),
        ("qwen3", "qlora"),
        ("gpt2", "prompt"),
        ("gpt2", "prefix"),
        ("llama", "adapters"),
        ("llama", "ia3"),
        ("llama", "norm"),
        ("gpt2", "bitfit"),
        ("llama", "layerwise"),
        ("llama", "partial"),
        ("llama", "peft:LOHA"),
    ],
)
def test_every_method_learns_preferences(architecture: str, method: str, pairs: Path, tmp_path: Path) -> None:
    backbone = save_writer(tmp_path / "writer", architecture)
    settings = {**SETTINGS, "method": method, "epochs": 1, "written_rows": 0}
    run = adapt("preference", pairs, backbone=str(backbone), output=tmp_path / "run", **settings)
    assert run.report.history[1]["loss"] < run.report.history[0]["loss"]
    assert load(run.output).predict(["Is it?"], max_new_tokens=2)[0].tokens > 0


def test_a_run_that_goes_on_is_the_run_without_a_stop(pairs: Path, writer: str, tmp_path: Path) -> None:
    """A checkpoint of another beta is refused: the key holds what is minimised."""
    from acclimate.contracts import OutputError

    settings = {**SETTINGS, "written_rows": 0, "checkpoint_minutes": 1e-9}

    class StopError(Exception):
        pass

    from acclimate import training

    original = training.fit

    def stopping(*given: Any, **named: Any) -> Any:
        def stop(scores: Any) -> None:
            if scores["epoch"] == 1:
                raise StopError

        return original(*given, **{**named, "on_epoch": stop})

    training.fit = stopping
    try:
        with pytest.raises(StopError):
            adapt("preference", pairs, backbone=writer, output=tmp_path / "run", **settings)
    finally:
        training.fit = original
    assert (tmp_path / "run.checkpoint").is_file()
    with pytest.raises(OutputError):
        adapt("preference", pairs, backbone=writer, output=tmp_path / "run", resume=True, beta=0.2, **settings)
    resumed = adapt("preference", pairs, backbone=writer, output=tmp_path / "run", resume=True, **settings)
    whole = adapt("preference", pairs, backbone=writer, output=tmp_path / "whole", **settings)
    assert np.array_equal(resumed.test_rows.scores, whole.test_rows.scores)


def test_a_run_done_again_is_the_same_in_every_bit(preferring: Run, tmp_path: Path) -> None:
    again = repeat(preferring.output, output=tmp_path / "again", shown=False)
    assert again.same
    assert again.logits_difference == 0.0
    assert again.metrics["reward_margin"][0] == again.metrics["reward_margin"][1]


@pytest.mark.slow
def test_methods_are_compared_by_what_they_prefer(pairs: Path, writer: str, tmp_path: Path) -> None:
    settings = {name: value for name, value in SETTINGS.items() if name not in ("method", "shown")}
    found = compare(
        "preference",
        pairs,
        methods=("lora", "ia3"),
        seeds=1,
        backbone=writer,
        output=tmp_path / "compared",
        shown=False,
        **{**settings, "epochs": 1, "written_rows": 0},
    )
    assert "implicit_accuracy" in str(found)


def test_rows_that_are_too_long_are_refused_cut_or_left_out(pairs: Path, writer: str, tmp_path: Path) -> None:
    rows = pairs_of(40)
    rows[3]["chosen"] += " and so on" * 12
    rows[5]["prompt"] += " and so on" * 12
    source = write_rows(tmp_path / "long.jsonl", rows)
    settings = {**SETTINGS, "max_tokens": 130, "written_rows": 0, "epochs": 1}
    with pytest.raises(DataError, match="3 of 80 chats are longer than 130 tokens: "):
        adapt("preference", source, backbone=writer, output=tmp_path / "run", **settings)
    dropped = adapt("preference", source, backbone=writer, output=tmp_path / "run", too_long="drop", **settings)
    assert sum(dropped.report.rows.values()) == 38
    cut = adapt("preference", source, backbone=writer, output=tmp_path / "cut", too_long="truncate", **settings)
    assert sum(cut.report.rows.values()) == 39
    assert any(finding.code == "chats-too-long" for finding in cut.report.findings)


def test_pairs_of_one_question_stay_in_one_part(writer: str, tmp_path: Path) -> None:
    rows = pairs_of(20)
    twice = [{**row, "id": f"{row['id']}-2", "chosen": f"Sure, {number}."} for number, row in enumerate(rows)]
    source = write_rows(tmp_path / "twice.jsonl", [*rows, *twice])
    settings = {**SETTINGS, "written_rows": 0, "epochs": 1}
    run = adapt("preference", source, backbone=writer, output=tmp_path / "run", **settings)
    parts = json.loads((run.output / "rows.json").read_text())
    questions = [{id.removesuffix("-2") for id in ids} for ids in parts.values()]
    assert sum(map(len, questions)) == len(set().union(*questions)) == 20


def test_length_and_contradictions_are_told(writer: str, tmp_path: Path) -> None:
    rows = [{**row, "chosen": row["chosen"] + " With many more words."} for row in pairs_of(30)]
    rows += [{**rows[0], "id": "against", "chosen": rows[0]["rejected"], "rejected": rows[0]["chosen"]}]
    source = write_rows(tmp_path / "rows.jsonl", rows)
    settings = {**SETTINGS, "written_rows": 0, "epochs": 1}
    run = adapt("preference", source, backbone=writer, output=tmp_path / "run", **settings)
    codes = {finding.code: finding for finding in run.report.findings}
    assert codes["length-tells"].details["share"] > 0.9
    assert "2 preferences are contradicted" in codes["contradicted"].message


def test_a_stray_reply_is_one_to_another_question() -> None:
    from acclimate.api.preferring.rows import _strays

    asked = ["a", "b", "a", "c", "a"]
    for row, other in enumerate(_strays(asked)):
        assert asked[row] != asked[other]
    assert _strays(["a", "a"]) == [1, 0]
    assert data.REPLY == "reply"
