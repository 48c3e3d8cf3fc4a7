"""Parts to inspect: read with the masks that some have, and dealt so that only good ones are learned."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from acclimate import data, models
from acclimate.api import dealing, inputs, leaks
from acclimate.api.detecting.asking import rule_of
from acclimate.api.detecting.part_dealing import PartDealing, check_promise
from acclimate.api.detecting.part_masks import check_masks
from acclimate.api.request import Request
from acclimate.contracts import DEFECTIVE, Columns, DataError, Finding, Preset, good_label
from acclimate.plugins import Host

if TYPE_CHECKING:
    import datasets

PART = "part"
_FOLDER, _KINDS_OF_FOLDER = "inspection-folder", (None, "image-folder", "mask-folder")


def read(
    host: Host,
    owner: str,
    preset: Preset,
    source: str,
    columns: Columns,
    folder: Path,
    *,
    part: str,
    reading: Mapping[str, Any],
    saved: Mapping[str, Any] | None = None,
) -> "datasets.Dataset":
    """Return the rows of a source; `part` says where a folder with train and test deals a row.

    Raises:
        DataError: for rows that cannot be read, and for several labels of a row.
    """
    preset = with_loader(host, owner, preset, source)
    rows = inputs.read(
        host,
        owner,
        preset,
        source,
        columns,
        folder,
        part=part,
        labelled=True,
        reading=reading,
        saved=saved,
        partly_masked=True,
        keep=(PART,) if preset.loader == _FOLDER else (),
    )
    if data.is_multilabel(rows):
        raise DataError("A part has one label: good, or a kind of defect.", "Give one label to each row.")
    return rows


def with_loader(host: Host, owner: str, preset: Preset, source: str) -> Preset:
    """Return the preset with core's reader of parts for a folder of images that no plugin reads otherwise."""
    if preset.loader != "auto" or not Path(source).is_dir():
        return preset
    chosen = host.choose_loader(owner, source)
    return replace(preset, loader=_FOLDER) if (chosen.name if chosen else None) in _KINDS_OF_FOLDER else preset


def read_tables(host: Host, request: Request, folder: Path) -> dict[str, "datasets.Dataset"]:
    """Return the tables of a request, "train" and those that the source, or sources of their own, hold besides.

    Raises:
        DataError: when the source deals rows to a part for which another source was given.
    """
    sources = {"train": request.source, "validation": request.validation, "test": request.test}
    tables = {}
    for name, source in sources.items():
        if source is None:
            continue
        rows = read(
            host,
            request.owner,
            request.preset,
            source,
            request.columns,
            folder / name,
            part=name,
            reading=request.settings.reading,
        )
        for part, table in _by_part(rows, name).items():
            if part in tables:
                raise DataError(
                    f"{request.source} has rows for {part}, and another source was given for it.",
                    f"Name its train folder as data, or leave {part} out.",
                )
            tables[part] = table
    if "train" not in tables:
        raise DataError(f"{request.source} has no parts to learn from: its train is missing.", "Name another folder.")
    return tables


def _by_part(rows: "datasets.Dataset", name: str) -> dict[str, "datasets.Dataset"]:
    """Return rows by the part to which their source deals them; of a source for one part, that part of it.

    Raises:
        DataError: when a source that deals its rows has none for that part.
    """
    if PART not in rows.column_names:
        return {name: rows}
    dealt = np.asarray(rows[PART][:])
    held = [part for part in inputs.PARTS if (dealt == part).any()]
    found = {part: rows.select(np.flatnonzero(dealt == part)).remove_columns(PART) for part in held}
    if name != "train":
        if name not in found:
            raise DataError(
                f"The source deals its rows to {' and '.join(held)}, and was given for {name}.",
                "Name the folder in it that holds them.",
            )
        return {name: found[name]}
    ids = {part: [id.removeprefix("train:") for id in table["id"][:]] for part, table in found.items()}
    return {part: table.remove_columns("id").add_column("id", ids[part]) for part, table in found.items()}


def test_rows(rows: "datasets.Dataset") -> "datasets.Dataset":
    """Return the rows that a source deals to test, all of one that deals none.

    Raises:
        DataError: when it deals its rows to other parts alone.
    """
    return _by_part(rows, "test")["test"]


def has_masks(part: inputs.Part) -> bool:
    """Return whether some defective row of a part has a mask."""
    masks = part.rows["mask"][:] if "mask" in part.rows.column_names else []
    return any(mask and bad for mask, bad in zip(masks, part.truth == 1, strict=False))


def deal(host: Host, request: Request, folder: Path) -> tuple[dict[str, "datasets.Dataset"], dealing.Dealt]:
    """Return the tables of a request, and their rows dealt to parts; `labels` are those of good and defective parts.

    Only good parts train, and none that shares a group with a defective one or nearly repeats it. Good parts of
    validation choose the threshold, those of test measure it; defective ones are in test, and in validation too where
    the rule of the threshold needs them.

    Raises:
        DataError: rows that cannot be used or split, or leak; too few good parts for what is to be promised.
    """
    tables = read_tables(host, request, folder)
    return tables, deal_tables(host, request, tables)


def deal_tables(host: Host, request: Request, tables: Mapping[str, "datasets.Dataset"]) -> dealing.Dealt:
    """Return the parts of tables; see `deal`."""
    settings, preset = request.settings, request.preset
    whole = tables["train"]
    if settings.max_rows is not None and settings.max_rows < len(whole):
        whole = whole.select(data.sample(whole, settings.max_rows, seed=settings.seed))
    given = {name: table for name, table in tables.items() if name != "train"}
    every = [whole, *given.values()]
    labels = {label for table in every for label in table["label"][:]}
    good = good_label(labels, settings.good)
    contents = leaks.look_at(every, preset, host.load(preset))
    told = check_masks(every, good)
    clusters = contents.repeats.clusters()
    bad = np.concatenate([np.asarray(table["label"][:]) != good for table in every])
    places = PartDealing(
        whole=whole,
        bad=bad[: len(whole)],
        near_own=np.isin(clusters[: len(whole)], clusters[: len(whole)][bad[: len(whole)]]),
        near_given=np.isin(clusters[: len(whole)], clusters[len(whole) :][bad[len(whole) :]]),
        together=None if settings.allow_leakage else clusters[: len(whole)],
        want=tuple(name for name in ("validation", "test") if name not in given),
        policy=preset.split,
        rule=rule_of(settings),
        seed=settings.seed,
    ).places()
    parts = {name: whole.select(rows) for name, rows in places.items()} | given
    start = len(whole)
    for name, table in given.items():
        places[name] = list(range(start, start + len(table)))
        start += len(table)
    data.check_disjoint(parts)
    check_promise(parts["validation"], good, rule_of(settings))
    found = leaks.findings(parts, places, contents, seed=settings.seed, allowed=settings.allow_leakage)
    left = len(whole) - sum(len(places[name]) for name in inputs.PARTS if name not in given)
    findings = (
        *dealing.told_of_split(
            whole, preset, None if settings.allow_leakage or len(given) > 1 else clusters[: len(whole)]
        ),
        *(finding for finding in found if finding.code != "class-shift"),  # defective parts are in no training part
        *_left_out(left, len(whole)),
        *told,
    )
    dealt = {
        name: inputs.Part(
            name=name,
            rows=parts[name],
            truth=(np.asarray(parts[name]["label"][:]) != good).astype(np.int64),
            groups=parts[name]["group"][:] if "group" in parts[name].column_names else None,
        )
        for name in inputs.PARTS
    }
    return dealing.Dealt(
        parts={
            name: inputs.with_contents(
                part, places[name], contents.fingerprints, None if settings.allow_leakage else clusters
            )
            for name, part in dealt.items()
        },
        labels=(good, DEFECTIVE if good != DEFECTIVE else "not good"),
        findings=findings,
    )


def _left_out(count: int, total: int) -> tuple[Finding, ...]:
    if not count:
        return ()
    message = (
        f"{count:,} of {total:,} rows were left out: they are defective or nearly repeat a defective part, and "
        f"validation and test parts were given."
    )
    return (Finding(code="rows-left-out", level="note", message=message),)


def examples(
    part: inputs.Part, preprocessing: models.PartPreprocessing, prepare: Callable[[Any], Any] | None
) -> models.PartExamples:
    """Return the rows of a part as model inputs, named by the content of image and mask."""
    rows = part.rows
    images = data.image_fingerprints(rows) if part.fingerprints is None else part.fingerprints
    masks = list(rows["mask"]) if "mask" in rows.column_names else [""] * len(rows)
    named = [
        sha256(f"{image} {sha256(Path(mask).read_bytes()).hexdigest()}".encode()).hexdigest() if mask else image
        for image, mask in zip(images, masks, strict=True)
    ]
    return models.PartExamples(
        list(rows["image"]),
        masks,
        list(rows["id"]),
        named,
        preprocessing=preprocessing,
        open_image=inputs.opener(prepare),
    )
