"""Questions from end to end: what is learned, saved, loaded again, measured and written."""

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acclimate.api import Run, compare, evaluate, load, predict_rows, repeat, write_predictions
from acclimate.contracts import BundleError, DataError
from acclimate.plugins import default_host

from .conftest import PRESET, SETTINGS

Place = tuple[int, int]
Reseal = Callable[[Path, Callable[[dict[str, Any]], object]], None]


def asked(file: Path) -> list[dict[str, Any]]:
    """Return the text and the questions of each contract of a file."""
    data = json.loads(file.read_text("utf-8"))["data"]
    return [paragraph | {"title": each["title"]} for each in data for paragraph in each["paragraphs"]]


def places(question: dict[str, Any]) -> set[Place]:
    return {(each["answer_start"], each["answer_start"] + len(each["text"])) for each in question["answers"]}


def truth_of(rows: list[dict[str, Any]]) -> list[set[Place]]:
    return [places(question) for row in rows for question in row["qas"]]


def given_of(folder: Path, rows: list[dict[str, Any]]) -> list[set[Place]]:
    """Return the answers that a run gives to each question of rows."""
    found = load(folder).predict([row["context"] for row in rows], ["who pays", "who signs"])
    return [{(answer.start, answer.end) for answer in each.answers} for answers in found for each in answers]


def overlap(one: Place, other: Place) -> float:
    shared = len(set(range(*one)) & set(range(*other)))
    return shared / len(set(range(*one)) | set(range(*other)))


def f1(truth: list[set[Place]], given: list[set[Place]]) -> float:
    """Return F1 of answers that share half of their characters; no two given ones share a true one here."""
    right = sum(any(overlap(a, b) >= 0.5 for b in own) for some, own in zip(truth, given, strict=True) for a in some)
    return 2 * right / (sum(map(len, truth)) + sum(map(len, given)))


def test_what_can_be_learned_is_answered_in_unseen_contracts(found: Run, unseen: Path) -> None:
    rows = asked(unseen)
    assert f1(truth_of(rows), given_of(found.output, rows)) > 0.9
    several = [own for own in truth_of(rows) if len(own) > 1]
    assert several  # questions with two answers, and with none, are among them
    assert any(len(given) > 1 for given in given_of(found.output, rows))
    for row, answers in zip(rows, load(found.output).predict([row["context"] for row in rows]), strict=True):
        assert [each.question for each in answers] == ["who pays", "who signs"]
        for each in answers:
            assert each.present == bool(each.answers)
            assert each.answers == each.candidates[: len(each.answers)]
            for answer in each.candidates:
                assert answer.text == row["context"][answer.start : answer.end]
                assert 0 <= answer.probability <= 1


def test_the_report_is_measured_by_definition_on_contracts_that_stay_whole(found: Run, contracts: Path) -> None:
    by_id = {row["title"]: row for row in asked(contracts)}
    parts = json.loads((found.output / "rows.json").read_text("utf-8"))
    assert sorted(id for ids in parts.values() for id in ids) == sorted(by_id)
    rows = [by_id[id] for id in parts["test"]]
    truth, given = truth_of(rows), given_of(found.output, rows)
    score = found.report.metrics["answer_f1"]
    assert score.value == pytest.approx(f1(truth, given))
    assert score.low <= score.value <= score.high
    right = [bool(a) == bool(b) for a, b in zip(truth, given, strict=True)]
    assert found.report.metrics["presence"].value == pytest.approx(sum(right) / len(right))
    answers = found.report.analysis.answers
    assert answers is not None
    for place, question in enumerate(("who pays", "who signs")):
        own = answers.by_question[question]
        assert own.texts == len(rows)
        assert own.true == sum(map(len, truth[place::2]))
        assert own.present == sum(map(bool, truth[place::2]))
        assert own.found <= own.true
    never = found.report.baselines["never_present"]
    assert never["squad_em"].value == pytest.approx(sum(not own for own in truth) / len(truth))
    assert set(found.report.baselines) == {"never_present", "nearest_passage"}


def test_windows_without_an_answer_are_fewer_and_count_less(found: Run) -> None:
    answers = found.report.analysis.answers
    assert answers is not None
    assert answers.window == 32
    assert 0 < answers.empty_share < 1
    assert 0 < answers.empty_weight <= 1
    assert answers.longest == 2  # "Acme Inc"


def test_the_threshold_is_chosen_on_validation_alone(found: Run, contracts: Path, short: Callable[..., Run]) -> None:
    saved = json.loads((found.output / "manifest.json").read_text("utf-8"))["answers"]
    parts = json.loads((found.output / "rows.json").read_text("utf-8"))
    rows = [row for row in asked(contracts) if row["title"] in parts["validation"]]
    truth = truth_of(rows)
    every = load(found.output).predict([row["context"] for row in rows])
    candidates = [each.candidates for answers in every for each in answers]

    def at(level: float) -> float:
        return f1(truth, [{(a.start, a.end) for a in own if a.probability >= level} for own in candidates])

    best = max(at(answer.probability) for own in candidates for answer in own)
    (told,) = [finding for finding in found.report.findings if finding.code == "answers-chosen"]
    assert at(saved["threshold"]) == pytest.approx(best)
    assert told.details["f1"] == pytest.approx(best)
    # Other test rows leave what was chosen as it is.
    test = contracts.with_name("test.json")
    data = json.loads(contracts.read_text("utf-8"))["data"]
    kept = [each for each in data if each["title"] in parts["test"]]
    rest = contracts.with_name("rest.json")
    rest.write_text(json.dumps({"data": [each for each in data if each["title"] not in parts["test"]]}), "utf-8")
    chosen = []
    for count in (len(kept), len(kept) // 2):
        test.write_text(json.dumps({"data": kept[:count]}), "utf-8")
        run = short(source=rest, test=test, max_steps=30, output=rest.parent / f"run-{count}")
        chosen.append(json.loads((run.output / "manifest.json").read_text("utf-8"))["answers"])
    assert chosen[0] == chosen[1]


def test_what_validation_chose_is_followed(found: Run, unseen: Path, tmp_path: Path, reseal: Reseal) -> None:
    folder = shutil.copytree(found.output, tmp_path / "run")
    reseal(folder, lambda manifest: manifest["answers"].update(threshold=2.0))
    rows = asked(unseen)
    assert given_of(folder, rows) == [set()] * 2 * len(rows)
    report = evaluate(folder, unseen)
    assert report.metrics["answer_f1"].value == 0
    assert report.metrics["answer_aupr"] == evaluate(found.output, unseen).metrics["answer_aupr"]


def test_a_saved_run_is_measured_on_new_contracts_as_by_definition(found: Run, unseen: Path) -> None:
    rows = asked(unseen)
    report = evaluate(found.output, unseen)
    assert report.metrics["answer_f1"].value == pytest.approx(f1(truth_of(rows), given_of(found.output, rows)))
    assert report.rows["test"] == len(rows)


def test_page_and_card_show_the_questions(short: Callable[..., Run]) -> None:
    run = short()
    page = (run.output / "report.html").read_text("utf-8")
    answers = run.report.analysis.answers
    assert answers is not None
    assert page.count('aria-label="Row ') == len(answers.worst) > 0
    assert '<th scope="row">who pays</th>' in page
    assert "never_present says" in page
    assert "pipeline_tag: question-answering" in (run.output / "README.md").read_text("utf-8")
    hidden = short(show_rows=False, output=run.output.with_name("hidden"))
    assert 'aria-label="Row ' not in (hidden.output / "report.html").read_text("utf-8")


def test_answers_do_not_depend_on_their_neighbours(found: Run, unseen: Path) -> None:
    rows = asked(unseen)
    together = given_of(found.output, rows)
    assert together == [own for row in rows for own in given_of(found.output, [row])]


def test_long_contracts_are_read_whole(found: Run, unseen: Path) -> None:
    rows = asked(unseen)[:12]
    text = " ".join(row["context"] for row in rows)
    (given,) = load(found.output).predict([text], ["who signs"])[0]
    expected, at = set(), 0
    for row in rows:
        expected |= {(at + start, at + end) for start, end in places(row["qas"][1])}
        at += len(row["context"]) + 1
    own = {(answer.start, answer.end) for answer in given.answers}
    assert len(own & expected) >= 0.9 * len(expected)
    assert len(own - expected) <= 0.1 * len(expected)


def test_answers_are_told_as_json_and_written_as_jsonl_and_csv(found: Run, unseen: Path, tmp_path: Path) -> None:
    rows = list(predict_rows(found.output, unseen))
    contracts = asked(unseen)
    assert [row["id"] for row in rows] == [row["title"] for row in contracts]
    for row, contract in zip(rows, contracts, strict=True):
        assert [each["id"] for each in row["questions"]] == [each["id"] for each in contract["qas"]]
        for each in row["questions"]:
            assert each["present"] == bool(each["answers"])
            for answer in each["answers"]:
                assert contract["context"][answer["start"] : answer["end"]] == answer["text"]
    done = write_predictions(found.output, unseen, tmp_path / "found.jsonl")
    assert (done.rows, done.unreadable) == (len(rows), 0)
    assert [json.loads(line) for line in (tmp_path / "found.jsonl").read_text("utf-8").splitlines()] == rows
    write_predictions(found.output, unseen, tmp_path / "found.csv")
    with (tmp_path / "found.csv").open(newline="", encoding="utf-8") as stream:
        lines = list(csv.DictReader(stream))
    assert list(lines[0]) == ["id", "question_id", "question", "start", "end", "text", "probability", "error"]
    told = [(line["question_id"], int(line["start"])) for line in lines if line["start"]]
    assert told == [(each["id"], a["start"]) for row in rows for each in row["questions"] for a in each["answers"]]
    blank = [line["question_id"] for line in lines if not line["start"]]
    assert blank == [each["id"] for row in rows for each in row["questions"] if not each["present"]]


def test_a_text_without_questions_is_asked_those_of_the_run(found: Run, tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(
        '{"text": "a loan payer Acme Inc of monday"}\nnot json\n{"text": "a loan", "qas": [{}]}\n', "utf-8"
    )
    rows = list(predict_rows(found.output, file))
    assert [each["question"] for each in rows[0]["questions"]] == ["who pays", "who signs"]
    assert [answer["text"] for answer in rows[0]["questions"][0]["answers"]] == ["Acme Inc"]
    assert ["error" in row for row in rows] == [False, True, True]


def test_predict_refuses_what_is_no_list_and_runs_without_questions(
    found: Run, tmp_path: Path, reseal: Reseal, refuses_no_list: Callable[[Any, str], None]
) -> None:
    refuses_no_list(load(found.output), "payer Acme")
    folder = shutil.copytree(found.output, tmp_path / "run")
    reseal(folder, lambda manifest: manifest["answers"].update(questions=[]))
    with pytest.raises(DataError, match="No question was asked"):
        load(folder).predict(["payer Acme"])


METHODS = [
    "frozen",
    "full",
    "partial",
    "lora",
    "prompt",
    *(
        pytest.param(name, marks=pytest.mark.slow)
        for name in ("layerwise", "adapters", "prefix", "ia3", "bitfit", "norm", "scratch", "qlora", "peft:IA3")
    ),
]


@pytest.mark.parametrize("method", METHODS)
def test_every_method_that_offers_the_task_is_saved_proven_and_loaded(
    short: Callable[..., Run], unseen: Path, method: str
) -> None:
    run = short(method=method)
    assert len(given_of(run.output, asked(unseen)[:3])) == 6
    trained, total = (run.report.parameters[name] for name in ("trainable", "total"))
    assert 0 < trained <= total
    if method == "frozen":
        assert trained == 2 * 16 + 2  # the head alone
    elif method not in ("full", "layerwise", "scratch"):
        assert trained < total


def test_only_what_was_trained_can_be_saved(short: Callable[..., Run], unseen: Path) -> None:
    run = short(method="lora", weights="trained")
    assert (run.output / "weights.safetensors").stat().st_size < 60_000
    assert len(given_of(run.output, asked(unseen)[:1])) == 2


def test_a_run_is_repeated_bit_for_bit(short: Callable[..., Run], tmp_path: Path) -> None:
    run = short(max_steps=20)
    again = repeat(run.output, output=tmp_path / "again", shown=False)
    assert again.run.report.metrics == run.report.metrics


class StoppedError(Exception):
    """What a test stops a run with."""


def test_a_run_that_stopped_goes_on_as_if_it_had_not(
    short: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from acclimate.models import AnswerExamples

    options = {"max_steps": 12, "checkpoint_minutes": 1e-9}
    whole = short(**options, output=tmp_path / "whole")
    given = AnswerExamples.batch
    calls = 0

    def stops(self: AnswerExamples, rows: Any, augment: Any = None) -> Any:
        nonlocal calls
        calls += 1
        if calls == 9:
            raise StoppedError
        return given(self, rows, augment)

    monkeypatch.setattr(AnswerExamples, "batch", stops)
    with pytest.raises(StoppedError):
        short(**options, output=tmp_path / "stopped")
    monkeypatch.setattr(AnswerExamples, "batch", given)
    assert (tmp_path / "stopped.checkpoint").is_file()
    resumed = short(**options, output=tmp_path / "stopped", resume=True)
    assert resumed.report.metrics == whole.report.metrics
    one, other = ((tmp_path / name / "weights.safetensors").read_bytes() for name in ("whole", "stopped"))
    assert one == other


def test_methods_are_compared_on_the_same_questions(contracts: Path, word_backbone: str, tmp_path: Path) -> None:
    options = {name: value for name, value in SETTINGS.items() if name not in ("method", "epochs")}
    table = compare(
        PRESET,
        contracts,
        methods=("frozen", "norm"),
        seeds=1,
        output=tmp_path / "compared",
        backbone=word_backbone,
        max_steps=2,
        host=default_host(),  # in this process
        **options,
    )
    assert table.metric == "answer_aupr"
    reports = {path.parent.name: json.loads(path.read_text("utf-8")) for path in tmp_path.rglob("report.json")}
    for method in table.methods:
        assert not method.reason
        (report,) = [each for each in reports.values() if each["method"] == method.name]
        assert method.score is not None
        assert method.score.value == pytest.approx(report["metrics"]["answer_aupr"]["value"])


def test_a_damaged_manifest_is_refused(found: Run, tmp_path: Path, reseal: Reseal) -> None:
    for name, change in (
        ("answers.threshold", lambda manifest: manifest["answers"].update(threshold="much")),
        ("answers.questions", lambda manifest: manifest["answers"].update(questions=[1])),
        ("spec.overlap", lambda manifest: manifest["spec"].update(overlap=-1)),
    ):
        folder = shutil.copytree(found.output, tmp_path / name)
        reseal(folder, change)
        with pytest.raises(BundleError, match=f"'{name}'"):
            load(folder)
