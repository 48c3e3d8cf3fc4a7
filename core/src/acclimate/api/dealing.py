"""From the sources of a request to its three parts, dealt once and checked for leaks before anything is computed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acclimate import data
from acclimate.api import inputs, leaks
from acclimate.api.request import Request
from acclimate.contracts import Finding, Preset
from acclimate.plugins import Host

if TYPE_CHECKING:
    import datasets


@dataclass(frozen=True, slots=True, kw_only=True)
class Dealt:
    """Rows in three parts, the labels in order, and what the leak checks say of the split.

    `spacing` is the column with the spacing of the pixels of images with masks, where it is known.
    """

    parts: dict[str, inputs.Part]
    labels: tuple[str, ...]
    findings: tuple[Finding, ...]
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
    return deal(
        tables,
        request.preset,
        seed=settings.seed,
        max_rows=settings.max_rows,
        prepare=host.load(request.preset),
        allow_leakage=settings.allow_leakage,
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
) -> Dealt:
    """Return the three parts; given parts are honoured, the others split off with rows that repeat kept together.

    With `allow_leakage` rows that repeat are dealt like all others. `tables` holds "train" and, where files were
    given for them, "validation" and "test". Texts are compared as `prepare` leaves them. `labels` are those that rows
    may carry where that is not for the rows to say; then every row may carry all of them.

    Raises:
        DataError: rows that cannot be used or split; a split whose test score would be too good, unless
            `allow_leakage`.
    """
    whole = tables["train"]
    if max_rows is not None and max_rows < len(whole):
        whole = whole.select(data.sample(whole, max_rows, seed=seed))
    data.check_alike({**tables, "train": whole})
    if labels is None:
        data.check_classes(whole)
        labels = inputs.ordered({label for names in data.label_sets(whole) for label in names}, preset)
    given = {name: table for name, table in tables.items() if name != "train"}
    for name, table in given.items():
        data.check_known_labels(table, labels, name)
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
    findings = leaks.findings(tables, places, contents, seed=seed, allowed=allow_leakage)
    left = len(whole) - sum(len(rows) for rows in indices.values())
    if left:
        reasons = ["lie within the embargo before a later part"] if preset.split.embargo else []
        reasons += [] if together is None else ["repeat a row of an earlier part"]
        message = f"{left:,} of {len(whole):,} rows were left out: they {' or '.join(reasons)}."
        findings = (Finding(code="embargo", level="note", message=message), *findings)
    if preset.group and not grouped:
        message = (
            f"The rows have no column {preset.group!r}: rows of one {preset.group} may stand in two parts, and the "
            f"score may be too good. Name the column with group (--group)."
        )
        findings = (Finding(code="no-group", message=message), *findings)
    if want and together is not None and not grouped and "time" not in whole.column_names:
        findings = (*(leak.finding for leak in data.kept_together(together)), *findings)
    parts = {name: inputs.as_part(name, tables[name], labels) for name in inputs.PARTS}
    return Dealt(
        parts={
            name: inputs.with_contents(part, places[name], contents.fingerprints, clusters)
            for name, part in parts.items()
        },
        labels=labels,
        findings=findings,
    )
