"""A collection to search: each document once, each query once, and which documents answer which query."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from acclimate.contracts import DataError
from acclimate.data.cells import place
from acclimate.data.deal_time import seconds
from acclimate.data.duplicates import repeated_texts

_SHOWN = 10
Prepare = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """Documents, none twice: `texts` as they were given, `read` as a model reads them.

    `times` are "" where documents have none, `moments` [documents] the same as numbers that sort, -inf where there
    are none.
    """

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    read: tuple[str, ...]
    times: tuple[str, ...]
    moments: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def dated(self) -> bool:
        """Whether documents have times."""
        return any(self.times)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """Documents, and queries of which no two have the same text at the same time.

    `queries` has a row for each: `id` (that of its first row), `text`, `read` (as a model reads it), `line`, a
    constant `label`, and `group` and `time` where rows have them. `right` are by query the places of the documents
    that answer it, in ascending order: those of all rows with that text. `merged` counts the rows that said nothing
    new, `same_documents` the ids that were given to a text that has one already.
    """

    documents: Documents
    queries: Dataset
    right: tuple[tuple[int, ...], ...]
    moments: NDArray[np.float64] | None
    merged: int = 0
    same_documents: int = 0

    def ties(self, *, by_document: bool) -> NDArray[np.int64]:
        """Return a number for each query [queries]; those that share one may not stand in two parts.

        Queries are tied that repeat each other, exactly or nearly, and those of one group; `by_document` also those
        that a document answers together. Chains of ties are ties.
        """
        count = len(self.right)
        near = repeated_texts(self.queries["read"][:]).clusters()
        owners: list[Sequence[Any]] = [near.tolist()]
        if "group" in self.queries.column_names:
            owners.append(self.queries["group"][:])
        links: list[tuple[int, int]] = []
        size = count
        for values in owners:
            number: dict[Any, int] = {}
            links += [(query, size + number.setdefault(value, len(number))) for query, value in enumerate(values)]
            size += len(number)
        if by_document:
            links += [(query, size + document) for query, found in enumerate(self.right) for document in found]
            size += len(self.documents)
        pairs = np.array(links, dtype=np.int64).reshape(-1, 2)
        graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(size, size))
        found: NDArray[np.int64] = connected_components(graph, directed=False)[1].astype(np.int64)[:count]
        return np.unique(found, return_inverse=True)[1].astype(np.int64)


@dataclass(slots=True)
class _Documents:
    """Documents while they are collected: by id where rows name one, else by text."""

    ids: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    times: list[str] = field(default_factory=list)
    by_text: dict[str, int] = field(default_factory=dict)
    by_id: dict[str, int] = field(default_factory=dict)
    again: int = 0

    def add(self, row: Mapping[str, Any], prepare: Prepare, where: str) -> int:
        """Return the place of a row's document; a text that is there already is the same document."""
        id, text, time = row.get("document_id", ""), row["document"], row.get("document_time", "")
        read = _left(prepare(text), where, "document")
        key = " ".join(read.split())
        known = self.by_text.get(key)
        if id and id in self.by_id and self.by_id[id] != known:
            raise DataError(
                f"{where}: the document {id!r} has another text than before.",
                "Give each text an id of its own, or name no document_id: then equal texts are one document.",
            )
        if known is None:
            known = self.by_text[key] = len(self.ids)
            self.ids.append(id or f"document:{known + 1}")
            self.texts.append(text)
            self.read.append(read)
            self.times.append(time)
        elif time and self.times[known] and time != self.times[known]:
            # The same words at another time: they were there from the earlier one on.
            self.times[known] = min(time, self.times[known], key=lambda each: float(seconds([each], [0])[0]))
        if id and id not in self.by_id:
            self.again += self.ids[known] != id
            self.by_id[id] = known
        return known


@dataclass(slots=True)
class _Queries:
    """Queries while they are collected: by text and time. `own` are the documents of a query's own rows."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    own: list[set[int]] = field(default_factory=list)
    places: dict[tuple[str, str], int] = field(default_factory=dict)
    by_text: dict[str, set[int]] = field(default_factory=dict)
    count: int = 0

    def add(self, row: Mapping[str, Any], read: str, document: int) -> int:
        """Return the place of a row's query."""
        self.count += 1
        text = " ".join(read.split())
        key = (text, row.get("time", ""))
        if key not in self.places:
            self.places[key] = len(self.rows)
            self.rows.append({**_kept(row), "read": read, "label": ""})
            self.own.append(set())
        self.own[self.places[key]].add(document)
        self.by_text.setdefault(text, set()).add(document)
        return self.places[key]

    def right(self, documents: Documents, moments: NDArray[np.float64] | None) -> tuple[tuple[int, ...], ...]:
        """Return the documents of all rows with a query's text, but for those that came later than it."""
        found = []
        for (text, _), query in self.places.items():
            others = self.by_text[text]
            if moments is not None:
                others = {each for each in others if documents.moments[each] <= moments[query]}
            found.append(tuple(sorted(self.own[query] | others)))
        return tuple(found)


def collect(
    tables: Mapping[str, Dataset], corpus: Dataset | None, *, prepare: Prepare | None, least: int = 2
) -> tuple[Collection, dict[str, list[int]]]:
    """Return the collection of some tables of pairs and further documents, and the queries of each table.

    Texts are compared as `prepare` leaves them, but for white space. A query that several tables have belongs to
    each of them.

    Raises:
        DataError: an id with two texts; a text of which preparation leaves nothing; fewer documents than `least`; a
            time that is none; a document that is later than a query it answers.
    """
    found, queries = _Documents(), _Queries()
    read = prepare or str
    members: dict[str, dict[int, None]] = {name: {} for name in tables}
    for name, table in tables.items():
        for ordinal, row in enumerate(table, 1):
            where = f"{name} {place(row['line'], ordinal)}"
            query = _left(read(row["text"]), where, "query")
            members[name][queries.add(row, query, found.add(row, read, where))] = None
    for ordinal, row in enumerate(corpus or (), 1):
        found.add(row, read, f"corpus {place(row['line'], ordinal)}")
    times = [row["time"] for row in queries.rows] if queries.rows and "time" in queries.rows[0] else None
    documents, moments = _finished(found, times)
    collection = Collection(
        documents=documents,
        queries=Dataset.from_list(queries.rows),
        right=queries.right(documents, moments),
        moments=moments,
        merged=queries.count - sum(map(len, queries.own)),
        same_documents=found.again,
    )
    _check(collection, least)
    return collection, {name: list(each) for name, each in members.items()}


def moments_of(documents: Sequence[str], queries: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the times of documents and of queries as numbers that sort; both are numbers, or both are dates.

    Raises:
        DataError: for a time that is neither a number nor an ISO date, or not what the others are.
    """
    both = seconds([*documents, *queries], [0] * (len(documents) + len(queries)))
    return both[: len(documents)], both[len(documents) :]


def _kept(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("id", "text", "line", "group", "time") if name in row}


def _left(text: str, where: str, what: str) -> str:
    if not text.strip():
        raise DataError(f"{where}: preparation leaves nothing of the {what}.", f"Add words to the {what}.")
    return text


def _finished(found: _Documents, asked: Sequence[str] | None) -> tuple[Documents, NDArray[np.float64] | None]:
    """Return the documents, and when queries were asked, where they have times."""
    times = tuple(found.times)
    if any(times) and not all(times):
        lacking = [found.ids[number] for number, time in enumerate(times) if not time]
        raise DataError(
            f"{len(lacking):,} of {len(times):,} documents have no time: {', '.join(lacking[:_SHOWN])}.",
            "Give all of them a time, or name none: time='none'.",
        )
    moments, queried = moments_of(times if any(times) else (), asked or ())
    documents = Documents(
        ids=tuple(found.ids),
        texts=tuple(found.texts),
        read=tuple(found.read),
        times=times,
        moments=moments if any(times) else np.full(len(times), -np.inf),
    )
    return documents, queried if asked else None


def _check(collection: Collection, least: int) -> None:
    documents = collection.documents
    if len(documents) < least:
        raise DataError(
            f"There is {len(documents)} document, and a search needs two or more.",
            "Add pairs with other documents, or a corpus of further ones.",
        )
    if len(set(documents.ids)) < len(documents):
        twice = next(id for id in documents.ids if documents.ids.count(id) > 1)
        raise DataError(f"Two documents are called {twice!r}.", "Name the other by another document_id.")
    if documents.dated and collection.moments is not None:
        late = [
            (query, document)
            for query, found in enumerate(collection.right)
            for document in found
            if documents.moments[document] > collection.moments[query]
        ]
        if late:
            ids = collection.queries["id"][:]
            shown = ", ".join(f"{documents.ids[document]} for {ids[query]}" for query, document in late[:_SHOWN])
            raise DataError(
                f"{len(late):,} documents are later than a query that they answer, which no search may return: "
                f"{shown}.",
                "Correct the times, or search without them: time='none'.",
            )
