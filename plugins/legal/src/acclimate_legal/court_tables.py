"""Tables of cases with the courts that decided them."""

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from acclimate import bundle
from acclimate.contracts import DataError, OptionError
from acclimate.data.read import LINE, table_rows

from acclimate_legal.courts import Court, find_courts, read_mapping

COLUMNS = ("court_id", "jurisdiction", "court_system", "court_level", "court_state")


@dataclass(frozen=True, slots=True, kw_only=True)
class CourtsFound:
    """What was written: how many rows of each jurisdiction, and of each reason why a court is not known."""

    output: Path
    rows: int
    jurisdictions: Mapping[str, int]
    unknown: Mapping[str, int]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        counts = {"jurisdictions": dict(self.jurisdictions), "unknown": dict(self.unknown)}
        return {"output": str(self.output), "rows": self.rows, **counts}


def write_courts(
    source: str | Path,
    output: str | Path,
    *,
    column: str = "court",
    time: str = "",
    mapping: str | Path | None = None,
) -> CourtsFound:
    """Write the rows of a table (.csv, .tsv, .jsonl) with the columns `COLUMNS` of their courts.

    They are empty where a name stands for no court that is known, or for more than one. `time` names a column with
    dates: then only courts that sat on them are found. `mapping` is a table of other courts (`read_mapping`).

    Raises:
        OptionError: when `output` does not end with .csv or .jsonl.
        DataError: when the table or the mapping cannot be read, or a column is missing or there already.
        MissingPackageError: when courts-db is not installed and a name is not in the mapping.
        OutputError: when `output` exists or cannot be written.
    """
    output = Path(output)
    if output.suffix not in (".csv", ".jsonl"):
        raise OptionError(f"Courts are written to .csv or .jsonl, found {str(output)!r}.", "Choose one of them.")
    bundle.check_output(output)
    known = read_mapping(mapping) if mapping else {}
    jurisdictions: Counter[str] = Counter()
    unknown: Counter[str] = Counter()

    def counted() -> Iterator[dict[str, Any]]:
        for row, reason in with_courts(table_rows(str(source), "cases"), column, time=time, mapping=known):
            unknown.update([reason] if reason else [])
            jurisdictions.update([] if reason else [row["jurisdiction"]])
            yield row

    with bundle.writing_file(output) as file, file.open("w", encoding="utf-8", newline="") as stream:
        if output.suffix == ".csv":
            _write_csv(counted(), stream)
        else:
            stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in counted())
    rows = jurisdictions.total() + unknown.total()
    by_count = dict(jurisdictions.most_common()), dict(unknown.most_common())
    return CourtsFound(output=output, rows=rows, jurisdictions=by_count[0], unknown=by_count[1])


def with_courts(
    rows: Iterable[Mapping[str, Any]], column: str, *, time: str = "", mapping: Mapping[str, Court] | None = None
) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield each row with the columns of its court, and why they are empty, or "".

    Raises:
        DataError: when a row has no such column, one of `COLUMNS` already, or a date that is none.
    """
    seen: dict[tuple[str, datetime | None], list[Court]] = {}
    for row in rows:
        line = row.get(LINE, "")
        kept = {name: value for name, value in row.items() if name != LINE}
        _check(kept, [name for name in (column, time) if name], line)
        name = " ".join(str(kept[column] or "").split())
        asked = name, _date(kept[time], line) if time else None
        if asked not in seen:
            seen[asked] = find_courts(name, mapping, asked[1]) if name else []
        found = seen[asked]
        told = {each: getattr(found[0], each) if len(found) == 1 else "" for each in COLUMNS}
        yield {**kept, **told}, _reason(name, found, mapping, dated=asked[1] is not None)


def _check(row: Mapping[str, Any], wanted: Iterable[str], line: Any) -> None:
    missing = [name for name in wanted if name not in row]
    if missing:
        raise DataError(f"Line {line} has no column {missing[0]!r}.", f"There are {', '.join(map(str, row))}.")
    twice = [name for name in COLUMNS if name in row]
    if twice:
        raise DataError(f"Line {line} has a column {twice[0]!r} already.", "Rename or remove it.")


def _reason(name: str, found: list[Court], mapping: Mapping[str, Court] | None, *, dated: bool) -> str:
    if not name:
        return "no court is named"
    if not found and dated and find_courts(name, mapping):
        return f"{name!r} did not sit then"
    if not found:
        return f"no court is known by the name {name!r}"
    if len(found) > 1:
        return f"{name!r} may be {', '.join(court.court_id for court in found)}"
    return ""


def _date(value: Any, line: Any) -> datetime | None:
    text = str(value or "").strip()
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None) if text else None
    except ValueError as error:
        raise DataError(f"Line {line}: {text!r} is no date.", "Write dates as 1954-05-17.") from error


def _write_csv(rows: Iterator[dict[str, Any]], stream: TextIO) -> None:
    writer: csv.DictWriter[str] | None = None
    for row in rows:
        if writer is None:
            writer = csv.DictWriter(stream, fieldnames=list(row))
            writer.writeheader()
        if set(row) != set(writer.fieldnames):
            raise DataError("The rows have different fields.", "Write them to .jsonl, which needs no columns.")
        writer.writerow(row)
