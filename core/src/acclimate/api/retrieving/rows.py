"""Pairs of queries and documents: read, each kept once, and dealt to parts so that no query is in two of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from acclimate import data, models
from acclimate.api import dealing, inputs
from acclimate.api.inputs import PARTS, Part
from acclimate.api.request import Request
from acclimate.api.retrieving.subject import Contents
from acclimate.contracts import Columns, DataError, Finding, Preset
from acclimate.plugins import Host

if TYPE_CHECKING:
    import datasets


@dataclass(frozen=True, slots=True, kw_only=True)
class Dealt:
    """A collection, the queries of each part by their place in it, the same as rows, and what to know about them."""

    collection: data.Collection
    members: Mapping[str, Sequence[int]]
    parts: Mapping[str, Part]
    findings: tuple[Finding, ...]


def deal(host: Host, request: Request, folder: Path) -> "tuple[dict[str, datasets.Dataset], dealing.Dealt]":
    """Return the tables of a request, and its queries dealt to parts.

    Raises:
        DataError: pairs that cannot be used or split, or leak.
    """
    tables, dealt = deal_search(host, request, folder)
    return tables, dealing.Dealt(parts=dict(dealt.parts), labels=(), findings=dealt.findings)


def deal_search(host: Host, request: Request, folder: Path) -> "tuple[dict[str, datasets.Dataset], Dealt]":
    """Return the tables of a request, "train", those that sources were given for, and "corpus", and what they hold.

    All documents of all tables are searched, whatever part their queries are in.

    Raises:
        DataError: pairs that cannot be used or split, or leak.
    """
    settings = request.settings
    sources = {"train": request.source, "validation": request.validation, "test": request.test}
    ask = partial(
        read,
        host,
        request.owner,
        request.preset,
        columns=request.columns,
        folder=folder,
        reading=settings.reading,
        saved={},
    )
    tables = {part: ask(source, part=part) for part, source in sources.items() if source is not None}
    corpus = ask(settings.corpus, part="corpus") if settings.corpus else None
    collection, members = data.collect(tables, corpus, prepare=host.load(request.preset))
    kept, found = _deal(collection, members, request)
    ties = collection.ties(by_document=settings.split_by == "document")
    parts = {name: as_part(name, collection, kept[name], ties) for name in PARTS}
    read_of = [*tables.values(), *([] if corpus is None else [corpus])]
    audited = inputs.audited(host, request.preset, _contents(read_of))
    told = (*audited, *_told(collection), *found)
    dealt = Dealt(collection=collection, members=kept, parts=parts, findings=told)
    return tables | ({} if corpus is None else {"corpus": corpus}), dealt


def _contents(tables: Iterable["datasets.Dataset"]) -> Iterator[str]:
    """Yield the queries and documents of tables, as the source has them."""
    for table in tables:
        for column in ("query", "document"):
            yield from table[column] if column in table.column_names else ()


def read(
    host: Host,
    owner: str,
    preset: Preset,
    source: str,
    *,
    columns: Columns,
    folder: Path,
    part: str,
    reading: Mapping[str, Any],
    saved: Mapping[str, Any],
) -> "datasets.Dataset":
    """Return the pairs of a source, or for the part "corpus" its documents, written under `folder`."""
    reader = inputs.reader(host, owner, preset, source, reading, saved)
    if part == "corpus":
        return data.read_documents(source, read=reader, columns=columns, cache=folder / part)
    return data.read_pairs(
        source,
        read=reader,
        columns=columns,
        cache=folder / part,
        part=part,
        usual_group=preset.group,
        usual_times=preset.times,
    )


def as_part(name: str, collection: data.Collection, members: Sequence[int], ties: NDArray[np.int64]) -> Part:
    """Return queries as the rows of a part; those that are tied to each other are a group of its intervals."""
    tied = len(np.unique(ties)) < len(ties)
    return Part(
        name=name,
        rows=collection.queries.select(members),
        truth=np.zeros(len(members), dtype=np.int64),
        groups=[str(ties[query]) for query in members] if tied else None,
    )


def contents(collection: data.Collection, members: Sequence[int]) -> Contents:
    """Return the hashes of queries with their right documents, and of all documents."""
    documents = collection.documents
    queries = collection.queries.select(members)
    found = [
        models.json_hash([text, [documents.read[document] for document in collection.right[query]]])
        for query, text in zip(members, queries["read"][:], strict=True)
    ]
    whole = sha256()
    for told in zip(documents.ids, documents.read, documents.times, strict=True):
        whole.update(models.json_hash(list(told)).encode())
    return Contents(fingerprints=[*found, whole.hexdigest()])


def _deal(
    collection: data.Collection, members: Mapping[str, Sequence[int]], request: Request
) -> tuple[dict[str, list[int]], tuple[Finding, ...]]:
    settings, rows = request.settings, list(members["train"])
    given = {name: list(found) for name, found in members.items() if name != "train"}
    if settings.max_rows is not None and settings.max_rows < len(rows):
        table = collection.queries.select(rows).remove_columns("label")
        rows = [rows[place] for place in data.sample(table, settings.max_rows, seed=settings.seed)]
    findings = _check_given({"train": rows, **given}, collection, allowed=settings.allow_leakage)
    want = tuple(name for name in ("validation", "test") if name not in given)
    ties = collection.ties(by_document=settings.split_by == "document" and collection.moments is None)[rows]
    if want and not settings.allow_leakage and len(np.unique(ties)) < len(want) + 1:
        raise DataError(
            f"The {len(rows):,} queries hang together in {len(np.unique(ties))} piece(s), too few to fill "
            f"{', '.join(('train', *want))}: they share documents, repeat each other, or are of one group.",
            "Split by query alone (split_by='query'), or give files for the parts.",
        )
    together = None if settings.allow_leakage else ties
    table = collection.queries.select(rows)
    dealt = data.split(table, request.preset.split, seed=settings.seed, want=want, grouped=False, together=together)
    parts = {name: [rows[place] for place in places] for name, places in dealt.items()}
    left = len(rows) - sum(map(len, parts.values()))
    if left:
        message = f"{left:,} of {len(rows):,} queries were left out: they repeat a query of an earlier part"
        message += " or lie within the embargo before a later one." if request.preset.split.embargo else "."
        findings = (*findings, Finding(code="embargo", level="note", message=message))
    return {**parts, **given}, findings


def _check_given(
    members: Mapping[str, Sequence[int]], collection: data.Collection, *, allowed: bool
) -> tuple[Finding, ...]:
    """Find queries of given parts that repeat one of another part.

    Raises:
        DataError: when there are any, unless that is allowed.
    """
    if len(members) < 2:
        return ()
    ties = collection.ties(by_document=False)
    found = []
    for later in ("test", "validation"):
        others = {int(ties[query]) for name, queries in members.items() if name != later for query in queries}
        again = [query for query in members.get(later, ()) if int(ties[query]) in others]
        if again:
            message = f"{len(again):,} of {len(members[later]):,} {later} queries repeat a query of another part"
            if not allowed:
                raise DataError(
                    f"{message}: the score would be too good.",
                    "Take them out of one of the files, or add allow_leakage=True (--allow-leakage).",
                )
            found.append(Finding(code="leak", level="problem", message=f"{message}: the score may be too good."))
    return tuple(found)


def _told(collection: data.Collection) -> tuple[Finding, ...]:
    """Say what was made one: pairs that repeat, and ids of equal documents."""
    found = []
    if collection.merged:
        message = f"{collection.merged:,} rows repeat a pair of query and document, and count once."
        found.append(Finding(code="pairs-merged", level="note", message=message))
    if collection.same_documents:
        message = f"{collection.same_documents:,} ids name a document whose text another id has: they are one entry."
        found.append(Finding(code="documents-merged", level="note", message=message))
    return tuple(found)
