"""What is found in texts of a source of any size: as JSON Lines, a text on a line, or as CSV, a find on a line."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, TextIO

from acclimate import data
from acclimate.api import inputs
from acclimate.api.manifest import read_with
from acclimate.api.predicting import take
from acclimate.api.predictions import Predicted, job_of, write_whole
from acclimate.api.request import find_preset
from acclimate.contracts import Columns, OptionError
from acclimate.plugins import Host

Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """What a task says of its rows: which columns a find has in CSV, and which finds a row has.

    `finds` returns a mapping by column of each find of a row of JSON; a row without any has a line with its id alone.
    """

    columns: Sequence[str]
    finds: Callable[[Line], Sequence[Line]]

    def write_csv(self, rows: Iterable[Line], stream: TextIO) -> None:
        """Write one find on a line: id, the columns, error; probabilities with four digits."""
        writer = csv.writer(stream)
        writer.writerow(["id", *self.columns, "error"])
        for row in rows:
            for find in self.finds(row) or [{}]:
                cells = [_cell(name, find.get(name, "")) for name in self.columns]
                writer.writerow([row["id"], *cells, row.get("error", "")])


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The rows of a source and what predicts them, `rows_at_once` at a time.

    `shape` gives every row that was read another form, and `told` are the columns that `predict` needs besides. It
    returns what is found in each of some whole rows, in plain JSON.
    """

    manifest: Mapping[str, Any]
    source: str
    columns: Columns
    reading: Mapping[str, Any]
    shape: data.Shape
    predict: Callable[[Sequence[data.Row]], Sequence[Line]]
    rows_at_once: int
    told: Sequence[str] = ()

    def chunks(self, host: Host, *, skip: int = 0) -> Iterator[list[dict[str, Any]]]:
        """Yield what is found in rows, without the first `skip` of them: `{id, …}`, or `{id, error}`."""
        preset, owner, _ = find_preset(host, self.manifest["preset"])
        read = inputs.reader(host, owner, preset, self.source, self.reading, read_with(self.manifest))
        rows = data.stream(
            self.source, read=read, columns=self.columns, modality="text", shape=self.shape, told=self.told
        )
        rows = islice(rows, skip, None)
        while taken := take(rows, self.rows_at_once):
            found = iter(self.predict([row for row in taken if not row.error]))
            yield [{"id": row.id, **({"error": row.error} if row.error else next(found))} for row in taken]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFlow:
    """How a task predicts a source; the methods are those of `flows.Flow`.

    `what` is found, in the plural, for errors. `check` refuses options, `load` opens a run, `reading` says how it
    reads a source, and `lines` by the run's manifest how its finds stand in CSV.
    """

    what: str
    check: Callable[[Mapping[str, Any]], None]
    load: Callable[[Path, Host], Any]
    reading: Callable[[Any, str, Mapping[str, Any]], Reading]
    lines: Callable[[Mapping[str, Any]], Lines]

    def predict_rows(
        self, host: Host, folder: Path, source: str, options: Mapping[str, Any]
    ) -> Iterator[dict[str, Any]]:
        """Return what is found in every row, in plain JSON, or `{id, error}`."""
        self.check(options)
        return chain.from_iterable(self.reading(self.load(folder, host), source, options).chunks(host))

    def show(self, manifest: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], stream: TextIO) -> None:
        """Write one find on a line as CSV; a row without any has a line with its id alone."""
        self.lines(manifest).write_csv(rows, stream)

    def write_predictions(
        self, host: Host, folder: Path, source: str, output: Path, resume: bool, options: Mapping[str, Any]
    ) -> Predicted:
        """Write a new file, JSON Lines with one text on a line or CSV with one find on a line.

        Raises:
            OptionError: for another suffix.
            AcclimateError: for a run or a source that cannot be used.
        """
        if output.suffix not in (".csv", ".jsonl"):
            raise OptionError(
                f"{self.what} are written to a file with the suffix .csv or .jsonl; found {str(output)!r}.",
                "Choose one of them.",
            )
        self.check(options)
        reading = self.reading(self.load(folder, host), source, options)
        lines = self.lines(reading.manifest)

        def written(rows: Iterator[dict[str, Any]], file: Path) -> None:
            with file.open("w", encoding="utf-8", newline="") as stream:
                if output.suffix == ".csv":
                    lines.write_csv(rows, stream)
                else:
                    stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)

        return write_whole(
            output,
            lambda skip: reading.chunks(host, skip=skip),
            written,
            job=job_of(folder, reading.source, reading.columns, reading.reading),
            resume=resume,
        )


def _cell(name: str, value: Any) -> Any:
    return f"{value:.4f}" if name == "probability" and value != "" else value
