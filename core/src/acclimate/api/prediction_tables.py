"""Predictions as tables: CSV, JSON Lines and Parquet, written row by row and never held whole."""

import csv
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any, TextIO

import pyarrow
import pyarrow.parquet

from acclimate.api.deciding import CHEAPEST
from acclimate.contracts import OptionError
from acclimate.contracts.offers import PREDICTED

Rows = Iterable[Mapping[str, Any]]
_CHUNK = 1000


def check_format(output: Path, labels: Sequence[str], *, several: bool, others: Sequence[str] = ()) -> None:
    """Pass when a table can be written to a file of this name; `others` are endings that something else writes.

    Raises:
        OptionError: for another suffix; for CSV where one of several labels of a row holds a bar.
    """
    known = (*WRITERS, *others)
    if output.suffix not in known:
        raise OptionError(
            f"Predictions are written to a file with the suffix {', '.join(known)}; found {str(output)!r}.",
            "Choose one of them.",
        )
    if output.suffix == ".csv":
        check_bars(labels, several=several)


def check_bars(labels: Sequence[str], *, several: bool) -> None:
    """Raise OptionError where one of several labels of a row holds a bar, which stands between them in CSV."""
    barred = [label for label in labels if "|" in label]
    if several and barred:
        raise OptionError(
            f"The label {barred[0]!r} holds a bar, which stands between labels in CSV.", "Write JSON or Parquet."
        )


def write_csv(
    rows: Rows, stream: TextIO, *, several: bool, decided: Sequence[str] = (), weighed: bool = False
) -> None:
    """Write id, what the loader tells, label, probability, what is `decided` of each row, and error.

    What is decided is true or false ("flagged"), or a label.

    Several labels of a row and their probabilities stand between bars; so do the slices of a row where they are
    `weighed`, as name=share. Where a row may be out of scope, its likeliest label stands beside.
    """
    writer = csv.writer(stream)
    remaining = iter(rows)
    head = list(islice(remaining, 1))
    beside = [name for row in head for name in row if name not in PREDICTED]
    told = ("labels", "probabilities") if several else ("label", "probability")
    likeliest = ["likeliest"] if "out_of_scope" in decided else []
    slices = ["slice_weights"] if weighed else []
    writer.writerow(["id", *beside, *told, *likeliest, *decided, *slices, "error"])
    for row in chain(head, remaining):
        names = row.get("labels", [row["label"]] if "label" in row else [])
        # Of a row out of scope no probability of being that is known.
        values = [f"{row['probabilities'][name]:.4f}" if name in row["probabilities"] else "" for name in names]
        flags = [_decided(row.get(name, "")) for name in decided]
        shares = (
            ["|".join(f"{name}={share:.4f}" for name, share in row.get("slice_weights", {}).items())]
            if weighed
            else []
        )
        told_of = ["|".join(names), "|".join(values), *(row.get(name, "") for name in likeliest)]
        where = [row["id"], *(row[name] for name in beside)]
        writer.writerow([*where, *told_of, *flags, *shares, row.get("error", "")])


def _decided(value: bool | str) -> str:
    return value if isinstance(value, str) else str(value).lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What decides the columns of a table: the labels of the run, whether rows may have several, and what is told.

    `decided`, `weighed` are as `write_csv` takes them; `told` are the columns of the loader (`Loader.told`).
    """

    labels: Sequence[str]
    several: bool
    decided: Sequence[str] = ()
    weighed: bool = False
    told: Mapping[str, type] = field(default_factory=dict)


def _to_csv(rows: Rows, file: Path, form: Form) -> None:
    check_bars(form.labels, several=form.several)
    with file.open("w", encoding="utf-8", newline="") as stream:
        write_csv(rows, stream, several=form.several, decided=form.decided, weighed=form.weighed)


def _to_jsonl(rows: Rows, file: Path, _: Form) -> None:
    with file.open("w", encoding="utf-8") as stream:
        for row in rows:
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")


def _to_parquet(rows: Rows, file: Path, form: Form) -> None:
    """Write id, what the loader tells, label or labels, probabilities (a field for each label), and what is decided.

    Fields that a row does not have are null, as is the error of one that could be read. Slices are a map from their
    names, where they are weighed.
    """
    schema = pyarrow.schema(_fields(form))
    remaining = iter(rows)
    with pyarrow.parquet.ParquetWriter(file, schema) as writer:
        while chunk := list(islice(remaining, _CHUNK)):
            writer.write_batch(pyarrow.RecordBatch.from_pylist([_columns(row) for row in chunk], schema=schema))


def _fields(form: Form) -> list[tuple[str, Any]]:
    """Return the names and types of the columns of a table in Parquet."""
    text = pyarrow.string()
    likeliest = [("likeliest", text)] if "out_of_scope" in form.decided else []
    sets = [] if form.several else [("label_set", pyarrow.list_(text))]
    slices = [("slice_weights", pyarrow.map_(text, pyarrow.float64()))] if form.weighed else []
    return [
        ("id", text),
        *((name, pyarrow.int64() if kind is int else text) for name, kind in form.told.items()),
        ("labels", pyarrow.list_(text)) if form.several else ("label", text),
        *likeliest,
        ("probabilities", pyarrow.struct([(label, pyarrow.float64()) for label in form.labels])),
        *((name, text if name == CHEAPEST else pyarrow.bool_()) for name in form.decided),
        *sets,
        *slices,
        ("error", text),
    ]


def _columns(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as pyarrow takes it: a map is a list of its items."""
    weighed = {"slice_weights": list(row["slice_weights"].items())} if "slice_weights" in row else {}
    return {**row, **weighed}


WRITERS: Mapping[str, Callable[[Rows, Path, Form], None]] = {
    ".csv": _to_csv,
    ".jsonl": _to_jsonl,
    ".parquet": _to_parquet,
}
