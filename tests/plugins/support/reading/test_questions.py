"""The questions of chatterbot-corpus: which are read, and that its code is not run."""

import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest
import yaml
from acclimate.api import adapt, demo
from acclimate.api.demos import _find
from acclimate.cli.output import answers
from acclimate.contracts import DataError, MissingPackageError
from acclimate.plugins import Host
from acclimate.testing.writers import save_writer
from acclimate_support import QUESTIONS
from acclimate_support.plugin import choose_loader
from acclimate_support.reading import questions
from acclimate_support.reading.questions import question_rows


def test_each_question_stands_there_once_with_its_answer() -> None:
    rows = list(question_rows(QUESTIONS))
    assert len({row["id"] for row in rows}) == len({(row["question"], row["answer"]) for row in rows}) == len(rows)
    said = set()
    for name in distribution("chatterbot-corpus").files or ():
        if name.match("chatterbot_corpus/data/english/*.yml"):
            for entry in yaml.safe_load(Path(str(name.locate())).read_text("utf-8"))["conversations"]:
                said.add(tuple(str(each).strip() for each in entry[:2]))
    assert {(row["question"], row["answer"]) for row in rows} <= said
    assert len(rows) > 400
    assert sum(row["topic"] == "tech_support" for row in rows) == 10
    assert not [name for name in sys.modules if name.partition(".")[0] == "chatterbot_corpus"]


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "PACKAGE", "chatterbot_corpus_of_nobody")
    with pytest.raises(MissingPackageError, match=r"chatterbot-corpus.*pip install 'acclimate-support\[demo\]'"):
        next(question_rows(QUESTIONS))


def test_a_file_that_holds_something_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "corpus_of_nobody" / "data" / "english"
    folder.mkdir(parents=True)
    (tmp_path / "corpus_of_nobody" / "__init__.py").write_text("raise RuntimeError('imported')\n")
    (folder / "broken.yml").write_text("- a\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(questions, "PACKAGE", "corpus_of_nobody")
    with pytest.raises(DataError, match=r"broken\.yml of chatterbot-corpus has no conversations"):
        next(question_rows(QUESTIONS))


def test_the_demo_of_support_is_the_assistant_on_these_questions() -> None:
    name, preset, shipped = _find(Host(), "support")
    assert (name, shipped.source, shipped.package) == ("support/assistant", QUESTIONS, "chatterbot-corpus")
    assert preset.method == shipped.method == "lora"
    assert choose_loader(shipped.source, preset.task) == "questions"


def test_the_questions_are_learned_and_the_answers_shown(tmp_path: Path) -> None:
    run = adapt(
        "support/assistant",
        QUESTIONS,
        backbone=str(save_writer(tmp_path / "writer")),
        output=tmp_path / "run",
        max_rows=40,
        epochs=1,
        precision="float32",
        too_long="drop",  # each byte is a token here
        written_rows=3,
        max_new_tokens=4,
        shown=False,
    )
    asked = {row["question"] for row in question_rows(QUESTIONS)}
    shown = answers(run.report, 2)
    assert len(shown) == 2
    assert all(each.split("\n")[0].removeprefix("asked: ") in asked for each in shown)
    assert all("\n  answers: " in each and "\n  untuned: " in each for each in shown)


@pytest.mark.slow
def test_the_demo_of_support_runs_on_real_weights(tmp_path: Path) -> None:
    run = demo("support", output=tmp_path / "run", shown=False, max_rows=40, epochs=1, written_rows=1)
    assert run.report.metrics["cross_entropy"].value < run.report.baselines["untuned"]["cross_entropy"].value
    assert any(finding.code == "demo-data" for finding in run.report.findings)
