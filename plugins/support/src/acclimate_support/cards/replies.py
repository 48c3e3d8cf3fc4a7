"""The replies of a file, one after the other."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from acclimate.contracts import DataError, UnknownNameError, did_you_mean
from acclimate.data.read import LINE, table_rows

_USUAL = ("reply", "text", "answer", "response", "content", "completion")


def replies_of(source: str, column: str = "") -> Iterator[str]:
    """Yield the replies of a table, or those of the assistant in chat records (`{messages: [{role, content}]}`).

    Raises:
        DataError: the file cannot be read, or a line holds no reply.
        UnknownNameError: a line has no field of that name.
    """
    for row in table_rows(source, "replies"):
        line = row.pop(LINE, 0)
        if not column and isinstance(row.get("messages"), list):
            said = (message for message in row["messages"] if isinstance(message, dict))
            yield from (str(each.get("content", "")) for each in said if each.get("role") == "assistant")
            continue
        yield _reply(row, column, f"{Path(source).name} line {line}")


def _reply(row: Mapping[str, Any], column: str, where: str) -> str:
    name = column or next((name for name in _USUAL if name in row), "")
    if name not in row:
        hint = did_you_mean(column, row) if column else f"Name it (--text); there are {', '.join(map(str, row))}."
        raise UnknownNameError(f"{where} has no field {repr(column) if column else 'with a reply'}.", hint)
    value = row[name]
    if not isinstance(value, str) or not value.strip():
        raise DataError(f"{where} holds no reply in {name!r}.", "Each line needs a text.")
    return value
