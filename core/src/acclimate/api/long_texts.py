"""Texts of any length with something marked in them by character: read, and dealt to parts as whole texts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from acclimate import data
from acclimate.api import dealing, inputs
from acclimate.api.request import Request
from acclimate.contracts import Columns, DataError, Preset
from acclimate.plugins import Host

if TYPE_CHECKING:
    import datasets


LABEL = "text"  # where all rows are of one kind


class ReadPart(Protocol):
    """Reads the rows of one part of a source into a folder."""

    def __call__(self, source: str, columns: Columns, folder: Path, *, part: str) -> "datasets.Dataset": ...


def read_tables(request: Request, folder: Path, read: ReadPart) -> dict[str, "datasets.Dataset"]:
    """Return the tables of a request, "train" and those that sources were given for, written under `folder`."""
    sources = {"train": request.source, "validation": request.validation, "test": request.test}
    return {
        part: read(source, request.columns, folder / part, part=part)
        for part, source in sources.items()
        if source is not None
    }


def deal(
    host: Host, request: Request, folder: Path, read: ReadPart
) -> tuple[dict[str, "datasets.Dataset"], dealing.Dealt]:
    """Return the tables of a request, and their texts, all of one kind, dealt to parts.

    Raises:
        DataError: rows that cannot be used or split, or leak.
    """
    settings = request.settings
    tables = read_tables(request, folder, read)
    dealt = dealing.deal(
        tables,
        request.preset,
        seed=settings.seed,
        max_rows=settings.max_rows,
        prepare=host.load(request.preset),
        allow_leakage=settings.allow_leakage,
        labels=(LABEL,),
    )
    return tables, dealt


def usable(rows: "datasets.Dataset", source: str) -> None:
    """Find nothing wrong with rows that could be read; see `MarkedTexts`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedTexts:
    """How a task reads texts of one kind with the column `marks`, as `shaped` makes them of the rows of a loader.

    `check` raises DataError for rows that say nothing to learn from.
    """

    marks: str
    shaped: Callable[[data.Reader, Columns, Preset], data.Reader]
    check: Callable[["datasets.Dataset", str], None] = usable

    def __call__(
        self,
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
        """Return the texts of a source with their marks, and the same word as `label` of every text.

        Raises:
            DataError: for texts or marks that cannot be used.
        """
        rows = read(
            host,
            owner,
            preset,
            source,
            Columns(text="text", group=columns.group, time=columns.time, id=columns.id),
            folder,
            part=part,
            marks=self.marks,
            shaped=lambda loader: self.shaped(loader, columns, preset),
            reading=reading,
            saved=saved,
        )
        self.check(rows, source)
        return rows.add_column("label", [LABEL] * len(rows))

    def deal(self, host: Host, request: Request, folder: Path) -> tuple[dict[str, "datasets.Dataset"], dealing.Dealt]:
        """Return the tables of a request, and their texts dealt to parts.

        Raises:
            DataError: rows that cannot be used or split, or leak.
        """
        return deal(
            host,
            request,
            folder,
            partial(self, host, request.owner, request.preset, reading=request.settings.reading),
        )


def read(
    host: Host,
    owner: str,
    preset: Preset,
    source: str,
    columns: Columns,
    folder: Path,
    *,
    part: str,
    marks: str,
    shaped: Callable[[data.Reader], data.Reader],
    reading: Mapping[str, Any] | None = None,
    saved: Mapping[str, Any] | None = None,
) -> "datasets.Dataset":
    """Return the texts of a source with the column `marks`, as `shaped` makes them of the loader's rows.

    Raises:
        DataError: for rows that cannot be used, and where the preparation moves characters.
    """
    rows = inputs.read(
        host,
        owner,
        preset,
        source,
        replace(Columns(), text=columns.text, group=columns.group, time=columns.time, id=columns.id),
        folder,
        part=part,
        labelled=False,
        slices=[marks],
        reading=reading,
        saved=saved,
        dealt=True,
        shaped=shaped,
    )
    _check_lengths(rows, host.load(preset), source, marks)
    return rows


def _check_lengths(rows: "datasets.Dataset", prepare: Callable[[str], str] | None, source: str, marks: str) -> None:
    """Raise DataError where a preparation moves characters, so that what is marked would be elsewhere."""
    if prepare is None:
        return
    moved = [id for id, text in zip(rows["id"][:], rows["text"][:], strict=True) if len(prepare(text)) != len(text)]
    if moved:
        raise DataError(
            f"The preparation of the preset changes the length of {len(moved):,} texts of {source}, such as "
            f"{moved[0]!r}, so that their {marks} would lie elsewhere.",
            f"What prepares texts with {marks} may only put one character in the place of another.",
        )
