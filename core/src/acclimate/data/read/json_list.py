"""One JSON list of objects; Label Studio's, SQuAD's and ContractNLI's become rows of texts with what they have."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from acclimate.contracts import DataError
from acclimate.data.read.contract_nli import contract_nli_rows, is_contract_nli
from acclimate.data.read.files import filled, some_rows, wrong_encoding
from acclimate.data.read.squad import is_squad, squad_rows


def json_rows(source: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON file that holds one list of them; the whole file is in memory.

    A task of Label Studio (`data` and `annotations`) becomes `id`, `text`, `spans` and the other fields of its data.
    Its offsets count UTF-16 units, as browsers do, and are turned into characters. Of several annotations of a task
    that were not cancelled, there may be only one. A document in SQuAD's form is read as `squad.squad_rows` says, one
    in ContractNLI's as `contract_nli.contract_nli_rows` does.

    Raises:
        DataError: no such file, an empty file, what is no list of objects, text that is not UTF-8, or a task with
            more than one text or annotation.
    """
    path = filled(source)
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise wrong_encoding(path) from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path.name} is not valid JSON: {error}.", "It holds one list of objects.") from error
    if is_squad(found):
        yield from some_rows(squad_rows(found, path.name), source)
        return
    if is_contract_nli(found):
        yield from some_rows(contract_nli_rows(found, path.name), source)
        return
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise DataError(
            f"{path.name} holds no list of objects.", 'Write [{"text": "…", …}, …], or JSON Lines as .jsonl.'
        )
    yield from some_rows((_task(row, place) if _is_task(row) else row for place, row in enumerate(found, 1)), source)


def _is_task(row: Mapping[str, Any]) -> bool:
    return isinstance(row.get("data"), dict) and isinstance(row.get("annotations"), list)


def _task(row: Mapping[str, Any], place: int) -> dict[str, Any]:
    done = [each for each in row["annotations"] if not each.get("was_cancelled")]
    results = [each for each in done[0]["result"] if "labels" in each.get("value", {})] if done else []
    columns = {each.get("to_name", "text") for each in results}
    if len(done) > 1 or len(columns) > 1:
        raise DataError(
            f"Task {row.get('id', place)} has {len(done)} annotations of {len(columns)} texts, and one of one was "
            "expected.",
            "Export one annotation of each task.",
        )
    data = dict(row["data"])
    name = next((name for name in (*columns, "text") if name in data), "")
    text = str(data.pop(name)) if name else ""
    places = _characters(text)
    spans: list[Mapping[str, Any]] = [_span(each["value"], places) for each in results]
    # A task that nobody annotated has no spans, which is not the same as none that were found.
    told: Mapping[str, Any] = {"spans": spans} if done else {"spans": None}
    return {**data, "id": row.get("id", place), "text": text, **told}


def _span(value: Mapping[str, Any], places: Mapping[int, int]) -> dict[str, Any]:
    """Return a span with offsets in characters; one that is cut through a character keeps a half: "3.5"."""
    labels: Sequence[str] = value["labels"]
    found = {side: _place(value[side], places) for side in ("start", "end")}
    quoted = {"text": value["text"]} if "text" in value else {}
    return {**found, "label": labels[0] if len(labels) == 1 else list(labels), **quoted}


def _place(offset: Any, places: Mapping[int, int]) -> Any:
    inside = isinstance(offset, int) and 0 < offset < max(places)
    return places.get(offset, offset + 0.5 if inside else offset)


def _characters(text: str) -> dict[int, int]:
    """Return by offset in UTF-16 units that of the character which begins there."""
    found, unit = {}, 0
    for place, character in enumerate(text):
        found[unit] = place
        unit += 2 if character > "\uffff" else 1
    found[unit] = len(text)
    return found
