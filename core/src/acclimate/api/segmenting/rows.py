"""Rows with masks: read, checked against their images, and dealt to parts by which classes they show."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from datasets import List, Value

from acclimate import data, models
from acclimate.api import dealing, inputs
from acclimate.api.request import Request
from acclimate.contracts import Columns, DataError, Preset
from acclimate.plugins import Host

if TYPE_CHECKING:
    import datasets

MASK_FINGERPRINT = "mask sha256"
PIXELS = "none"  # the word for distances in pixels, whatever is known of their spacing
Spacing = tuple[float, float]
_SHOWN = 10


def read_tables(host: Host, request: Request, folder: Path) -> dict[str, "datasets.Dataset"]:
    """Return the tables of a request, "train" and those that sources were given for, with their masks checked.

    Raises:
        DataError: for masks that cannot be used; when a class is in none of those of "train".
    """
    classes = data.read_classes(request.settings.classes)
    sources = {"train": request.source, "validation": request.validation, "test": request.test}
    tables = {}
    for part, source in sources.items():
        if source is not None:
            rows, shown = read(
                host,
                request.owner,
                request.preset,
                source,
                request.columns,
                folder / part,
                part=part,
                classes=classes,
                reading=request.settings.reading,
            )
            if part == "train":
                _check_shown(rows, shown, classes)
            tables[part] = rows
    return tables


def read(
    host: Host,
    owner: str,
    preset: Preset,
    source: str,
    columns: Columns,
    folder: Path,
    *,
    part: str,
    classes: Sequence[str],
    reading: Mapping[str, Any] | None = None,
    saved: Mapping[str, Any] | None = None,
) -> tuple["datasets.Dataset", set[int]]:
    """Return the rows of a source, and which classes any of their masks holds, by number.

    `label` has the classes but the first that a mask holds, `mask sha256` names its content.
    """
    wanted = [columns.spacing] if is_known(columns.spacing) else []
    rows = inputs.read(
        host,
        owner,
        preset,
        source,
        columns,
        folder,
        part=part,
        labelled=True,
        slices=wanted,
        reading=reading,
        saved=saved,
        classes=classes,
    )
    spacings(rows, spacing_column(preset, columns, [rows]))
    examined = data.examine_masks(rows, classes)
    names = [[classes[number] for number in each.present if number] for each in examined]
    rows = rows.add_column("label", names, feature=List(Value("string")))
    rows = rows.add_column(MASK_FINGERPRINT, [each.fingerprint for each in examined])
    return rows, {number for each in examined for number in each.present}


def deal(host: Host, request: Request, folder: Path) -> tuple[dict[str, "datasets.Dataset"], dealing.Dealt]:
    """Return the tables of a request, and their rows dealt to parts; `labels` are the classes but the first.

    Raises:
        DataError: rows that cannot be used or split, or leak.
    """
    tables = read_tables(host, request, folder)
    settings = request.settings
    dealt = dealing.deal(
        tables,
        request.preset,
        seed=settings.seed,
        max_rows=settings.max_rows,
        prepare=host.load(request.preset),
        allow_leakage=settings.allow_leakage,
        labels=data.read_classes(settings.classes)[1:],
    )
    column = spacing_column(request.preset, request.columns, list(tables.values()))
    return tables, replace(dealt, spacing=column)


def examples(
    part: inputs.Part,
    preprocessing: models.PixelPreprocessing,
    prepare: Callable[[Any], Any] | None,
    *,
    crop: int,
    classes: int,
    mirrored: bool = True,
) -> models.MaskExamples:
    """Return the rows of a part as model inputs, named by the content of image and mask."""
    rows = part.rows
    images = data.image_fingerprints(rows) if part.fingerprints is None else part.fingerprints
    both = zip(images, rows[MASK_FINGERPRINT][:], strict=True)
    return models.MaskExamples(
        list(rows["image"]),
        list(rows["mask"]),
        list(rows["id"]),
        [sha256(f"{image} {mask}".encode()).hexdigest() for image, mask in both],
        preprocessing=preprocessing,
        crop=crop,
        shown=np.flatnonzero(part.truth.sum(axis=1)).tolist(),
        open_image=inputs.opener(prepare),
        open_mask=lambda path: data.open_mask(path, classes),
        mirrored=mirrored,
    )


def is_known(spacing: str) -> bool:
    """Whether a column with the spacing of pixels is named."""
    return spacing not in ("", PIXELS)


def spacing_column(preset: Preset, columns: Columns, tables: "Sequence[datasets.Dataset]") -> str:
    """Return the column with the spacing of pixels: that which is named, else the preset's where all rows fill it.

    It is "" where the spacing is not known, and "none" where it is not to be used.

    Raises:
        DataError: when some rows fill the preset's column and others do not.
    """
    if columns.spacing:
        return columns.spacing
    known = [
        bool(value)
        for table in tables
        for value in (table[preset.spacing][:] if preset.spacing in table.column_names else [""] * len(table))
    ]
    if not any(known):
        return ""
    if not all(known):
        raise DataError(
            f"The spacing of pixels is known of {sum(known):,} of {len(known):,} images, and distances are measured "
            "either in millimetres or in pixels.",
            f"Leave out the others, or measure all in pixels: spacing={PIXELS!r} (--spacing {PIXELS}).",
        )
    return preset.spacing


def spacings(rows: "datasets.Dataset", column: str) -> list[Spacing | None]:
    """Return how many millimetres lie between the pixels of each image, by row and by column; None without a column.

    Raises:
        DataError: for what is not two lengths above 0; it names the first ten.
    """
    if not is_known(column):
        return [None] * len(rows)
    found = [_spacing(text) for text in rows[column][:]]
    bad = [id for id, spacing in zip(rows["id"][:], found, strict=True) if spacing is None]
    if bad:
        shown = ", ".join(map(repr, bad[:_SHOWN]))
        raise DataError(
            f"{len(bad):,} of {len(rows):,} rows have no spacing in column {column!r}: {shown}.",
            'Expected "row,column" in millimetres, such as "0.5,0.5".',
        )
    return found


def _spacing(text: str) -> Spacing | None:
    parts = text.strip("[]() ").split(",")
    try:
        row, column = (float(part) for part in parts)
    except ValueError:
        return None
    return (row, column) if 0 < row < float("inf") and 0 < column < float("inf") else None


def _check_shown(rows: "datasets.Dataset", shown: set[int], classes: Sequence[str]) -> None:
    absent = [name for number, name in enumerate(classes) if number not in shown]
    if absent:
        raise DataError(
            f"{len(absent)} of {len(classes)} classes are in none of the {len(rows):,} masks: {', '.join(absent)}.",
            "Add rows that show them, or leave them out of classes.",
        )
