"""Comma and tab separated files, streamed row by row."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from acclimate.contracts import DataError
from acclimate.data.read.files import LINE, UNREADABLE, decoded, filled, some_rows, undecoded, wrong_encoding

_DELIMITERS = ",;\t|"
_LONGEST_FIELD = 2**31 - 1


def csv_rows(source: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a CSV file: its header names the columns, every value is text as written.

    The delimiter (comma, semicolon, tab or bar) is the one that occurs most often in the header line.
    Nothing is read as missing: "NA", "None" and "null" are ordinary words, an empty cell is "". `__line__`
    is the line on which a row starts.

    Raises:
        DataError: no such file, an empty file, a header without rows, two columns of one name, a row with
            more or fewer fields than the header, bad quoting, or text that is not UTF-8.
    """
    yield from _rows(filled(source), None)


def tolerant_csv_rows(source: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a CSV file; a line that is no row comes as its number and the reason.

    Raises:
        DataError: as `csv_rows` for the file and its header, not for its rows.
    """
    yield from _rows(filled(source), None, tolerant=True)


def tolerant_tsv_rows(source: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a tab separated file as `tolerant_csv_rows` does."""
    yield from _rows(filled(source), "\t", tolerant=True)


def tsv_rows(source: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a tab separated file; everything else is as in `csv_rows`."""
    yield from _rows(filled(source), "\t")


def _rows(path: Path, delimiter: str | None, *, tolerant: bool = False) -> Iterator[dict[str, Any]]:
    # The csv module stops at 131,072 characters a field, which a contract exceeds. The limit is one per
    # process, so it is raised and left raised: lowering it would break another reader half way.
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_FIELD))
    try:
        with path.open(encoding="utf-8-sig", errors=undecoded(tolerant), newline="") as file:
            delimiter = delimiter or _delimiter(file.readline())
            file.seek(0)
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            yield from some_rows(_parsed(reader, path, tolerant), path.name)
    except UnicodeDecodeError as error:
        raise wrong_encoding(path) from error


def _delimiter(header: str) -> str:
    bare = re.sub(r'"[^"]*"', "", header)
    return max(_DELIMITERS, key=bare.count)


def _parsed(reader: Any, path: Path, tolerant: bool) -> Iterator[dict[str, Any]]:
    header: list[str] = []
    end = 0
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if header and tolerant:
                line, end = end + 1, max(reader.line_num, end + 1)
                yield {LINE: line, UNREADABLE: f"the line cannot be read: {error}"}
                continue
            raise DataError(
                f"{path.name} line {end + 1} cannot be read: {error}.",
                "Put a field with quotes in double quotes and write each quote in it twice.",
            ) from error
        line, end = end + 1, reader.line_num
        if not fields:
            continue
        if not header:
            header = _header(fields, path)
            if not all(map(decoded, header)):
                raise wrong_encoding(path)
            continue
        if tolerant and (problem := _problem(fields, header)):
            yield {LINE: line, UNREADABLE: problem}
            continue
        if len(fields) != len(header):
            raise _ragged(path, line, fields, header)
        yield {**dict(zip(header, fields, strict=True)), LINE: line}


def _problem(fields: list[str], header: list[str]) -> str:
    if len(fields) != len(header):
        return f"the line has {len(fields)} fields, its header has {len(header)}"
    return "" if all(map(decoded, fields)) else "the line is not UTF-8 text"


def _header(fields: list[str], path: Path) -> list[str]:
    # Spreadsheets and pandas leave the name of an index column empty.
    names = [field.strip() or f"column {number}" for number, field in enumerate(fields, 1)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"{path.name} has more than one column called {twice[0]!r}.", "Rename one of them.")
    return names


def _ragged(path: Path, line: int, fields: list[str], header: list[str]) -> DataError:
    return DataError(
        f"{path.name} line {line} has {len(fields)} fields, its header has {len(header)} ({', '.join(header)}).",
        "Put a field that contains the delimiter in double quotes.",
    )
