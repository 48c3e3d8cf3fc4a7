"""Rows of preferences: what is a pair or an approval, what is none and why."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from acclimate import data
from acclimate.contracts import Columns, DataError, UnknownNameError


def said(*turns: tuple[str, Any]) -> list[dict[str, Any]]:
    return [{"role": role, "content": content} for role, content in turns]


def load(folder: Path, rows: Sequence[dict[str, Any]], *, drop: bool = False, **columns: str) -> Any:
    file = folder / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return data.load_preferences(
        str(file), read=data.jsonl_rows, columns=Columns(**columns), cache=folder / "cache", drop=drop
    )


PAIR = {"prompt": "Hi", "chosen": "Hello.", "rejected": "What?"}
SINGLE = {"prompt": "Hi", "reply": "Hello.", "approved": True}


@pytest.mark.parametrize(
    "row",
    [
        PAIR,
        {"messages": said(("user", "Hi")), "chosen": " Hello. ", "rejected": "What?"},
        {"question": "Hi", "Chosen": "Hello.", "REJECTED": "What?"},
        {"prompt": said(("user", "Hi")), "chosen": said(("assistant", "Hello.")), "rejected": "What?"},
        {
            "chosen": said(("user", "Hi"), ("assistant", "Hello.")),
            "rejected": said(("user", "Hi"), ("assistant", "What?")),
        },
    ],
)
def test_pairs_are_read_however_the_question_stands_there(tmp_path: Path, row: dict[str, Any]) -> None:
    table, told = load(tmp_path, [row])
    assert not told
    assert [(each.role, each.content) for each in data.chat_of(table["messages"][0])] == [("user", "Hi")]
    assert (table["text"][0], table["chosen"][0], table["rejected"][0]) == ("Hi", "Hello.", "What?")


@pytest.mark.parametrize(
    ("row", "approved"),
    [
        (SINGLE, "yes"),
        ({"prompt": "Hi", "completion": "Hello.", "label": False}, "no"),
        ({"prompt": "Hi", "reply": "Hello.", "thumbs_up": "down"}, "no"),
        ({"messages": said(("user", "Hi"), ("assistant", "Hello.")), "approved": 1}, "yes"),
    ],
)
def test_single_replies_are_approved_or_not(tmp_path: Path, row: dict[str, Any], approved: str) -> None:
    table, _ = load(tmp_path, [row])
    assert (table["text"][0], table["reply"][0], table["approved"][0]) == ("Hi", "Hello.", approved)
    assert "chosen" not in table.column_names


def test_columns_can_be_named_and_others_are_kept(tmp_path: Path) -> None:
    row = {"q": "Hi", "better": "Hello.", "worse": "What?", "who": "a", "id": "x", "system": "Be kind."}
    names = {"prompt": "q", "chosen": "better", "rejected": "worse", "group": "who"}
    table, _ = load(tmp_path, [row], **names)
    assert (table["id"][0], table["group"][0], table["chosen"][0]) == ("x", "a", "Hello.")
    assert data.chat_of(table["messages"][0])[0].content == "Be kind."
    with pytest.raises(UnknownNameError, match="no column 'bettr'"):
        load(tmp_path, [row], **{**names, "chosen": "bettr"})


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({**PAIR, "rejected": "hello. "}, "its chosen and its rejected reply are the same"),
        ({**PAIR, "rejected": ""}, "its rejected is empty"),
        ({**PAIR, "chosen": None}, "its chosen is empty"),
        ({**PAIR, "chosen": 7}, "its chosen is no text: '7'"),
        ({**PAIR, "prompt": " "}, "what the user says in message 1 is empty"),
        ({**PAIR, "chosen": said(("user", "a"))}, "its chosen is 1 messages, not one of the assistant"),
        ({**PAIR, "prompt": said(("user", "a"), ("assistant", "b"))}, "its messages end with the assistant"),
        ({**PAIR, "prompt": said(("assistant", "b"))}, "its messages end with the assistant"),
    ],
)
def test_pairs_that_cannot_be_learned_from_are_named_or_left_out(
    tmp_path: Path, row: dict[str, Any], reason: str
) -> None:
    rows = [{"id": "good", **PAIR}, {"id": "bad", **row}]
    message = f"1 of 2 rows of rows.jsonl are no preferences to learn from:\n  bad: {reason}"
    with pytest.raises(DataError, match=message):
        load(tmp_path, rows)
    table, told = load(tmp_path, rows, drop=True)
    assert table["id"][:] == ["good"]
    assert told[0].code == "preferences-left-out"
    assert reason in told[0].message


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({**SINGLE, "reply": ""}, "its reply is empty"),
        ({**SINGLE, "approved": "maybe"}, "approved is true or false, found 'maybe'"),
        ({**SINGLE, "approved": None}, "approved is true or false, found None"),
    ],
)
def test_single_replies_that_cannot_be_learned_from_are_named(
    tmp_path: Path, row: dict[str, Any], reason: str
) -> None:
    with pytest.raises(DataError, match=reason):
        load(tmp_path, [SINGLE, row])


def test_two_chats_that_differ_before_their_replies_are_no_pair(tmp_path: Path) -> None:
    one, other = said(("user", "Hi"), ("assistant", "a")), said(("user", "Ho"), ("assistant", "b"))
    with pytest.raises(DataError, match="its two chats differ before their last messages"):
        load(tmp_path, [{"chosen": one, "rejected": other}])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"prompt": "Hi", "chosen": "a"}, "has no pairs of replies and no replies that are approved or not"),
        ({"text": "Hi", "reply": "a", "approved": True}, "No column of rows.jsonl is recognised as the prompt"),
        ({"prompt": "Hi", "approved": True}, "has no pairs of replies and no replies"),
    ],
)
def test_a_source_without_preferences_is_refused_with_its_columns(
    tmp_path: Path, row: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        load(tmp_path, [row])
