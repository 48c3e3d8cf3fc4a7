"""A run that isotonic curves calibrate: fitted on validation rows, saved, and followed by all that is made of it."""

import json
import random
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate import evaluation
from acclimate.api import Run, adapt, evaluate, export, load, merge
from acclimate.contracts import DataError, OptionError
from scipy.special import logit, logsumexp
from sklearn.isotonic import IsotonicRegression

PRESET = "general/text-classification"
WORDS = {
    "court": ["judge", "appeal", "verdict"],
    "garden": ["rose", "soil", "tulip"],
    "sea": ["ship", "pier", "tide"],
}
ROWS = {"train": 60, "validation": 150, "test": 60}
KINDS = ("two", "three", "several")
Both = Callable[[str], tuple[Run, Run]]


def rows_of(kind: str, part: str) -> list[dict[str, Any]]:
    """Rows whose words tell the label, but for a third of them."""
    rng = random.Random(f"{kind} {part}")
    names = sorted(WORDS)[: 2 if kind == "two" else 3]
    rows = []
    for number in range(ROWS[part]):
        told = rng.choice(names) if rng.random() < 1 / 3 else names[number % len(names)]
        words = [*rng.choices(WORDS[names[number % len(names)]], k=2), *rng.choices("abcdefghijklmno", k=6)]
        label: Any = [name for name in names if name == told or rng.random() < 1 / 4] if kind == "several" else told
        rows.append({"id": f"{part}{number}", "text": " ".join([*words, part, str(number)]), "label": label})
    return rows


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    """Return the run of a kind of rows that isotonic curves calibrate, and the same without: `both("two")`."""
    done: dict[str, tuple[Run, Run]] = {}

    def runs(kind: str) -> tuple[Run, Run]:
        if kind not in done:
            folder = tmp_path_factory.mktemp(kind)
            for part in ROWS:
                lines = [json.dumps(row) for row in rows_of(kind, part)]
                (folder / f"{part}.jsonl").write_text("\n".join(lines), "utf-8")
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(evaluation, "ROWS", 150)
                patch.setattr(evaluation, "ROWS_OF_LABEL", 20)
                done[kind] = (adapted(folder, "isotonic"), adapted(folder, "temperature"))
        return done[kind]

    return runs


def adapted(folder: Path, calibration: str) -> Run:
    return adapt(
        PRESET,
        folder / "train.jsonl",
        validation=folder / "validation.jsonl",
        test=folder / "test.jsonl",
        method="frozen",
        metrics=("log_loss", "auroc") if "several" not in folder.name else ("auroc",),
        calibration=calibration,
        output=folder / calibration,
        precision="float32",  # curves are steep: what rounding changes in a logit may change a probability by much
        shown=False,
    )


def texts(kind: str, part: str) -> list[str]:
    return [row["text"] for row in rows_of(kind, part)]


def odds_of(run: Run, items: list[str], kind: str) -> np.ndarray:
    """Return the log-odds of each label against the rest, from the probabilities of a run without curves."""
    probabilities = load(run.output).probabilities(items)
    if kind == "several":
        return logit(probabilities)
    logs = np.log(probabilities)
    others = ~np.eye(logs.shape[1], dtype=bool)
    return logs - np.stack([logsumexp(logs[:, other], axis=1) for other in others], axis=1)


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[] if kind == "three" else [pytest.mark.slow]) for kind in KINDS]
)
def test_probabilities_are_those_of_isotonic_regression_on_the_validation_rows(both: Both, kind: str) -> None:
    run, plain = both(kind)
    model = load(run.output)
    held, new = (odds_of(plain, texts(kind, part), kind) for part in ("validation", "test"))
    truth = [row["label"] for row in rows_of(kind, "validation")]
    floor = 1 / (len(truth) + 2)
    columns = []
    for k, label in enumerate(model.labels):
        regression = IsotonicRegression(y_min=floor, y_max=1 - floor, out_of_bounds="clip")
        members = [label in each if kind == "several" else label == each for each in truth]
        columns.append(regression.fit(held[:, k], members).predict(new[:, k]))
    expected = np.stack(columns, axis=1)
    if kind == "two":
        expected[:, 0] = 1 - expected[:, 1]
    elif kind == "three":
        expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.probabilities(texts(kind, "test")), expected, atol=1e-4)


@pytest.mark.parametrize("kind", [*KINDS[:2], pytest.param(KINDS[2], marks=pytest.mark.slow)])
def test_a_saved_run_is_measured_as_it_was_and_reported_before_and_after(both: Both, kind: str) -> None:
    run, plain = both(kind)
    again = evaluate(run.output, run.output.parent / "test.jsonl")
    for name, score in run.report.metrics.items():
        assert again.metrics[name].value == pytest.approx(score.value, abs=1e-3)
    assert any("isotonic curves through 150 validation rows" in each.message for each in run.report.findings)
    for report in (again, run.report):
        if kind != "several":
            before = report.analysis.reliability["before"]
            for one, other in zip(before, plain.report.analysis.reliability["after"], strict=True):
                assert one.confidence == pytest.approx(other.confidence, abs=1e-4)
            assert report.analysis.reliability["after"] != before


@pytest.mark.parametrize("kind", [KINDS[0], *(pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS[1:])])
def test_the_readme_of_the_merged_run_gives_its_probabilities(both: Both, kind: str, tmp_path: Path) -> None:
    run, _ = both(kind)
    merge(run.output, tmp_path / "plain")
    page = (tmp_path / "plain" / "README.md").read_text("utf-8")
    [code] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict[str, Any] = {"folder": str(tmp_path / "plain"), "texts": texts(kind, "test")}
    exec(compile(code, "README.md", "exec"), names)
    expected = load(run.output).probabilities(texts(kind, "test"))
    np.testing.assert_allclose(names["probabilities"].numpy(), expected, atol=1e-3)
    if kind == "several":
        shown = dict(re.findall(r"(\w+) ([\d.]+)[,.]", page.split("whose probability reaches: ")[1].split("\n")[0]))
        given = [each.labels for each in load(run.output).predict(texts(kind, "test"))]
        for k, label in enumerate(load(run.output).labels):
            assert [label in each for each in given] == list(expected[:, k] >= float(shown[label]) - 5e-5)


def test_an_export_without_the_curves_is_refused(both: Both, tmp_path: Path) -> None:
    run, _ = both("two")
    with pytest.raises(OptionError, match=r"follow isotonic curves.*calibration 'temperature'"):
        export(run.output, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())
    with pytest.raises(OptionError, match="calibration was decided by the validation rows"):
        evaluate(run.output, run.output.parent / "test.jsonl", calibration="isotonic")


@pytest.mark.parametrize(("kind", "found"), [("two", "150 rows"), ("three", r"label '\w+' on \d+ of 150 rows")])
def test_too_few_validation_rows_are_refused_before_training(
    both: Both, kind: str, found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = both(kind)[0].output.parent
    if kind == "three":
        monkeypatch.setattr(evaluation, "ROWS", 150)
    for part in ROWS:
        (tmp_path / f"{part}.jsonl").write_text((folder / f"{part}.jsonl").read_text("utf-8"), "utf-8")
    with pytest.raises(DataError, match=rf"needs {evaluation.ROWS:,} validation rows.*100 of them.*found {found}"):
        adapted(tmp_path, "isotonic")
    assert not (tmp_path / "isotonic").exists()


def test_auto_takes_curves_only_where_they_are_clearly_better(
    both: Both, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = both("two")[0].output.parent
    for part in ROWS:
        (tmp_path / f"{part}.jsonl").write_text((folder / f"{part}.jsonl").read_text("utf-8"), "utf-8")
    told: Mapping[str, Any] = {each.code: each for each in adapted(tmp_path, "auto").report.findings}
    assert "need more validation rows: 150 rows" in told["calibration"].message
    monkeypatch.setattr(evaluation, "ROWS", 150)
    monkeypatch.setattr(evaluation, "ROWS_OF_LABEL", 20)
    for better in (False, True):
        monkeypatch.setattr(evaluation, "improves", lambda *_, better=better, **__: better)
        (tmp_path / "auto").rename(tmp_path / f"before {better}")
        assert bool(load(adapted(tmp_path, "auto").output).curves) is better
