"""Rows out of scope: they train nothing, validation rows with a label choose, and every door says the same."""

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest
from acclimate.api import Run, adapt, evaluate, load, merge, predict_rows, write_predictions
from acclimate.api.deciding import Decisions
from acclimate.api.inputs import Part
from acclimate.api.scoping import OUTSIDE, Scored, decide_scope, outside_label
from acclimate.cli import main
from acclimate.contracts import DataError, OptionError, Preset, Settings
from acclimate.evaluation.proportions import clopper_pearson
from datasets import Dataset
from sklearn.metrics import roc_auc_score

PRESET = "general/text-classification"
OUT = ("pasta sauce", "guitar song", "tennis match", "rainy weather", "old poem")
Table = Callable[..., Path]


@pytest.fixture(scope="module")
def table(texts: Path, tmp_path_factory: pytest.TempPathFactory) -> Table:
    """Write the 75 texts and as many rows out of scope as asked for."""

    def written(outside: int = 40, label: str = "oos", name: str = "rows.csv") -> Path:
        with texts.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        for number in range(outside):
            text = f"{OUT[number % 5]} number {number} of that kind {number * 7 % 40}"
            rows.append({"id": f"o{number:02}", "text": text, "label": label, "client": f"o{number // 2}"})
        path = tmp_path_factory.mktemp("scope") / name
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return path

    return written


@pytest.fixture(scope="module")
def source(table: Table) -> Path:
    return table()


@pytest.fixture(scope="module")
def run(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return adapt(
        PRESET,
        source,
        method="frozen",
        out_of_scope="oos",
        retention=0.8,
        seed=1,
        output=tmp_path_factory.mktemp("scoped") / "run",
        shown=False,
    )


def texts_of(source: Path, ids: Sequence[str]) -> list[str]:
    with source.open(newline="", encoding="utf-8") as file:
        found = {row["id"]: row["text"] for row in csv.DictReader(file)}
    return [found[id] for id in ids]


def energies(run: Run, texts: list[str]) -> np.ndarray:
    """The log of the sum of the exponentials of the logits, from the model's own arithmetic."""
    model = run.load()
    with model._examples(texts) as examples:
        logits = model.model_logits(examples)
    return np.log(np.exp(logits).sum(axis=1))


def test_rows_out_of_scope_train_nothing_and_are_no_label(
    run: Run, source: Path, document: Callable[[Run, str], Any]
) -> None:
    assert run.report.labels == ("court", "garden", "harbour")
    parts = document(run, "rows.json")
    assert set(parts) == {"train", "validation", "test", *OUTSIDE.values()}
    assert not [id for part in ("train", "validation", "test") for id in parts[part] if id.startswith("o")]
    outside = [id for part in OUTSIDE.values() for id in parts[part]]
    assert all(id.startswith("o") for id in outside)
    left = 40 - len(outside)
    (note,) = (each for each in run.report.findings if each.code == "out-of-scope")
    assert note.message.startswith(f"{left} rows of 'oos' were dealt to train, and train nothing")
    counts = document(run, "manifest.json")["training_rows_by_label"]
    assert sum(counts) == len(parts["train"]) == run.report.rows["train"]


def test_validation_rows_with_a_label_choose_and_the_figures_are_those_of_the_test_rows(
    run: Run, source: Path, document: Callable[[Run, str], Any]
) -> None:
    scope, parts = run.report.analysis.scope, document(run, "rows.json")
    assert scope is not None
    of_validation = energies(run, texts_of(source, parts["validation"]))
    assert (of_validation >= scope.threshold).mean() >= 0.8
    higher = of_validation[of_validation > scope.threshold].min()
    assert (of_validation > higher).mean() < 0.8, "a higher threshold would not do"
    inside, outside = (energies(run, texts_of(source, parts[part])) for part in ("test", OUTSIDE["test"]))
    assert scope.rows == {"inside": len(inside), "outside": len(outside)}
    told = int((outside < scope.threshold).sum())
    assert scope.recall is not None
    assert scope.recall.value == told / len(outside)
    assert (scope.recall.low, scope.recall.high) == clopper_pearson(told, len(outside))
    kept = inside >= scope.threshold
    assert scope.retained.value == kept.mean()
    truth = {row["id"]: row["label"] for row in csv.DictReader(source.open(encoding="utf-8"))}
    predicted = [each.label for each in run.load().predict(texts_of(source, parts["test"]))]
    right = np.array([truth[id] == label for id, label in zip(parts["test"], predicted, strict=True)])
    assert scope.accuracy.value == (kept & right).mean()
    levels = {level.retention: level for level in scope.levels}
    assert set(levels) == {0.9, 0.95, 0.97, 0.98, 0.99}
    for retention, level in levels.items():
        assert (of_validation >= level.threshold).mean() >= retention
        assert level.retained.value == (inside >= level.threshold).mean()
        assert level.recall is not None
        assert level.recall.value == (outside < level.threshold).mean()
    area = roc_auc_score([0] * len(inside) + [1] * len(outside), -np.concatenate([inside, outside]))
    assert scope.auroc["energy"].value == pytest.approx(area)


def test_the_same_rows_evaluated_again_give_the_same_figures(
    run: Run, source: Path, table: Table, document: Callable[[Run, str], Any], tmp_path: Path
) -> None:
    parts = document(run, "rows.json")
    wanted = {*parts["test"], *parts[OUTSIDE["test"]]}
    with source.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["id"] in wanted]
    path = tmp_path / "again.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    again = evaluate(run.output, path)
    assert again.analysis.scope == run.report.analysis.scope
    assert again.rows[OUTSIDE["test"]] == len(parts[OUTSIDE["test"]])
    renamed = table(label="chat")
    assert evaluate(run.output, renamed, out_of_scope="chat").analysis.scope.rows["outside"] == 40  # type: ignore[union-attr]
    with pytest.raises(OptionError, match=r"no label 'caht'.*\n?.*chat"):
        evaluate(run.output, renamed, out_of_scope="caht")
    with pytest.raises(OptionError, match="retention was decided by the validation rows"):
        evaluate(run.output, path, retention=0.9)


def test_every_door_says_the_same_of_a_row(run: Run, source: Path, tmp_path: Path) -> None:
    scope = run.report.analysis.scope
    assert scope is not None
    items = ["rainy weather number 3", "the judge says that the appeal saw counsel"]
    below = energies(run, items) < scope.threshold
    told = load(run.output).predict(items)
    assert [each.out_of_scope for each in told] == below.tolist()
    assert [each.labels == () for each in told] == below.tolist()
    assert below.tolist() == [True, False]
    path = tmp_path / "new.csv"
    path.write_text("id,text\n" + "\n".join(f"r{number},{text}" for number, text in enumerate(items)) + "\n")
    rows = list(predict_rows(run.output, path))
    assert [row["label"] for row in rows] == ["oos", told[1].label]
    assert [row["likeliest"] for row in rows] == [each.label for each in told]
    for suffix in (".csv", ".jsonl", ".parquet"):
        write_predictions(run.output, path, tmp_path / f"told{suffix}")
    with (tmp_path / "told.csv").open(newline="") as file:
        strange, usual = csv.DictReader(file)
    assert (strange["label"], strange["probability"], strange["out_of_scope"]) == ("oos", "", "true")
    assert strange["likeliest"] == told[0].label
    assert (usual["label"], usual["out_of_scope"]) == (told[1].label, "false")
    of_parquet = pyarrow.parquet.read_table(tmp_path / "told.parquet").to_pylist()
    assert [(row["label"], row["likeliest"], row["out_of_scope"]) for row in of_parquet] == [
        (row["label"], row["likeliest"], row["out_of_scope"]) for row in rows
    ]


def test_the_report_tells_of_it_on_every_page(run: Run) -> None:
    page = (run.output / "report.html").read_text(encoding="utf-8")
    assert '<h2 id="scope">Rows that have none of the labels</h2>' in page
    assert "recall: share of rows out of scope that is told" in page
    card = (run.output / "README.md").read_text(encoding="utf-8")
    assert "## Out of scope" in card
    assert "out-of-scope recall" in str(run.report)


def test_a_merged_run_says_how_to_tell_without_acclimate(run: Run, tmp_path: Path) -> None:
    scope = run.report.analysis.scope
    assert scope is not None
    merge(run.output, tmp_path / "plain")
    text = (tmp_path / "plain" / "README.md").read_text(encoding="utf-8")
    assert f"`logits.logsumexp(1)` is below {scope.threshold:.6f}" in text


def test_without_such_rows_a_share_is_kept_all_the_same(
    texts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["acclimate", "adapt", PRESET, str(texts), "--method", "frozen", "--retention", "0.9", "--json"]
    monkeypatch.setattr("sys.argv", [*words, "--scope-score", "max_probability", "--output", str(tmp_path / "run")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    scope = json.loads(capsys.readouterr().out)["analysis"]["scope"]
    assert (scope["recall"], scope["auroc"], scope["score"]) == (None, {}, "max_probability")
    assert scope["rows"]["outside"] == 0
    assert scope["validation"]["retained"] >= 0.9
    path = tmp_path / "new.csv"
    path.write_text("text\nrainy weather\n")
    (row,) = predict_rows(tmp_path / "run", path)
    assert row["label"] == ("out of scope" if row["out_of_scope"] else row["likeliest"])


def test_a_preset_may_know_the_name_and_the_user_may_say_that_it_is_a_label() -> None:
    preset = Preset(name="x", summary="X.", task="text-classification", out_of_scope=("out of scope", "oos"))
    labels = ("refund", "Out_Of_Scope")
    assert outside_label(Settings(), preset, labels, multilabel=False) == "Out_Of_Scope"
    assert outside_label(Settings(out_of_scope="refund"), preset, labels, multilabel=False) == "refund"
    assert outside_label(Settings(out_of_scope="none"), preset, labels, multilabel=False) == ""
    assert outside_label(Settings(), replace(preset, out_of_scope=()), labels, multilabel=False) == ""
    with pytest.raises(OptionError, match="'OOS', 'Out_Of_Scope' all name"):
        outside_label(Settings(), preset, (*labels, "OOS"), multilabel=False)
    assert outside_label(Settings(), preset, labels, multilabel=True) == ""
    with pytest.raises(OptionError, match="rows of one label"):
        outside_label(Settings(out_of_scope="refund"), preset, labels, multilabel=True)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"out_of_scope": "oops"}, OptionError, r"no label 'oops' of rows out of scope.*\n?.*oos"),
        ({"retention": 1.0}, OptionError, "retention is a share between 0 and 1"),
        ({"retention": "most"}, OptionError, "retention is a share between 0 and 1"),
        ({"scope_score": "entropy"}, OptionError, "scope_score is 'energy' or 'max_probability'"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_computed(
    options: dict[str, Any], error: type[Exception], message: str, source: Path, tmp_path: Path
) -> None:
    import acclimate.models

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(acclimate.models, "resolve", lambda *_, **__: pytest.fail("a model was loaded"))
        with pytest.raises(error, match=message):
            adapt(PRESET, source, method="frozen", output=tmp_path / "run", shown=False, **options)


def test_a_test_file_of_nothing_else_is_refused(texts: Path, tmp_path: Path) -> None:
    path = tmp_path / "only.csv"
    path.write_text("text,label\n" + "\n".join(f"{text} again,oos" for text in OUT) + "\n")
    with pytest.raises(DataError, match="All test rows are out of scope"):
        adapt(PRESET, texts, test=path, method="frozen", out_of_scope="oos", output=tmp_path / "run", shown=False)


def test_test_rows_choose_nothing() -> None:
    part = Part(name="test", rows=Dataset.from_dict({"id": ["a"]}), truth=np.zeros(1, dtype=np.int64), groups=None)
    logits = np.zeros((1, 2))
    rows = Scored(part=part, logits=logits, own_logits=logits, outside=None, outside_logits=None)
    with pytest.raises(DataError, match="Test rows choose nothing"):
        decide_scope(Decisions(), rows, "oos", Settings(retention=0.9))
