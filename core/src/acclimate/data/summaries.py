"""Texts with summaries that people wrote of them, read from usual forms and checked."""

from collections.abc import Iterator, Mapping
from typing import Any

from acclimate.contracts import Columns, DataError
from acclimate.data.cells import as_text, missing, place
from acclimate.data.gathering import unusable
from acclimate.data.read.files import LINE, UNREADABLE, name_of
from acclimate.data.table import Reader

SUMMARY, REFERENCE = "summary", "reference"
_TEXTS = ("text", "document", "article", "transcript", "report", "source")
_SUMMARIES = (SUMMARY, "highlights", "abstract", "target")


def with_summaries(read: Reader, columns: Columns) -> Reader:
    """Return a reader whose rows have a `text` and its `summary`, whose parts, if it is a list, are lines.

    The text is in the column that `columns.text` names, else in `text`, `document`, `article`, `transcript` and the
    like; the summary in that which `columns.label` names, else in `summary`, `highlights` or `abstract`.

    Raises:
        DataError: while it is read, for columns that are not there; at its end one error for all rows without a
            summary.
    """

    def summarised(source: str) -> Iterator[dict[str, Any]]:
        bad: list[str] = []
        for count, row in enumerate(read(source), 1):
            if UNREADABLE in row:
                yield dict(row)
                continue
            text, summary = (_named(row, columns, source, of) for of in ("text", SUMMARY))
            found = _joined(row[summary])
            if not found.strip():
                where = as_text(row.get("id")) or place(int(row.get(LINE) or 0), count)
                bad.append(f"{where}: its {summary} is empty")
            yield {
                **{key: value for key, value in row.items() if key not in (text, summary)},
                "text": row[text],
                SUMMARY: found,
            }
        if bad:
            raise unusable(bad, name_of(source), what="summaries", hint="Write them, or leave the rows out.")

    return summarised


def to_summarise(row: Mapping[str, Any], columns: Columns) -> dict[str, Any]:
    """Return a row to predict with its `text`, and as `reference` the summary that it may have, "" without one."""
    if UNREADABLE in row:
        return dict(row)
    text, summary = (next((each for each in _wanted(columns, of) if each in row), "") for of in ("text", SUMMARY))
    if not text:
        return {**row, UNREADABLE: f"it has no column {' or '.join(_wanted(columns, 'text'))}"}
    return {**row, "text": row[text], REFERENCE: _joined(row.get(summary))}


def _wanted(columns: Columns, of: str) -> tuple[str, ...]:
    given, usual = (columns.text, _TEXTS) if of == "text" else (columns.label, _SUMMARIES)
    return (given,) if given else usual


def _named(row: Mapping[str, Any], columns: Columns, source: str, of: str) -> str:
    wanted = _wanted(columns, of)
    found = next((name for name in wanted if name in row), "")
    if not found:
        option = "text" if of == "text" else "label"
        raise DataError(
            f"{name_of(source)} has no column {' or '.join(wanted)}, which would be the {of}; its columns are "
            f"{', '.join(name for name in row if name != LINE)}.",
            f'Name it: {option}="COLUMN" (--{option} COLUMN).',
        )
    return found


def _joined(value: Any) -> str:
    if missing(value):
        return ""
    if isinstance(value, list | tuple):
        return "\n".join(as_text(each).strip() for each in value if not missing(each))
    return as_text(value)
