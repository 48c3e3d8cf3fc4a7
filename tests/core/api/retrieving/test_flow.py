"""A search from end to end: what is learned, saved, loaded again, measured and written."""

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate.api import Run, compare, evaluate, load, predict_rows, repeat, write_predictions
from acclimate.contracts import BundleError, DataError, OptionError

from .conftest import ASKED, PRESET, SETTINGS, TOLD, pair_rows, write_rows

Reseal = Callable[[Path, Callable[[dict[str, Any]], object]], None]


def test_what_pairs_teach_is_found_and_words_alone_do_not_find_it(searching: Run) -> None:
    metrics, baselines = searching.report.metrics, searching.report.baselines
    assert metrics["mrr"].value > baselines["bm25"]["mrr"].value + 0.2
    assert metrics["mrr"].value > baselines["frozen_encoder"]["mrr"].value + 0.2
    search = load(searching.output)
    first = [search.search(f"{word} says", k=1)[0].text.split()[0] for word in ASKED]
    assert sum(one == other for one, other in zip(first, TOLD, strict=True)) >= 4  # by chance it is one
    found = searching.report.analysis.search
    assert found is not None
    assert found.documents == 9
    assert found.gains["bm25"].value == pytest.approx(metrics["mrr"].value - baselines["bm25"]["mrr"].value)


def test_the_report_is_measured_by_definition_on_queries_of_the_test_part(searching: Run, pairs: Path) -> None:
    rows = {f"train:{line}": row for line, row in enumerate(csv.DictReader(pairs.open()), 2)}
    parts = json.loads((searching.output / "rows.json").read_text())
    assert not set(parts["train"]) & set(parts["test"])
    asked = [rows[id] for id in parts["test"]]
    ranks = []
    for row, found in zip(asked, load(searching.output).predict([row["query"] for row in asked], 9), strict=True):
        ranks.append(1 + [each.text for each in found].index(row["document"]))
    metrics = searching.report.metrics
    assert metrics["mrr"].value == pytest.approx(np.mean([1 / rank for rank in ranks]))
    assert metrics["recall_at_1"].value == pytest.approx(np.mean([rank == 1 for rank in ranks]))
    assert metrics["recall_at_5"].value == pytest.approx(np.mean([rank <= 5 for rank in ranks]))
    assert metrics["ndcg_at_10"].value == pytest.approx(np.mean([1 / np.log2(1 + rank) for rank in ranks]))


def test_a_saved_run_is_whole_and_gives_the_very_scores_of_the_trained_one(searching: Run, tmp_path: Path) -> None:
    folder = shutil.copytree(searching.output, tmp_path / "copy")
    once, again = (load(each).search("judge near the report", 9) for each in (searching.output, folder))
    assert once == again
    assert [each.score for each in once] == sorted((each.score for each in once), reverse=True)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert {"documents.jsonl", "index.safetensors", "weights.safetensors"} <= set(manifest["files"])
    text = (folder / "documents.jsonl").read_text()
    (folder / "documents.jsonl").write_text(text.replace("counsel", "council"))
    with pytest.raises(BundleError, match=r"documents\.jsonl was changed"):
        load(folder)


def test_page_and_card_show_the_search(searching: Run) -> None:
    page = (searching.output / "report.html").read_text("utf-8")
    card = (searching.output / "README.md").read_text("utf-8")
    assert "is looked for among all 9 documents" in page
    assert "frozen_encoder" in page
    assert 'model.search("a question", k=5)' in page
    assert "queries among 9 documents" in card
    assert "pipeline_tag: sentence-similarity" in card


def test_rows_of_a_file_get_their_documents(searching: Run, tmp_path: Path) -> None:
    source = write_rows(tmp_path / "new.csv", [{"query": "judge says"}, {"query": " "}, {"query": "ship near"}])
    rows = list(predict_rows(searching.output, source))
    expected = load(searching.output).predict(["judge says", "ship near"])
    assert [row["id"] for row in rows] == ["rows:2", "rows:3", "rows:4"]
    assert rows[1]["error"] == "it has no text in column 'query'"
    assert [[each["id"] for each in row["documents"]] for row in (rows[0], rows[2])] == [
        [each.id for each in found] for found in expected
    ]
    done = write_predictions(searching.output, source, tmp_path / "found.csv")
    assert (done.rows, done.unreadable) == (3, 1)
    table = list(csv.DictReader((tmp_path / "found.csv").open()))
    assert [(row["id"], row["place"]) for row in table][:2] == [("rows:2", "1"), ("rows:2", "2")]
    for suffix in ("jsonl", "parquet"):
        assert write_predictions(searching.output, source, tmp_path / f"found.{suffix}").rows == 3
    with pytest.raises(OptionError, match="not resumed"):
        write_predictions(searching.output, source, tmp_path / "again.csv", resume=True)


def test_new_pairs_measure_a_saved_run_and_strange_documents_are_refused(searching: Run, tmp_path: Path) -> None:
    source = write_rows(tmp_path / "new.csv", pair_rows(27, seed=1))
    report = evaluate(searching.output, source)
    assert report.rows["test"] == 27
    assert set(report.baselines) == {"bm25"}
    assert report.metrics["mrr"].value > report.baselines["bm25"]["mrr"].value
    strange = write_rows(tmp_path / "strange.csv", [{"query": "judge says", "document": "an unknown text"}])
    with pytest.raises(DataError, match=r"1 of 1 documents are not among the 9 .* 'an unknown text'"):
        evaluate(searching.output, strange)
    with pytest.raises(OptionError, match="fusion was decided"):
        evaluate(searching.output, source, fusion=0.5)


@pytest.mark.parametrize("method", ["lora", "adapters", "bitfit", "norm", "layerwise"])
def test_a_method_trains_and_its_run_comes_back(method: str, short: Callable[..., Run]) -> None:
    run = short(method=method, epochs=1, learning_rate=1e-2)
    assert run.report.method == method
    assert run.report.parameters["trainable"] > 0
    assert len(load(run.output).search("judge says", 3)) == 3


def test_frozen_trains_nothing_and_is_the_encoder_as_it_was(short: Callable[..., Run], searching: Run) -> None:
    run = short(method="frozen", max_steps=None)
    assert run.report.parameters["trainable"] == 0
    assert run.report.metrics["mrr"].value == searching.report.baselines["frozen_encoder"]["mrr"].value
    assert set(run.report.baselines) == {"bm25"}


def test_only_what_was_trained_is_saved_where_that_is_asked_for(short: Callable[..., Run]) -> None:
    run = short(method="lora", weights="trained")
    assert len(load(run.output).search("judge says", 3)) == 3


def test_a_corpus_is_searched_too(short: Callable[..., Run], tmp_path: Path) -> None:
    corpus = write_rows(tmp_path / "more.csv", [{"text": "judge judge judge"}, {"text": "counsel old town we"}])
    run = short(corpus=str(corpus), fusion=1.0)
    found = run.report.analysis.search
    assert found is not None
    assert (found.documents, found.fusion) == (10, 1.0)  # one of the two is there already
    assert load(run.output).search("judge", 1)[0].text == "judge judge judge"
    assert run.report.metrics == run.report.baselines["bm25"]
    assert "without_bm25" in run.report.baselines


def test_nothing_later_than_a_query_is_found(short: Callable[..., Run], tmp_path: Path) -> None:
    rows = [
        {**row, "date": f"{1990 + number // 3}-05-01", "document_time": f"{1960 + number % 9}-01-01"}
        for number, row in enumerate(pair_rows())
    ]
    run = short(source=write_rows(tmp_path / "dated.csv", rows), time="date")
    search = load(run.output)
    early = search.search("judge says", 9, time="1963-06-01")
    assert {each.time for each in early} == {"1960-01-01", "1961-01-01", "1962-01-01", "1963-01-01"}
    assert len(search.search("judge says", 9, time="none")) == 9
    with pytest.raises(DataError, match="a query without one would find later documents"):
        search.search("judge says")
    parts = json.loads((run.output / "rows.json").read_text())
    places = {name: [int(id.split(":")[1]) for id in ids] for name, ids in parts.items()}
    assert max(places["train"]) < min(places["validation"]) < min(places["test"])
    rows[5] |= {"document": "counsel of tomorrow", "document_time": "2050-01-01"}
    with pytest.raises(DataError, match="later than a query that they answer"):
        short(source=write_rows(tmp_path / "late.csv", rows), time="date", output=tmp_path / "late")


def test_a_run_is_repeated_to_the_bit(searching: Run, tmp_path: Path) -> None:
    again = repeat(searching.output, output=tmp_path / "again", shown=False)
    assert again.same
    assert again.logits_difference <= 1e-5


def test_methods_are_compared_on_the_same_queries(pairs: Path, words_backbone: str, tmp_path: Path) -> None:
    from acclimate.plugins import default_host

    settings = {**SETTINGS, "epochs": 3}
    settings.pop("method")
    found = compare(
        PRESET,
        pairs,
        methods=("frozen", "full"),
        seeds=2,
        backbone=words_backbone,
        output=tmp_path / "compared",
        host=default_host(),
        **settings,
    )
    assert (found.metric, found.best) == ("mrr", "full")
    assert found.methods[0].difference is not None
    assert found.methods[0].difference.value < 0
