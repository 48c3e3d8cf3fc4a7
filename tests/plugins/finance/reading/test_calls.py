"""Transcripts come apart into turns, with who speaks, for whom, and in which part of the call."""

from pathlib import Path

import pytest
from acclimate.contracts import DataError, OptionError
from acclimate_finance.reading.calls import call_rows, turns_of

DASHED = """Acme Corp. (ACME) Q4 2023 Earnings Call
Feb 1, 2024, 5:00 p.m. ET

Prepared Remarks:

Operator

Good day. After the remarks there will be a question-and-answer session.

Jane van Doe -- Chief Executive Officer

Thank you. Revenue fell (4%) to $1.2 billion — a poor year.

We cut costs: travel, and offices.

Questions and Answers:

Operator

Our first question comes from Ann Smith with Big Bank.

Ann Smith -- Big Bank -- Analyst

Is demand back?

Jane van Doe -- Chief Executive Officer

It is.
"""
LISTED = """Company Participants
Jane Doe - CEO
Bob O'Neil - Chief Financial Officer
Conference Call Participants
Ann Smith - Big Bank
Operator
Welcome.
Jane Doe
Thank you.
Bob O'Neil
Net loss was $(3) million.
Question-and-Answer Session
Operator
Ann Smith, go ahead.
Ann Smith
Why?
Bob O'Neil
Costs.
"""
INLINE = """OPERATOR: Welcome to the call.
Jane Doe: Thank you.
It was a good year.
Operator: The first question is from Ann.
Ann Smith (Big Bank, Analyst): Why?
Jane Doe: Costs.
Max Roe: Two words: more sales.
"""
TOLD = {
    "dashed": (DASHED, [
        ("Operator", "operator", "prepared"), ("Jane van Doe", "management", "prepared"),
        ("Operator", "operator", "questions"), ("Ann Smith", "analyst", "questions"),
        ("Jane van Doe", "management", "questions"),
    ]),
    "listed": (LISTED, [
        ("Operator", "operator", "prepared"), ("Jane Doe", "management", "prepared"),
        ("Bob O'Neil", "management", "prepared"), ("Operator", "operator", "questions"),
        ("Ann Smith", "analyst", "questions"), ("Bob O'Neil", "management", "questions"),
    ]),
    "inline": (INLINE, [
        ("OPERATOR", "operator", "prepared"), ("Jane Doe", "management", "prepared"),
        ("Operator", "operator", "questions"), ("Ann Smith", "analyst", "questions"),
        ("Jane Doe", "management", "questions"), ("Max Roe", "unknown", "questions"),
    ]),
}  # fmt: skip


def written(folder: Path, text: str) -> str:
    path = folder / "call.txt"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(("text", "told"), TOLD.values(), ids=TOLD)
def test_speakers_roles_and_parts_are_told_in_each_way_of_writing(text, told):
    assert [(turn.speaker, turn.role, turn.part) for turn in turns_of(text, "a")] == told


def test_turns_hold_all_that_is_said_as_it_is_written_and_where(tmp_path):
    rows = list(call_rows(written(tmp_path, DASHED)))
    assert all(DASHED[row["start"] : row["end"]] == row["text"] for row in rows)
    assert rows[1]["text"] == (
        "Thank you. Revenue fell (4%) to $1.2 billion — a poor year.\n\nWe cut costs: travel, and offices."
    )
    assert (rows[3]["title"], rows[3]["turn"]) == ("Big Bank -- Analyst", 4)
    assert len({row["id"] for row in rows}) == len(rows)


def test_a_call_can_be_one_text(tmp_path):
    source = tmp_path / "call.txt"
    source.write_text(DASHED)
    turns = [row["text"] for row in call_rows(str(source))]
    (whole,) = call_rows(str(source), by="call")
    assert whole == {"id": "call.txt", "text": "\n".join(turns), "call": "call.txt"}
    (asked,) = call_rows(str(source), by="call", role="analyst")
    assert asked["text"] == "Is demand back?"


def test_paragraphs_roles_and_parts_can_be_chosen(tmp_path):
    source = written(tmp_path, DASHED)
    texts = [row["text"] for row in call_rows(source, by="paragraph", role="management", part="prepared")]
    assert texts == [
        "Thank you. Revenue fell (4%) to $1.2 billion — a poor year.",
        "We cut costs: travel, and offices.",
    ]
    assert [row["text"] for row in call_rows(source, role="analyst")] == ["Is demand back?"]


def test_an_announcement_of_questions_begins_none():
    text = DASHED.replace("Questions and Answers:\n", "")
    assert [turn.part for turn in turns_of(text, "a")] == ["prepared"] * 2 + ["questions"] * 3


def test_words_before_a_colon_within_a_speech_are_no_speaker():
    text = DASHED.replace("We cut costs:", "Fiscal Outlook: We cut costs:")
    assert [(turn.speaker, turn.role, turn.part) for turn in turns_of(text, "a")] == TOLD["dashed"][1]


@pytest.mark.parametrize("text", ["Just some news.\nIt was good.", "Operator\nWelcome all.", "To: you\nFrom: me"])
def test_texts_in_which_fewer_than_two_speak_are_refused(tmp_path, text):
    with pytest.raises(DataError, match=r"call\.txt has turns of [01] speakers"):
        list(call_rows(written(tmp_path, text)))


def test_options_that_cannot_work_are_refused(tmp_path):
    source = written(tmp_path, LISTED)
    for option in ({"by": "word"}, {"part": "middle"}, {"role": "boss"}):
        with pytest.raises(OptionError, match=f"{next(iter(option))} is "):
            list(call_rows(source, **option))
    with pytest.raises(DataError, match="no turn of unknown"):
        list(call_rows(source, role="unknown"))
