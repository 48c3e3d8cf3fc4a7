"""From the sources of a request to its three parts, dealt once and checked for leaks before anything is computed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from acclimate import data
from acclimate.api import inputs, leaks, scoping
from acclimate.api.request import Request
from acclimate.contracts import Finding, Preset
from acclimate.plugins import Host

if TYPE_CHECKING:
    import datasets


@dataclass(frozen=True, slots=True, kw_only=True)
class Dealt:
    """Rows in three parts, the labels in order, and what the leak checks say of the split.

    Where rows have the label `outside`, parts named by `scoping.OUTSIDE` stand beside the three.
    `spacing` is the column with the spacing of the pixels of images with masks, where it is known.
    """

    parts: dict[str, inputs.Part]
    labels: tuple[str, ...]
    findings: tuple[Finding, ...]
    outside: str = ""
    spacing: str = ""


def read_tables(host: Host, request: Request, folder: Path) -> dict[str, "datasets.Dataset"]:
    """Return the tables of a request, "train" and those that sources were given for, written under `folder`."""
    sources = {"train": request.source, "validation": request.validation, "test": request.test}
    return {
        name: inputs.read(
            host,
            request.owner,
            request.preset,
            source,
            request.columns,
            folder / name,
            part=name,
            labelled=True,
            slices=request.settings.slices,
            reading=request.settings.reading,
            dealt=True,
        )
        for name, source in sources.items()
        if source is not None
    }


def deal_request(host: Host, request: Request, tables: Mapping[str, "datasets.Dataset"]) -> Dealt:
    """Return the parts of a request's tables, by its own preset and settings; see `deal`."""
    settings = request.settings
    found = {label for rows in tables.values() for names in data.label_sets(rows) for label in names}
    several = data.is_multilabel(tables["train"])
    return deal(
        tables,
        request.preset,
        seed=settings.seed,
        max_rows=settings.max_rows,
        prepare=host.load(request.preset),
        allow_leakage=settings.allow_leakage,
        outside=scoping.outside_label(settings, request.preset, found, multilabel=several),
        costs=settings.costs,
    )


def deal(
    tables: Mapping[str, "datasets.Dataset"],
    preset: Preset,
    *,
    seed: int,
    max_rows: int | None,
    prepare: Callable[[Any], Any] | None = None,
    allow_leakage: bool = False,
    labels: tuple[str, ...] | None = None,
    outside: str = "",
    costs: str = "",
) -> Dealt:
    """Return the three parts; given parts are honoured, the others split off with rows that repeat kept together.

    With `allow_leakage` rows that repeat are dealt like all others. `tables` holds "train" and, where files were
    given for them, "validation" and "test". Texts are compared as `prepare` leaves them. `labels` are those that rows
    may carry where that is not for the rows to say; then every row may carry all of them. Rows with the label
    `outside` have none of the labels: those of validation and test are parts of their own, named by
    `scoping.OUTSIDE`, and the others are left out. `costs` may say the order of labels.

    Raises:
        DataError: rows that cannot be used or split; a split whose test score would be too good, unless
            `allow_leakage`.
    """
    whole = tables["train"]
    if max_rows is not None and max_rows < len(whole):
        whole = whole.select(data.sample(whole, max_rows, seed=seed))
    data.check_alike({**tables, "train": whole})
    if labels is None:
        data.check_classes(whole.select(scoping.divided(whole, outside)[0]) if outside else whole)
        found = {label for names in data.label_sets(whole) for label in names}
        labels = inputs.ordered(found - {outside}, preset, costs)
    given = {name: table for name, table in tables.items() if name != "train"}
    for name, table in given.items():
        data.check_known_labels(table, (*labels, outside) if outside else labels, name)
    contents = leaks.look_at([whole, *given.values()], preset, prepare)
    want = tuple(name for name in ("validation", "test") if name not in given)
    clusters = None if allow_leakage else contents.repeats.clusters()
    together = None if clusters is None else clusters[: len(whole)]
    grouped = "group" in whole.column_names
    indices = data.split(whole, preset.split, seed=seed, want=want, grouped=grouped, together=together)
    tables = {**{name: whole.select(rows) for name, rows in indices.items()}, **given}
    data.check_disjoint(tables)
    if data.is_multilabel(whole):
        data.check_trained(tables["train"], labels, whole)
    # The place of each part's rows among all that were looked at: the dealt rows first, then those of the files.
    places: dict[str, Sequence[int]] = dict(indices)
    start = len(whole)
    for name, table in given.items():
        places[name] = range(start, start + len(table))
        start += len(table)
    findings = leaks.findings(tables, places, contents, seed=seed, allowed=allow_leakage, outside=outside)
    left = len(whole) - sum(len(rows) for rows in indices.values())
    if left:
        reasons = ["lie within the embargo before a later part"] if preset.split.embargo else []
        reasons += [] if together is None else ["repeat a row of an earlier part"]
        message = f"{left:,} of {len(whole):,} rows were left out: they {' or '.join(reasons)}."
        findings = (Finding(code="embargo", level="note", message=message), *findings)
    findings = (*told_of_split(whole, preset, together if want else None), *findings)
    kept, strange = {}, {}
    for name in inputs.PARTS:
        kept[name], strange[name] = scoping.divided(tables[name], outside)
    scoping.check_inside({name: len(rows) for name, rows in kept.items()}, outside)
    parts = {
        name: (inputs.as_part(name, tables[name].select(rows) if outside else tables[name], labels), name, rows)
        for name, rows in kept.items()
    }
    for name, other in scoping.OUTSIDE.items():
        if len(strange[name]):
            parts[other] = scoping.outside_part(other, tables[name].select(strange[name])), name, strange[name]
    return Dealt(
        parts={
            name: inputs.with_contents(part, [places[of][row] for row in rows], contents.fingerprints, clusters)
            for name, (part, of, rows) in parts.items()
        },
        labels=labels,
        findings=(*findings, *_left_out(len(strange["train"]), outside)),
        outside=outside,
    )


def _left_out(rows: int, outside: str) -> tuple[Finding, ...]:
    if not rows:
        return ()
    message = f"{rows:,} rows of {outside!r} were dealt to train, and train nothing: they are out of scope."
    return (Finding(code="out-of-scope", level="note", message=message),)


def told_of_split(
    whole: "datasets.Dataset", preset: Preset, together: NDArray[np.int64] | None
) -> tuple[Finding, ...]:
    """Return what to know of a split: rows that repeat were kept `together` [rows], groups were not named."""
    grouped = "group" in whole.column_names
    found: tuple[Finding, ...] = ()
    if together is not None and "time" not in whole.column_names:
        kept = data.joined_groups(whole["group"][:], together) if grouped else data.kept_together(together)
        found = tuple(leak.finding for leak in kept)
    if not preset.group or grouped:
        return found
    message = (
        f"The rows have no column {preset.group!r}: rows of one {preset.group} may stand in two parts, and the "
        f"score may be too good. Name the column with group (--group)."
    )
    return (*found, Finding(code="no-group", message=message))
