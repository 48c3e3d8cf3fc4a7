"""A table of labels, joined to files by patient, study, series, image or path."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acclimate.contracts import DataError, OptionError
from acclimate.data import csv_rows, jsonl_rows, parquet_rows, tsv_rows
from acclimate.data.read import LINE

from acclimate_medical_imaging.reading.directory import is_directory

if TYPE_CHECKING:
    from pydicom import Dataset

FOLDERS = "folders"  # the option's word for labels that are names of folders
FILE = "labels.csv"  # taken where it lies in the folder and no other is named
_READERS: Mapping[str, Callable[[str], Iterator[dict[str, Any]]]] = {
    ".csv": csv_rows,
    ".tsv": tsv_rows,
    ".jsonl": jsonl_rows,
    ".parquet": parquet_rows,
}
# What a column is called, ignoring case and underscores, and what it is compared with; the finest comes first.
_KEYS = {
    "path": ("path", "file", "filename", "image", "imagepath", "filepath"),
    "SOPInstanceUID": ("sopinstanceuid", "imageuid"),
    "SeriesInstanceUID": ("seriesinstanceuid", "series", "seriesuid"),
    "StudyInstanceUID": ("studyinstanceuid", "study", "studyuid"),
    "PatientID": ("patientid", "patient", "subject", "subjectid"),
}
_SHOWN = 5


@dataclass(kw_only=True)
class Labels:
    """The rows of a table by what a file is found by: `key` is "path" or a DICOM attribute.

    `extra` are the table's other columns. Files that no row is for, and rows that no file is for, are counted as
    files are looked up, and told of in the end.
    """

    name: str
    key: str
    rows: Mapping[str, Mapping[str, Any]]
    lines: Mapping[str, int]
    used: set[str] = field(default_factory=set)
    without: list[str] = field(default_factory=list)

    def of(self, name: str, dataset: "Dataset | Mapping[str, Any]") -> Mapping[str, Any] | None:
        """Return the row for a file, `name` being its path in the source; None, and noted, where there is none."""
        value = name if self.key == "path" else str(dataset.get(self.key, "") or "").strip()
        if value not in self.rows:
            self.without.append(name)
            return None
        self.used.add(value)
        return self.rows[value]

    def check(self) -> None:
        """Raise DataError when a file had no row, or a row no file. Values of identifying columns are not shown."""
        if self.without:
            shown = ", ".join(sorted(self.without)[:_SHOWN]) + (", …" if len(self.without) > _SHOWN else "")
            raise DataError(
                f"{len(self.without):,} files have no row in {self.name}, which is joined by {self.key}: {shown}.",
                "Add rows for them, take the files away, or pass them over with --read unlabelled=skip.",
            )
        if idle := [line for value, line in self.lines.items() if value not in self.used]:
            shown = ", ".join(map(str, idle[:_SHOWN])) + (", …" if len(idle) > _SHOWN else "")
            raise DataError(
                f"{len(idle):,} of {len(self.rows):,} rows of {self.name} name a {self.key} that no file has "
                f"(rows {shown}).",
                "Remove them, or pass them over with --read unlabelled=skip.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelling:
    """Where the labels of a source are: in a table, in the names of its folders, or nowhere."""

    table: Labels | None
    folders: bool

    @property
    def given(self) -> bool:
        """Whether rows are given labels, to be learned from or measured by."""
        return self.folders or self.table is not None

    def of(self, name: str, dataset: "Dataset | None", folder: str) -> dict[str, Any] | None:
        """Return what a row is told of a file or volume, `folder` being what may label it; None where not known."""
        if self.folders:
            return {"label": folder}
        if self.table is None:
            return {}
        found = self.table.of(name, {} if dataset is None else dataset)
        return None if found is None else {column: value for column, value in found.items() if column != "line"}

    def check(self, patients: Counter[str], what: str, *, skip: bool) -> None:
        """Raise DataError when labels do not fit, unless to `skip` such, or all labelled rows carry one patient.

        `patients` counts the rows of each, "" for those without one; `what` are the rows, "pictures".
        """
        if self.table is not None and not skip:
            self.table.check()
        if self.given:
            check_several(patients, what)


def check_several(patients: Counter[str], what: str) -> None:
    """Raise DataError when all rows carry one patient; `patients` counts those of each, `what` are the rows."""
    if len(patients) == 1 < patients.total() and "" not in patients:
        raise DataError(
            f"All {patients.total():,} {what} carry one patient, so that none could be kept apart.",
            "Name a column of the table that tells patients apart (--group), or take studies: --read patient=study.",
        )


def labelling(source: Path, named: str) -> Labelling:
    """Return the labels of a folder by the option `labels`: "folders", a table, or `labels.csv` where it lies there.

    Raises:
        AcclimateError: for a table that cannot be read.
    """
    usual = (source.parent if is_directory(source) else source) / FILE
    table = Path(named) if named and named != FOLDERS else usual if not named and usual.is_file() else None
    return Labelling(table=None if table is None else read_labels(table), folders=named == FOLDERS)


def read_labels(table: Path) -> Labels:
    """Return the rows of a table of labels.

    Raises:
        DataError: when it cannot be read, no column names files or patients, or two rows name the same.
        OptionError: for an ending that is not read.
    """
    if table.suffix.lower() not in _READERS:
        raise OptionError(f"labels is a table, found {table.name!r}.", f"Readable are {', '.join(_READERS)}.")
    rows = list(_READERS[table.suffix.lower()](str(table)))
    names = [name for name in dict.fromkeys(name for row in rows for name in row) if name != LINE]
    key, column = _key(names, table.name)
    found: dict[str, Mapping[str, Any]] = {}
    lines: dict[str, int] = {}
    for number, row in enumerate(rows, 1):
        value = str(row.get(column) or "").strip()
        line = int(row.get(LINE) or number)
        if not value:
            raise DataError(f"Row {line} of {table.name} names no {key}.", "Fill it in, or remove the row.")
        if value in found:
            raise DataError(
                f"Rows {lines[value]} and {line} of {table.name} name the same {key}.",
                "Keep one of them; several labels of one go into one cell, with --label-separator.",
            )
        found[value] = {name: content for name, content in row.items() if name not in (column, LINE)}
        lines[value] = line
    return Labels(name=table.name, key=key, rows=found, lines=lines)


def _key(names: list[str], table: str) -> tuple[str, str]:
    plain = {name.lower().replace("_", "").replace(" ", ""): name for name in names}
    for key, usual in _KEYS.items():
        for each in usual:
            if each in plain:
                return key, plain[each]
    raise DataError(
        f"No column of {table} says what its labels are for; it has {', '.join(names)}.",
        f"Name one of its columns {', '.join(_KEYS)}.",
    )
