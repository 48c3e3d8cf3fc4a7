"""Tables of text as they are, told by their names."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from acclimate.contracts import DataError
from acclimate.data.read.delimited import csv_rows, tsv_rows
from acclimate.data.read.json_lines import jsonl_rows

_READERS = {".jsonl": jsonl_rows, ".ndjson": jsonl_rows, ".csv": csv_rows, ".tsv": tsv_rows}


def table_rows(source: str, what: str = "rows") -> Iterator[dict[str, Any]]:
    """Return the rows of a table in CSV, TSV or JSON Lines; `what` they are is for the error.

    Raises:
        DataError: for another ending, and as the reader of each says.
    """
    read = _READERS.get(Path(source).suffix.lower())
    if read is None:
        raise DataError(f"{Path(source).name} is no table of {what}.", f"Its name ends with {', '.join(_READERS)}.")
    return read(source)
