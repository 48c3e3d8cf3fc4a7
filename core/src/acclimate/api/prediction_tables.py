"""Predictions as tables: CSV, JSON Lines and Parquet, written row by row and never held whole."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TextIO

import pyarrow
import pyarrow.parquet

from acclimate.api.deciding import CHEAPEST
from acclimate.contracts import OptionError

Rows = Iterable[Mapping[str, Any]]
_CHUNK = 1000


def check_format(output: Path, labels: Sequence[str], *, several: bool) -> None:
    """Pass when a table can be written to a file of this name.

    Raises:
        OptionError: for another suffix; for CSV where one of several labels of a row holds a bar.
    """
    if output.suffix not in WRITERS:
        raise OptionError(
            f"Predictions are written to a file with the suffix {', '.join(WRITERS)}; found {str(output)!r}.",
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
    """Write id, label, probability, what is `decided` of each row ("flagged": true or false; a label) and error.

    Several labels of a row and their probabilities stand between bars; so do the slices of a row where they are
    `weighed`, as name=share. Where a row may be out of scope, its likeliest label stands beside.
    """
    writer = csv.writer(stream)
    told = ("labels", "probabilities") if several else ("label", "probability")
    likeliest = ["likeliest"] if "out_of_scope" in decided else []
    slices = ["slice_weights"] if weighed else []
    writer.writerow(["id", *told, *likeliest, *decided, *slices, "error"])
    for row in rows:
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
        writer.writerow([row["id"], *told_of, *flags, *shares, row.get("error", "")])


def _decided(value: bool | str) -> str:
    return value if isinstance(value, str) else str(value).lower()


class _Writer(Protocol):
    def __call__(
        self, rows: Rows, file: Path, *, labels: Sequence[str], several: bool, decided: Sequence[str], weighed: bool
    ) -> None: ...


def _to_csv(
    rows: Rows, file: Path, *, labels: Sequence[str], several: bool, decided: Sequence[str], weighed: bool
) -> None:
    check_bars(labels, several=several)
    with file.open("w", encoding="utf-8", newline="") as stream:
        write_csv(rows, stream, several=several, decided=decided, weighed=weighed)


def _to_jsonl(rows: Rows, file: Path, **_: object) -> None:
    with file.open("w", encoding="utf-8") as stream:
        for row in rows:
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")


def _to_parquet(
    rows: Rows, file: Path, *, labels: Sequence[str], several: bool, decided: Sequence[str], weighed: bool
) -> None:
    """Write id, label or labels, probabilities (a field for each label), what is decided, and error; else null.

    Slices are a map from their names, where they are `weighed`.
    """
    text = pyarrow.string()
    told = ("labels", pyarrow.list_(text)) if several else ("label", text)
    probabilities = pyarrow.struct([(label, pyarrow.float64()) for label in labels])
    flags = [(name, text if name == CHEAPEST else pyarrow.bool_()) for name in decided]
    sets = [] if several else [("label_set", pyarrow.list_(text))]
    slices = [("slice_weights", pyarrow.map_(text, pyarrow.float64()))] if weighed else []
    likeliest = [("likeliest", text)] if "out_of_scope" in decided else []
    told_of = [
        ("id", text),
        told,
        *likeliest,
        ("probabilities", probabilities),
        *flags,
        *sets,
        *slices,
        ("error", text),
    ]
    schema = pyarrow.schema(told_of)
    remaining = iter(rows)
    with pyarrow.parquet.ParquetWriter(file, schema) as writer:
        while chunk := list(islice(remaining, _CHUNK)):
            writer.write_batch(pyarrow.RecordBatch.from_pylist([_columns(row) for row in chunk], schema=schema))


def _columns(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as pyarrow takes it: a map is a list of its items."""
    weighed = {"slice_weights": list(row["slice_weights"].items())} if "slice_weights" in row else {}
    return {**row, **weighed}


WRITERS: Mapping[str, _Writer] = {".csv": _to_csv, ".jsonl": _to_jsonl, ".parquet": _to_parquet}
