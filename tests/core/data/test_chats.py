"""Rows that are chats: what is one, what is none and why, and what becomes of those that are none."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from acclimate import data
from acclimate.contracts import Columns, DataError, Message, UnknownNameError


def chat(*turns: tuple[str, Any]) -> list[dict[str, Any]]:
    return [{"role": role, "content": content} for role, content in turns]


def jsonl(folder: Path, rows: Sequence[dict[str, Any]]) -> str:
    file = folder / "chats.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(file)


def load(source: str, folder: Path, *, drop: bool = False, read: Any = data.jsonl_rows, **columns: str) -> Any:
    return data.load_chats(source, read=read, columns=Columns(**columns), cache=folder / "cache", drop=drop)


def read_back(table: Any) -> list[list[tuple[str, str]]]:
    return [[(each.role, each.content) for each in data.chat_of(text)] for text in table["messages"][:]]


GOOD = chat(("user", "Hi"), ("assistant", "Hello."))


def test_messages_are_chats_with_the_turns_of_one_side_joined(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "messages": chat(("system", "Be kind."), ("user", " Hi "), ("assistant", "Hello."))},
        {"id": "b", "messages": chat(("user", "1"), ("user", "2"), ("assistant", "3"), ("user", "unanswered"))},
        {"id": "c", "messages": GOOD, "system": "Own."},
    ]
    table, told = load(jsonl(tmp_path, rows), tmp_path)
    assert not told
    assert read_back(table) == [
        [("system", "Be kind."), ("user", "Hi"), ("assistant", "Hello.")],
        [("user", "1\n\n2"), ("assistant", "3")],
        [("system", "Own."), ("user", "Hi"), ("assistant", "Hello.")],
    ]
    assert table["id"][:] == ["a", "b", "c"]
    assert table["text"][:] == ["Hi", "1\n\n2", "Hi"]


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        (("prompt", "response"), {}),
        (("Question", "answer"), {}),
        (("ask", "say"), {"prompt": "ask", "response": "say"}),
    ],
)
def test_two_columns_are_a_chat_of_two_turns(tmp_path: Path, header: Any, columns: dict[str, str]) -> None:
    file = tmp_path / "faq.csv"
    with file.open("w", newline="") as stream:
        csv.writer(stream).writerows([header, ("Is it open?", "Yes, it is."), ("When?", "At six.")])
    table, _ = load(str(file), tmp_path, read=data.csv_rows, **columns)
    assert read_back(table)[1] == [("user", "When?"), ("assistant", "At six.")]


def test_parquet_keeps_lists_of_messages(tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    file = tmp_path / "chats.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"messages": [GOOD, GOOD]}), file)
    table, _ = load(str(file), tmp_path, read=data.parquet_rows)
    assert read_back(table) == [[("user", "Hi"), ("assistant", "Hello.")]] * 2


BAD = [
    (chat(("user", "Hi"), ("assistant", "  ")), "what the assistant says in message 2 is empty"),
    (chat(("user", "Hi")), "no user says anything that is answered"),
    (chat(("assistant", "Hi")), "no user says anything that is answered"),
    (
        chat(("customer", "Hi"), ("assistant", "a")),
        "message 1 is by 'customer', and roles are system, user, assistant",
    ),
    (chat(("user", ["Hi"]), ("assistant", "a")), r"message 1 is no text: \"\['Hi'\]\""),
    (chat(("user", "a"), ("system", "b"), ("assistant", "c")), "message 2 is a system prompt, which only the first"),
    (chat(("assistant", "Hello!"), ("user", "a"), ("assistant", "c")), "it begins with the assistant"),
    ([], "it has no messages"),
    ("nonsense", "it has no messages"),
    ([{"from": "human", "value": "a"}], "message 1 has no role and content"),
]


@pytest.mark.parametrize(("messages", "reason"), BAD)
def test_a_row_that_is_no_chat_is_refused_by_its_id_with_the_reason(
    tmp_path: Path, messages: Any, reason: str
) -> None:
    source = jsonl(tmp_path, [{"id": "good", "messages": GOOD}, {"id": "t-7", "messages": messages}])
    with pytest.raises(DataError, match=rf"1 of 2 rows of chats\.jsonl are no chats to learn from:\n  t-7: {reason}"):
        load(source, tmp_path)


def test_rows_that_are_no_chats_are_left_out_where_that_is_asked_and_told(tmp_path: Path) -> None:
    rows = [{"messages": GOOD}, *({"messages": messages} for messages, _ in BAD), {"messages": GOOD}]
    table, told = load(jsonl(tmp_path, rows), tmp_path, drop=True)
    assert len(table) == 2
    assert told[0].code == "chats-left-out"
    assert told[0].message.startswith(f"{len(BAD)} of {len(rows)} rows of chats.jsonl are no chats and were left out")
    assert told[0].details["rows"] == len(BAD)
    assert "line 2" in told[0].message


def test_nothing_but_bad_rows_is_refused_even_so(tmp_path: Path) -> None:
    source = jsonl(tmp_path, [{"messages": chat(("user", "Hi"))}])
    with pytest.raises(DataError, match="1 of 1 rows"):
        load(source, tmp_path, drop=True)


def test_columns_that_are_not_there_or_ambiguous_are_named(tmp_path: Path) -> None:
    source = jsonl(tmp_path, [{"question": "a", "query": "b", "answer": "c"}])
    with pytest.raises(DataError, match=r"More than one column .* may hold the prompt: question, query.*--prompt"):
        load(source, tmp_path)
    with pytest.raises(UnknownNameError, match="no column 'ask'"):
        load(source, tmp_path, prompt="ask")
    with pytest.raises(DataError, match=r"No column .* is recognised as messages or as the response"):
        load(jsonl(tmp_path, [{"question": "a", "b": "c"}]), tmp_path)


def test_chats_to_be_answered_end_with_the_user_and_tell_what_is_wrong_with_each(tmp_path: Path) -> None:
    source = tmp_path / "new.jsonl"
    rows = [
        {"id": "a", "messages": chat(("user", "1"), ("assistant", "2"), ("user", "3"), ("assistant", "known"))},
        {"id": "b", "messages": chat(("assistant", "2"))},
        {"id": "c", "messages": chat(("user", "1"))},
    ]
    source.write_text("\n".join([*map(json.dumps, rows), "{broken"]))
    found = list(data.stream_chats(str(source), read=data.jsonl_rows, columns=Columns()))
    assert [row.id for row in found] == ["a", "b", "c", "rows:4"]
    assert [message.content for message in found[0].content] == ["1", "2", "3"]
    assert found[1].error == "no user says anything"
    assert found[2].content == (Message(role="user", content="1"),)
    assert "not valid JSON" in found[3].error
