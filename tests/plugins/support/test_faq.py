"""The preset `support/faq`, from questions and answers to what is found."""

import csv
from pathlib import Path

from acclimate import adapt, load
from acclimate.plugins import Host
from acclimate_support import faq

THINGS = ("lamp", "desk", "rug", "kettle", "chair", "shelf", "mirror", "clock")
ENTRIES = (
    ("How long until my {} arrives?", "Delivery of a {} takes three days."),
    ("The {} came broken.", "We replace a damaged {}."),
    ("May I send the {} back?", "Every {} can be returned for a month."),
)


def test_questions_find_the_entries_that_answer_them(tmp_path: Path) -> None:
    with (tmp_path / "faq.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["question", "answer"])
        writer.writerows([ask.format(thing), tell.format(thing)] for thing in THINGS for ask, tell in ENTRIES)
    run = adapt("support/faq", tmp_path / "faq.csv", method="frozen", output=tmp_path / "run", shown=False)
    assert set(run.report.metrics) == set(faq.metrics)
    assert run.report.metrics["recall_at_5"].value > 0.5
    assert load(run.output).search("my clock arrived in pieces", k=1)[0].text == "We replace a damaged clock."


def test_the_preset_names_what_core_has() -> None:
    host = Host()
    assert host.preset("support/faq").preset == faq
    assert faq.task in host.find("method", faq.method, "support").tasks
