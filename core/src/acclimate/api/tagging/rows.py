"""Texts with spans: read, checked, dealt to parts by the labels they have, and divided into what gets a tag."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasets import List, Value

from acclimate import data, models
from acclimate.api import dealing, inputs, long_texts
from acclimate.api.request import Request
from acclimate.contracts import Columns, DataError, Preset
from acclimate.plugins import Host

if TYPE_CHECKING:
    import datasets

    from acclimate.models.tagger import Units

_SHOWN = 10
Spans = Sequence[tuple[data.Span, ...]]


def read(
    host: Host,
    owner: str,
    preset: Preset,
    source: str,
    columns: Columns,
    folder: Path,
    *,
    part: str,
    reading: Mapping[str, Any] | None = None,
    saved: Mapping[str, Any] | None = None,
) -> "datasets.Dataset":
    """Return the texts of a source, their `spans`, and as `label` which labels these have.

    Raises:
        DataError: for texts or spans that cannot be used.
    """
    naming = data.Naming(data.read_label_names(columns.label_names), preset.labels)
    rows = long_texts.read(
        host,
        owner,
        preset,
        source,
        replace(columns, text=_text(columns)),
        folder,
        part=part,
        marks=data.SPANS,
        shaped=lambda loader: data.with_spans(loader, columns, naming, part=part),
        reading=reading,
        saved=saved,
    )
    names = [sorted({label for *_, label in spans}) for spans in spans_of(rows)]
    return rows.add_column("label", names, feature=List(Value("string")))


def spans_of(rows: "datasets.Dataset") -> list[tuple[data.Span, ...]]:
    """Return the spans of each text."""
    return [data.load_spans(text) for text in rows[data.SPANS][:]]


def deal(host: Host, request: Request, folder: Path) -> tuple[dict[str, "datasets.Dataset"], dealing.Dealt]:
    """Return the tables of a request, and their rows dealt to parts; `labels` are those of the spans.

    Raises:
        DataError: rows that cannot be used or split, or leak; when no training text has a span.
    """
    settings = request.settings
    read_part = partial(read, host, request.owner, request.preset, reading=settings.reading)
    tables = long_texts.read_tables(request, folder, read_part)
    labels = inputs.ordered({label for names in tables["train"]["label"][:] for label in names}, request.preset)
    if not labels:
        raise DataError(
            f"None of the {len(tables['train']):,} texts has a span.", "Mark what is to be found in some of them."
        )
    dealt = dealing.deal(
        tables,
        request.preset,
        seed=settings.seed,
        max_rows=settings.max_rows,
        prepare=host.load(request.preset),
        allow_leakage=settings.allow_leakage,
        labels=labels,
    )
    return tables, dealt


def units_for(preprocessing: models.TagPreprocessing, parts: Mapping[str, inputs.Part]) -> "Units":
    """Return what gets a tag: words where all spans begin and end with one, else pieces of words.

    Raises:
        DataError: for spans that end inside a piece, too; it names the first ten.
    """
    for units in ("words", "pieces"):
        own = models.TagPreprocessing(preprocessing.tokenizer, max_tokens=preprocessing.max_tokens, units=units)
        bad = [
            f"{id}: {span[0]} to {span[1]} ({span[2]}, {text[span[0] : span[1]]!r})"
            for part in parts.values()
            for id, text, spans in zip(part.ids, part.rows["text"][:], spans_of(part.rows), strict=True)
            for span in own.divide(text).misplaced(spans)
        ]
        if not bad:
            return "words" if units == "words" else "pieces"
    rest = [f"and {len(bad) - _SHOWN:,} more"] if len(bad) > _SHOWN else []
    raise DataError(
        "\n  ".join([f"{len(bad):,} spans begin or end inside a token of the backbone:", *bad[:_SHOWN], *rest])
        + "\n",
        "Let them begin and end with words, or choose a backbone with a finer vocabulary.",
    )


def examples(
    part: inputs.Part,
    preprocessing: models.TagPreprocessing,
    prepare: Callable[[str], str] | None,
    labels: Sequence[str],
) -> models.TagExamples:
    """Return the texts of a part with the tags of their spans, named by the content of both."""
    own, texts = spans_of(part.rows), inputs.prepared_texts(part.rows, prepare)
    divided = [preprocessing.divide(text) for text in texts]
    return models.TagExamples(
        divided,
        part.ids,
        [sha256(f"{text} {spans}".encode()).hexdigest() for text, spans in zip(texts, own, strict=True)],
        preprocessing=preprocessing,
        tags=[text.tags(spans, labels) for text, spans in zip(divided, own, strict=True)],
    )


def _text(columns: Columns) -> str:
    """Return the column of texts that a user named; that of tokens is called "text" once they are joined."""
    return "text" if columns.text in data.TOKENS else columns.text
