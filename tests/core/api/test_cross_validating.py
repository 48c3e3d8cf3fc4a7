"""Cross-validation: every row is tested once a repeat by a model that never saw it; few rows get it by themselves."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate.api import Run, adapt, cross_validating, stages
from acclimate.contracts import OptionError

PRESET = "general/text-classification"


def run(source: Path, folder: Path, **options: Any) -> Run:
    return adapt(PRESET, source, output=folder / "run", shown=False, **{"method": "frozen", **options})


def test_every_row_is_tested_once_a_repeat_by_a_model_that_did_not_train_on_it(
    texts: Path, small_backbone: str, tmp_path: Path
) -> None:
    learned = stages.learn
    seen: list[tuple[list[str], list[str], np.ndarray, np.ndarray]] = []

    def spy(subject: Any, plan: Any, tell: Callable[..., None]) -> Any:
        found = learned(subject, plan, tell)
        test, train = subject.parts["test"], subject.parts["train"]
        seen.append((test.ids, [*train.ids, *subject.parts["validation"].ids], test.truth, found.logits))
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stages, "learn", spy)
        done = run(texts, tmp_path, backbone=small_backbone, folds=4, repeats=2, metrics=["accuracy"])
    found = done.report.analysis.cross_validated
    assert found is not None
    assert (found.folds, found.repeats, found.rows) == (4, 2, 75)
    *crossed, last = seen
    assert len(crossed) == 8
    assert all(not set(tested) & set(trained) for tested, trained, *_ in crossed)
    right = []
    for repeat in (crossed[:4], crossed[4:]):
        ids = [id for tested, *_ in repeat for id in tested]
        assert len(ids) == len(set(ids)) == 75
        right.append(np.mean([hit for *_, truth, logits in repeat for hit in logits.argmax(axis=1) == truth]))
    assert {frozenset(tested) for tested, *_ in crossed[:4]} != {frozenset(tested) for tested, *_ in crossed[4:]}
    assert found.scores["accuracy"].value == pytest.approx(np.mean(right))
    assert found.scores["accuracy"].low < found.scores["accuracy"].value < found.scores["accuracy"].high
    assert len(last[0]) == done.report.rows["test"] == 15, "the saved model is tested on its own test rows"
    assert "4 folds of all 75 rows, 2 times: accuracy" in str(done.report)
    assert found.chosen == {}, "nothing was searched"


def test_a_linear_model_on_words_learns_from_the_rows_of_the_same_folds(
    texts: Path, small_backbone: str, tmp_path: Path
) -> None:
    scored, right = cross_validating.word_scores, []

    def spy(request: Any, subject: Any) -> Any:
        found, test = scored(request, subject), subject.parts["test"]
        assert not {*test.ids} & {*subject.parts["train"].ids, *subject.parts["validation"].ids}
        right.extend(found.argmax(axis=1) == test.truth)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cross_validating, "word_scores", spy)
        done = run(texts, tmp_path, backbone=small_backbone, folds=3, repeats=2, metrics=["accuracy"])
    found = done.report.analysis.cross_validated
    assert found is not None
    assert len(right) == 2 * 75
    assert found.beside["tfidf_svm"]["accuracy"].value == pytest.approx(np.mean(right))
    assert f"tfidf_svm on the same folds: accuracy {found.beside['tfidf_svm']['accuracy']}" in str(done.report)
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "tfidf_svm on the same folds" in page


def test_each_fold_of_auto_searches_on_rows_that_do_not_test_it(
    texts: Path, small_backbone: str, tmp_path: Path
) -> None:
    searched, seen = cross_validating.search, []

    def spy(host: Any, request: Any, subject: Any, *, ends: float) -> Any:
        found = searched(host, request, subject, ends=ends)
        seen.append((subject.parts["train"].ids, subject.parts["test"].ids, found.record["rows"]))
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cross_validating, "search", spy)
        asked = {"method": "auto", "budget": 1e-6, "folds": 2, "repeats": 1}  # time for the first method alone
        report = run(texts, tmp_path, backbone=small_backbone, **asked).report
    assert len(seen) == 2
    for trained, tested, rows in seen:
        assert rows == len(trained)
        assert not set(trained) & set(tested)
    assert report.analysis.cross_validated is not None
    assert report.analysis.cross_validated.chosen == {"frozen": 2}
    assert "each fold searched by itself and found: frozen 2" in str(report)


def test_groups_are_in_one_fold(texts: Path, small_backbone: str, tmp_path: Path) -> None:
    learned, tested = stages.learn, []
    with texts.open(newline="", encoding="utf-8") as file:
        client = {row["id"]: row["client"] for row in csv.DictReader(file)}

    def spy(subject: Any, *rest: Any) -> Any:
        tested.append({client[id] for id in subject.parts["test"].ids})
        return learned(subject, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stages, "learn", spy)
        run(texts, tmp_path, backbone=small_backbone, folds=3, repeats=1, group="client")
    first, second, third, _ = tested
    assert not first & second | second & third | first & third


def test_few_rows_are_cross_validated_where_it_is_cheap_and_it_is_said_where_it_is_not(
    texts: Path, small_backbone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cross_validating, "FEW_ROWS", 76)
    found = run(texts, tmp_path / "cheap", backbone=small_backbone, repeats=1).report.analysis.cross_validated
    assert found is not None
    assert (found.folds, found.rows) == (5, 75)
    trained = run(
        texts, tmp_path / "dear", backbone=small_backbone, method="bitfit", max_steps=1, batch_size=4
    ).report
    assert trained.analysis.cross_validated is None
    (note,) = [finding for finding in trained.findings if finding.code == "few-rows"]
    assert "75 rows, of which 15 test" in note.message
    assert "by training 15 times" in note.message
    monkeypatch.setattr(cross_validating, "FEW_ROWS", 75)
    assert run(texts, tmp_path / "enough", backbone=small_backbone).report.analysis.cross_validated is None
    monkeypatch.setattr(cross_validating, "FEW_ROWS", 76)
    assert run(texts, tmp_path / "none", backbone=small_backbone, folds=0).report.analysis.cross_validated is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"folds": 1}, "folds is 2 or more"),
        ({"folds": 5, "repeats": 0}, "repeats is a whole number above 0"),
        ({"folds": 5, "time": "id"}, "Rows with times are not cross-validated"),
        ({"folds": 5, "test": "x.csv"}, "folds deals all rows itself"),
        ({"embargo": -1.0}, "embargo is a number above 0"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_read(
    options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(OptionError, match=message):
        run(tmp_path / "missing.csv", tmp_path, **options)
