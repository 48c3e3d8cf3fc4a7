"""Pairs of a query and a document that answers it, from any source, as one table whatever its columns are called."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from datasets import Dataset

from acclimate.contracts import Columns, DataError, UnknownNameError, did_you_mean
from acclimate.data.cells import Tally, missing, place
from acclimate.data.columns import NO_TIME
from acclimate.data.read.files import LINE, UNREADABLE, name_of
from acclimate.data.table import Reader, load, with_usual

QUERY, DOCUMENT, DOCUMENT_ID, DOCUMENT_TIME = "query", "document", "document_id", "document_time"
# Usual names of the two columns, pair by pair, and of a column that stands alone: documents, or queries to answer.
_PAIRS = (
    ("query", "document"),
    ("question", "answer"),
    ("query", "passage"),
    ("query", "positive"),
    ("anchor", "positive"),
    ("query", "answer"),
    ("question", "document"),
    ("question", "passage"),
    ("title", "body"),
    ("sentence1", "sentence2"),
    ("text1", "text2"),
)
_ALONE = {
    DOCUMENT: ("document", "text", "answer", "passage", "content", "body"),
    QUERY: ("query", "question", "text", "sentence", "title"),
}
_HEAD = 1000


def read_pairs(
    source: str,
    *,
    read: Reader,
    columns: Columns,
    cache: Path,
    part: str,
    usual_group: str = "",
    usual_times: Sequence[str] = (),
) -> Dataset:
    """Return the pairs of a source as a memory-mapped table under `cache`.

    Its columns are `id`, `text` (the query), `document`, `line`, and those of `document_id`, `document_time`, `group`
    and `time` that the source has; all but `line` are strings. What is named, usual and refused is as for `load`.

    Raises:
        DataError: as `load`; a pair without a document, or without the id or time of its document; documents with
            times where queries have none.
        UnknownNameError: a named column does not exist.
    """
    found = find_columns(
        source,
        read=read,
        columns=columns,
        wanted=(QUERY, DOCUMENT),
        usual_group=usual_group,
        usual_times=usual_times,
    )
    if found.document_time and not found.time:
        raise DataError(
            f"The documents of {name_of(source)} have times ({found.document_time!r}), and its queries have none.",
            "Name the column with the time of the queries (time, --time), or search without times: time='none'.",
        )
    own = {"text": found.query, **_named(found, (DOCUMENT, DOCUMENT_ID, DOCUMENT_TIME))}
    kept = {**own, **_named(found, ("group", "time"))}
    return _load(source, read, kept, found.id, cache, part, required=list(own)[1:])


def read_documents(source: str, *, read: Reader, columns: Columns, cache: Path) -> Dataset:
    """Return documents alone, with `id`, `document`, and `document_id` and `document_time` where the source has them.

    Raises:
        DataError: as `read_pairs`.
    """
    alone = replace(columns, query="", group="", time="none" if columns.time == "none" else "", id="")
    found = find_columns(source, read=read, columns=alone, wanted=(DOCUMENT,))
    own = {"text": found.document, **_named(found, (DOCUMENT_ID, DOCUMENT_TIME))}
    rows = _load(source, read, own, "", cache, "corpus", required=list(own)[1:])
    return rows.rename_column("text", DOCUMENT)


def find_columns(
    source: str,
    *,
    read: Reader,
    columns: Columns,
    wanted: Sequence[str],
    usual_group: str = "",
    usual_times: Sequence[str] = (),
) -> Columns:
    """Return which columns hold what: those that are named, else those with usual names; "" where there is none.

    `wanted` are "query", "document" or both.

    Raises:
        DataError: no rows; a column that is needed is neither named nor recognised.
        UnknownNameError: a named column does not exist.
    """
    head = [row for row in islice(iter(read(source)), _HEAD) if UNREADABLE not in row]
    names = [name for name in dict.fromkeys(chain.from_iterable(head)) if name != LINE]
    if not names:
        raise DataError(f"{name_of(source)} has no rows that can be read.", "It needs one row per pair.")
    timeless = columns.time == NO_TIME
    columns = with_usual(columns, names, usual_group, usual_times)
    lower = {name.casefold(): name for name in reversed(names)}
    usual = {name: lower.get(name, "") for name in (DOCUMENT_ID, DOCUMENT_TIME)}
    given = {
        **{name: getattr(columns, name) for name in (QUERY, DOCUMENT, "group", "time")},
        **{name: getattr(columns, name) or usual[name] for name in usual},
        "id": columns.id or ("id" if "id" in names else ""),
    }
    for name in given.values():
        if name and name not in names:
            raise UnknownNameError(
                f"There is no column {name!r} in {name_of(source)}; it has {', '.join(names)}.",
                did_you_mean(name, names),
            )
    taken = set(given.values())
    free = {key: name for key, name in lower.items() if name not in taken}
    given |= _usual(given, free, wanted)
    lacking = [name for name in wanted if not given[name]]
    if lacking:
        raise DataError(
            f"No column of {name_of(source)} is recognised as the {lacking[0]}; its columns are {', '.join(names)}.",
            f'Name it: {lacking[0]}="COLUMN" in Python, --{lacking[0]} COLUMN on the command line.',
        )
    return Columns(**{**given, DOCUMENT_TIME: "" if timeless else given[DOCUMENT_TIME]})


def _usual(given: dict[str, str], free: dict[str, str], wanted: Sequence[str]) -> dict[str, str]:
    """Return the columns with usual names that stand for what is wanted and not named."""
    if len(wanted) == 1:
        name = wanted[0]
        return {} if given[name] else {name: next((free[each] for each in _ALONE[name] if each in free), "")}
    for query, document in _PAIRS:
        if (given[QUERY] or query in free) and (given[DOCUMENT] or document in free):
            return {QUERY: given[QUERY] or free[query], DOCUMENT: given[DOCUMENT] or free[document]}
    if not given[QUERY] and not given[DOCUMENT]:
        return {}
    name = DOCUMENT if given[QUERY] else QUERY
    alone = [free[each] for each in _ALONE[name] if each in free]
    return {name: alone[0]} if len(alone) == 1 and not given[name] else {}


def _named(columns: Columns, names: Sequence[str]) -> dict[str, str]:
    return {name: getattr(columns, name) for name in names if getattr(columns, name)}


def _load(
    source: str, read: Reader, kept: dict[str, str], id: str, cache: Path, part: str, *, required: Sequence[str]
) -> Dataset:
    rows = load(
        source,
        read=lambda place: _renamed(read(place), {**kept, **({"id": id} if id else {})}),
        columns=Columns(
            text="text",
            group="group" if "group" in kept else "",
            time="time" if "time" in kept else "",
            id="id" if id else "",
        ),
        modality="text",
        cache=cache,
        labelled=False,
        required=required,
        part=part,
    )
    _check_filled(rows, required, source)
    return rows


def _renamed(rows: Iterable[dict[str, Any]], kept: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Yield rows with their columns under our names; what the reader itself says of a row is passed on."""
    for row in rows:
        if UNREADABLE in row:
            yield row
        else:
            yield {**{ours: row.get(theirs) for ours, theirs in kept.items()}, LINE: row.get(LINE)}


def _check_filled(rows: Dataset, names: Sequence[str], source: str) -> None:
    """Raise DataError where a row has nothing in one of some columns; it names the lines."""
    lines = rows["line"][:]
    for name in names:
        blank = Tally()
        for ordinal, (value, line) in enumerate(zip(rows[name][:], lines, strict=True), 1):
            if missing(value):
                blank.add(place(line, ordinal))
        if blank.count:
            what = name.replace("_", " ")
            raise DataError(
                f"{blank.count:,} of {len(rows):,} rows of {name_of(source)} have no {what}: {blank}.",
                f"Add the {what} or remove the rows.",
            )
