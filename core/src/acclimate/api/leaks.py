"""The leak checks of a split: what the rows hold, what is found, and whether the run may go on."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from acclimate import data
from acclimate.contracts import STACKS, DataError, Finding, Preset

if TYPE_CHECKING:
    import datasets

PARTS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What rows are compared by, in their order.

    `texts` are those of the rows as the model reads them, `fingerprints` the SHA-256 of image files; one of them is
    None. `columns` are what else is known of each row, by name.
    """

    repeats: data.Repeats
    texts: list[str] | None = None
    fingerprints: list[str] | None = None
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)


def look_at(tables: Sequence["datasets.Dataset"], preset: Preset, prepare: Callable[[Any], Any] | None) -> Contents:
    """Return what the rows of the tables, one after another, are compared by. Images are decoded once.

    Raises:
        DataError: images that cannot be used.
    """
    kept = {
        name: [value for table in tables for value in table[name][:]]
        for name in preset.split.stratify
        if all(name in table.column_names for table in tables)
    }
    if preset.modality == "text":
        read = prepare or str
        texts = [read(text) for table in tables for text in table["text"][:]]
        return Contents(repeats=data.repeated_texts(texts), texts=texts, columns=kept)
    look = data.examined_stack if preset.task == STACKS else None
    images = [image for table in tables for image in data.examine_images(table, look=look)]
    fingerprints = [image.fingerprint for image in images]
    return Contents(
        repeats=data.repeated_images(fingerprints, [image.sketch for image in images]),
        fingerprints=fingerprints,
        columns={
            **kept,
            "image size": [image.size for image in images],
            "colour mode": [image.mode for image in images],
            "file format": [image.format for image in images],
        },
    )


def findings(
    tables: Mapping[str, "datasets.Dataset"],
    places: Mapping[str, Sequence[int]],
    contents: Contents,
    *,
    seed: int,
    allowed: bool,
    outside: str = "",
) -> tuple[Finding, ...]:
    """Return what the leak checks find in the parts, whose rows have `places` in `contents`.

    Rows with the label `outside` have none of the labels.

    Raises:
        DataError: what is found makes the test score too good, and is not `allowed`.
    """
    order = [place for name in PARTS for place in places[name]]
    parts = np.repeat(np.arange(len(PARTS)), [len(places[name]) for name in PARTS])

    def column(name: str) -> list[Any]:
        return [value for part in PARTS for value in tables[part][name][:]]

    repeats = contents.repeats
    every = all
    names = [name for name in ("group", "time") if every(name in table.column_names for table in tables.values())]
    rows = data.PartedRows(
        ids=column("id"),
        lines=column("line"),
        parts=parts,
        labels=[labels for part in PARTS for labels in data.label_sets(tables[part])],
        repeats=replace(repeats, same=repeats.same[order]),
        groups=column("group") if "group" in names else None,
        times=column("time") if "time" in names else None,
        texts=None if contents.texts is None else [contents.texts[place] for place in order],
        columns={name: [values[place] for place in order] for name, values in contents.columns.items()},
        outside=outside,
    )
    return _settled(data.find_leaks(rows, several=data.is_multilabel(tables["train"]), seed=seed), allowed)


def _settled(found: Iterable[data.Leak], allowed: bool) -> tuple[Finding, ...]:
    """Return the findings, or raise where one stops the run and is not allowed."""
    leaks = list(found)
    stopping = [leak for leak in leaks if leak.stops]
    if stopping and not allowed:
        messages = "\n  ".join(leak.finding.message for leak in stopping)
        mends = "; ".join(dict.fromkeys(leak.mend for leak in stopping))
        raise DataError(
            f"The test rows are not independent of the training rows, so that the score would be too good:\n  "
            f"{messages}\n",
            f"To mend it, {mends}. To go on all the same: allow_leakage=True (--allow-leakage).",
        )
    return tuple(_allowed(leak.finding) if leak.stops else leak.finding for leak in leaks)


def _allowed(finding: Finding) -> Finding:
    message = f"{finding.message} The run went on because allow_leakage was given: do not rely on the score."
    return replace(finding, level="problem", message=message)
