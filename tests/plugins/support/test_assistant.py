"""The preset `support/assistant`, from an export of conversations to a model that answers."""

import json
from typing import Any

import pytest
from acclimate import adapt, load
from acclimate.api import Run
from acclimate.plugins import Host
from acclimate.testing.writers import save_writer
from acclimate_support import assistant
from acclimate_support.prepare import redact

CITIES = ("Oslo", "Bern", "Riga", "Turin", "Cork", "Lyon", "Graz", "Porto")


def conversation(number: int) -> dict[str, Any]:
    city, other = CITIES[number % 8], CITIES[(number // 8 + 3) % 8]
    said = [
        ("customer", f"Where is parcel {number} from {city} to {other}? Write to ada{number}@example.org"),
        ("agent", f"It left {city}.\nCall us at +49 30 901820 about {other}."),
    ]
    messages = [{"role": role, "content": text} for role, text in said]
    return {"id": f"t{number}", "customer_name": "Ada Byron", "messages": messages}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("assistant")
    export = folder / "conversations.json"
    export.write_text(json.dumps([conversation(number) for number in range(24)]))
    return adapt(
        "support/assistant",
        export,
        backbone=str(save_writer(folder / "writer")),
        output=folder / "run",
        epochs=1,
        precision="float32",
        written_rows=2,
        max_new_tokens=4,
        allow_leakage=True,
        shown=False,
    )


def test_whole_conversations_are_learned_and_answered(run: Run) -> None:
    assert set(run.report.metrics) == set(assistant.metrics)
    assert sum(run.report.rows.values()) == 24
    assert isinstance(load(run.output).predict(["Where is my parcel?"])[0].text, str)


def test_nothing_that_tells_whom_a_conversation_is_of_is_saved(run: Run) -> None:
    finding = next(finding for finding in run.report.findings if finding.code == "pii")
    assert finding.details["rows"] == 48
    assert finding.details["email"] >= 24
    saved = "".join(
        file.read_text("utf-8") for file in run.output.iterdir() if file.suffix in (".json", ".html", ".md")
    )
    assert "@example.org" not in saved
    assert "901820" not in saved
    assert "Byron" not in saved


def test_lines_of_a_reply_stay() -> None:
    assert redact("Hello,\n\nwrite to ada@example.org.\n  Bye") == "Hello,\n\nwrite to <EMAIL_1>.\n  Bye"


def test_the_preset_names_what_core_has() -> None:
    host = Host()
    assert host.preset("support/assistant").preset == assistant
    assert assistant.task in host.find("method", assistant.method, "support").tasks
