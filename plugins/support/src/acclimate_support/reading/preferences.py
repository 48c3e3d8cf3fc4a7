"""Replies that are preferred or not, one row each, with the same placeholders all through a row."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from acclimate.contracts import DataError, OptionError
from acclimate.data.read import csv_rows, json_rows, jsonl_rows, parquet_rows, tsv_rows

from acclimate_support.privacy import Redactor
from acclimate_support.reading.conversations import text_of
from acclimate_support.reading.options import PII, PREFERENCE_SUFFIXES

_READERS: Mapping[str, Callable[[str], Iterable[dict[str, Any]]]] = dict(
    zip(PREFERENCE_SUFFIXES, (jsonl_rows, jsonl_rows, json_rows, csv_rows, tsv_rows, parquet_rows), strict=True)
)
# What people say stands in these; other columns say whose it is and when, and stay as they are.
_SAID = (
    *("messages", "prompt", "question", "instruction", "input", "query"),
    *("chosen", "rejected", "reply", "response", "completion", "answer", "output"),
)


def preference_rows(source: str, pii: str = "redact", orders: str = "", phones: str = "") -> Iterator[dict[str, Any]]:
    """Yield the rows of a table of replies as they are, with placeholders for what tells of a person.

    A value has one placeholder in all of a row, so that two replies differ in their words and not in the numbers of
    placeholders. Names are those of a field `customer_name` or `name`. With `pii` "keep" everything stays; `orders`
    and `phones` are as in `acclimate_support.prepare.clean`.

    Raises:
        DataError: the source cannot be read.
        OptionError: for an option that cannot work.
    """
    if pii not in PII:
        raise OptionError(f"pii is {' or '.join(PII)}, found {pii!r}.", f"Leave pii out for {PII[0]}.")
    read = _READERS.get(Path(source).suffix.lower())
    if read is None:
        raise DataError(f"{Path(source).name} is no table of replies.", f"Its name ends with {', '.join(_READERS)}.")
    for row in read(source):
        yield row if pii == "keep" else _redacted(row, str(orders), str(phones))


def _redacted(row: Mapping[str, Any], orders: str, phones: str) -> dict[str, Any]:
    name = text_of(row, "customer_name", "name")
    thread = Redactor(names=(name,) if name else (), orders=orders, region=phones)
    # What is replied to comes first, whatever the order of the columns: it has the first numbers.
    said = {column: _without(row[column], thread) for column in _SAID if column in row}
    return {column: said.get(column, value) for column, value in row.items()}


def _without(value: Any, thread: Redactor) -> Any:
    if isinstance(value, str):
        return thread.redact(value).text
    if isinstance(value, list | tuple):
        return [_without(each, thread) for each in value]
    if isinstance(value, Mapping):
        return {key: _without(each, thread) if key == "content" else each for key, each in value.items()}
    return value
