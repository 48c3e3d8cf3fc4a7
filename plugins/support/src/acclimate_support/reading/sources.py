"""Which system an export comes from, and its conversations one after the other."""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from acclimate.contracts import DataError

from acclimate_support.reading import chats, intercom, zendesk
from acclimate_support.reading.conversations import Conversation, objects

Kind = Literal["zendesk", "zendesk-table", "intercom", "chats", "chat-table"]
_LINES = (".jsonl", ".ndjson")
_TABLES = (".csv", ".tsv")
_HEAD = 1 << 20


def kind_of(source: str) -> Kind | None:
    """Return what wrote a file, by its first object or its header; None where it is no export that is known.

    Nothing but the beginning of the file is read, but of a .json file, which is one value as a whole.
    """
    path = Path(source)
    if not path.is_file() or path.suffix.lower() not in (*_LINES, *_TABLES, ".json"):
        return None
    try:
        if path.suffix.lower() in _TABLES:
            return _kind_of_table(_header(path))
        first = next(_some_objects(path), None)
    except (DataError, UnicodeDecodeError, csv.Error):
        return None  # whoever reads it says what is wrong with it
    return None if first is None else _kind_of_object(first)


def conversations(source: str) -> Iterator[Conversation]:
    """Yield the conversations of an export.

    Raises:
        DataError: there is no such file, it is no export that is known, or it cannot be read.
    """
    kind = kind_of(source)
    if kind in ("zendesk-table", "chat-table"):
        from acclimate.data.read import csv_rows, tsv_rows

        rows = (tsv_rows if source.lower().endswith(".tsv") else csv_rows)(source)
        found = map(zendesk.table_ticket, rows) if kind == "zendesk-table" else chats.table_chats(rows, source)
    elif kind is None:
        raise _unknown(source)
    else:
        found = _of_objects(Path(source), kind)
    empty = True
    for conversation in found:
        empty = False
        yield conversation
    if empty:
        raise DataError(f"{Path(source).name} has no conversations.")


def _of_objects(path: Path, kind: Kind) -> Iterator[Conversation]:
    users = dict(_users(path)) if kind == "zendesk" else {}
    for place, found in enumerate(_all_objects(path), 1):
        own = _kind_of_object(found)
        if own != kind:
            raise DataError(f"Entry {place:,} of {path.name} is not one of {kind}, as the first is.", "Take it out.")
        if kind == "zendesk":
            yield zendesk.ticket(found, users)
        elif kind == "intercom":
            yield intercom.conversation(found)
        else:
            yield chats.chat(found, f"entry {place:,} of {path.name}")


def _kind_of_object(found: Mapping[str, Any]) -> Kind | None:
    if intercom.is_conversation(found):
        return "intercom"
    if chats.is_chat(found):
        return "chats"
    return "zendesk" if zendesk.is_ticket(found) else None


def _kind_of_table(header: set[str]) -> Kind | None:
    if zendesk.is_table(header):
        return "zendesk-table"
    return "chat-table" if chats.is_table(header) else None


def _header(path: Path) -> set[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        line = file.readline(_HEAD)
    delimiter = max(",;\t|", key=line.count)
    return {name.strip().casefold() for name in next(csv.reader([line], delimiter=delimiter), [])}


def _some_objects(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield objects from the beginning of a file."""
    yield from _line_objects(path) if path.suffix.lower() in _LINES else _all_objects(path)


def _all_objects(path: Path) -> Iterator[Mapping[str, Any]]:
    if path.suffix.lower() in _LINES:
        yield from _line_objects(path)
        return
    whole = _json(path)
    if isinstance(whole, dict):
        held = next((whole[name] for name in ("tickets", "conversations", "results") if name in whole), None)
        whole = [whole] if held is None or chats.is_chat(whole) else held
    yield from objects(whole)


def _line_objects(path: Path) -> Iterator[Mapping[str, Any]]:
    from acclimate.data.read import LINE, jsonl_rows

    for row in jsonl_rows(str(path)):
        yield {name: value for name, value in row.items() if name != LINE}


def _users(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if path.suffix.lower() not in _LINES:
        whole = _json(path)
        if isinstance(whole, dict):
            yield from zendesk.users_of(whole)


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{path.name} is not valid JSON: {error}.", "With one object on each line its name ends with .jsonl."
        ) from error


def _unknown(source: str) -> DataError:
    if not Path(source).exists():
        return DataError(f"There is no file {source!r}.", "Check the path.")
    return DataError(
        f"{Path(source).name} is no export that is known.",
        "Known are Zendesk's JSON and CSV, Intercom's JSON, objects with 'messages', and tables with a chat, a side "
        "and a text on each line.",
    )
