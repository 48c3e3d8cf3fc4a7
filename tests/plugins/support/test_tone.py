"""The preset `support/tone`, from pairs of replies and a tone card to a model with a tone."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from acclimate import adapt, load
from acclimate.api import Run, evaluate
from acclimate.contracts import DataError, OptionError
from acclimate.plugins import Host
from acclimate.testing.writers import save_writer
from acclimate_support import tone
from acclimate_support.cards import measure, read_card
from acclimate_support.plugin import choose_loader
from acclimate_support.reading.preferences import preference_rows

CITIES = ("Oslo", "Bern", "Riga", "Turin", "Cork", "Lyon", "Graz", "Porto")
CARD = "person: we\nbanned: [unfortunately]\ngreeting: ['Hello {name},']\n"


def pair(number: int) -> dict[str, Any]:
    city, other = CITIES[number % 8], CITIES[(number // 8 + 3) % 8]
    return {
        "id": f"t{number}",
        "customer_name": "Ada Byron",
        "prompt": f"Where is parcel {number} from {city} to {other}? Write to ada{number}@example.org",
        "chosen": f"Hello Ada, we wrote to ada{number}@example.org about {city}.",
        "rejected": f"Unfortunately I lost it, ada{number}@example.org, in {other}.",
    }


def write(file: Path, rows: Sequence[Any]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tone")
    save_writer(folder / "writer")
    (folder / "card.yaml").write_text(CARD)
    return folder


def options(folder: Path, **others: Any) -> dict[str, Any]:
    return {
        "backbone": str(folder / "writer"),
        "epochs": 1,
        "precision": "float32",
        "written_rows": 2,
        "max_new_tokens": 4,
        "shown": False,
        "card": str(folder / "card.yaml"),
        **others,
    }


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    rows = [pair(number) for number in range(32)]
    return adapt("support/tone", write(folder / "pairs.jsonl", rows), output=folder / "run", **options(folder))


def test_replies_are_scored_by_the_card_before_and_after(run: Run, folder: Path) -> None:
    told = run.report.analysis.preferences
    assert told is not None
    assert told.card is not None
    assert (told.card.card, told.card.chosen.value, told.card.rejected.value) == ("card.yaml", 1.0, 0.0)
    assert told.card.before is not None
    assert told.card.after is not None
    assert told.card.rise is not None
    assert told.card.rise.value == pytest.approx(told.card.after.value - told.card.before.value)
    language = run.report.analysis.language
    assert language is not None
    card = read_card(folder / "card.yaml")
    scores = [measure(card, exchange.written).score for exchange in language.exchanges]
    assert told.card.after.value == pytest.approx(sum(scores) / len(scores))
    assert "by card.yaml: chosen 1.000" in str(run.report)


def test_nothing_that_tells_whom_a_reply_is_of_is_saved(run: Run) -> None:
    finding = next(finding for finding in run.report.findings if finding.code == "pii")
    assert finding.details["email"] == 3 * 32
    saved = "".join(
        file.read_text("utf-8") for file in run.output.iterdir() if file.suffix in (".json", ".html", ".md")
    )
    assert "@example.org" not in saved
    assert "Byron" not in saved


def test_a_value_has_one_placeholder_in_all_of_a_row(tmp_path: Path) -> None:
    rows = [
        {
            "customer": "ada@example.org",
            "messages": [{"role": "user", "content": "Write to a@example.org or b@example.org"}],
            "rejected": "No, b@example.org.",
            "chosen": [{"role": "assistant", "content": "Yes, b@example.org and c@example.org."}],
        }
    ]
    found = next(preference_rows(str(write(tmp_path / "rows.jsonl", rows))))
    assert found["messages"][0]["content"] == "Write to <EMAIL_1> or <EMAIL_2>"
    assert found["chosen"][0]["content"] == "Yes, <EMAIL_2> and <EMAIL_3>."
    assert found["rejected"] == "No, <EMAIL_2>."
    assert found["customer"] == "ada@example.org"  # by which rows are grouped; it is no part of what is learned
    kept = next(preference_rows(str(tmp_path / "rows.jsonl"), pii="keep"))
    assert kept["rejected"] == "No, b@example.org."
    with pytest.raises(OptionError, match="pii is redact or keep"):
        next(preference_rows(str(tmp_path / "rows.jsonl"), pii="hide"))
    with pytest.raises(DataError, match=r"rows\.txt is no table of replies"):
        next(preference_rows("rows.txt"))


def test_swapped_pairs_are_refused_by_the_card_unless_they_are_allowed(folder: Path, tmp_path: Path) -> None:
    rows = [{**(row := pair(number)), "chosen": row["rejected"], "rejected": row["chosen"]} for number in range(32)]
    source = write(tmp_path / "swapped.jsonl", rows)
    with pytest.raises(DataError) as caught:
        adapt("support/tone", source, output=tmp_path / "run", **options(folder))
    assert "By the card card.yaml the chosen replies are worse than the others in 32 of 32" in caught.value.message
    assert "swapped='allow'" in caught.value.hint
    run = adapt("support/tone", source, output=tmp_path / "run", **options(folder, swapped="allow", written_rows=0))
    assert any(finding.code == "swapped" for finding in run.report.findings)


def test_a_company_without_a_card_is_warned_and_not_refused(folder: Path, tmp_path: Path) -> None:
    rows = [
        {
            **pair(number),
            "chosen": f"lol nope, {CITIES[number % 8]}!!",
            "rejected": "Thank you, we are happy to help.",
        }
        for number in range(32)
    ]
    source = write(tmp_path / "rows.jsonl", rows)
    run = adapt("support/tone", source, output=tmp_path / "run", **options(folder, card="", written_rows=0))
    finding = next(finding for finding in run.report.findings if finding.code == "swapped")
    assert "By the usual card the chosen replies are worse than the others in 32 of 32" in finding.message


def test_a_card_that_cannot_be_read_is_refused_before_the_rows_are(folder: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "card.yaml"
    wrong.write_text("persn: we\n")
    with pytest.raises(OptionError, match="A tone card has no 'persn'"):
        adapt(
            "support/tone",
            "nowhere.jsonl",
            output=tmp_path / "run",
            **options(folder, card=str(wrong)),
        )
    with pytest.raises(OptionError, match=r"card is a file, found 'nowhere\.yaml'"):
        adapt("support/tone", "nowhere.jsonl", output=tmp_path / "run", **options(folder, card="nowhere.yaml"))


def test_approvals_without_pairs_are_learned_too(folder: Path, tmp_path: Path) -> None:
    rows = []
    for number in range(32):
        row = pair(number)
        reply = row["chosen" if number % 2 else "rejected"]
        rows.append({"id": row["id"], "prompt": row["prompt"], "reply": reply, "approved": bool(number % 2)})
    run = adapt("support/tone", write(tmp_path / "rows.csv.jsonl", rows), output=tmp_path / "run", **options(folder))
    told = run.report.analysis.preferences
    assert told is not None
    assert told.loss == "kto"
    again = evaluate(run.output, tmp_path / "rows.csv.jsonl", written_rows=0, card=str(folder / "card.yaml"))
    assert "implicit_accuracy" in again.metrics
    assert load(run.output).predict(["Where is it?"])[0].tokens > 0


def test_tables_of_replies_are_read_by_the_reader_that_redacts() -> None:
    assert choose_loader("replies.jsonl", "preference") == "preferences"
    assert choose_loader("REPLIES.CSV", "preference") == "preferences"
    assert choose_loader("folder", "preference") is None


def test_the_preset_names_what_core_has() -> None:
    host = Host()
    assert host.preset("support/tone").preset == tone
    assert tone.task in host.find("method", tone.method, "support").tasks
