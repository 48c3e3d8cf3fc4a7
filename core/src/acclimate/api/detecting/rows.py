"""Parts to inspect: read with the masks that some have, and dealt so that only good ones are learned."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from acclimate import data, evaluation, models
from acclimate.api import dealing, inputs, leaks
from acclimate.api.detecting.asking import PartRule, rule_of
from acclimate.api.request import Request
from acclimate.contracts import DEFECTIVE, Columns, DataError, Finding, Preset, SplitPolicy, good_label
from acclimate.plugins import Host

if TYPE_CHECKING:
    import datasets

Flags = NDArray[np.bool_]
PART = "part"
_FOLDER, _KINDS_OF_FOLDER = "inspection-folder", (None, "image-folder", "mask-folder")
_SHOWN = 10
# A validation part may have at most this share of the good parts, however much is to be promised.
_MOST = 0.5
_FEWEST = 3


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
    places = _Dealing(
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
    _check_promise(parts["validation"], good, rule_of(settings))
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


class _Dealing:
    """How the rows of one table are dealt: `bad` [rows] says which are defective, `near_own` and `near_given` which
    are defective ones or nearly repeat one, of this table or of those that were given for other parts.
    """

    def __init__(
        self,
        *,
        whole: "datasets.Dataset",
        bad: Flags,
        near_own: Flags,
        near_given: Flags,
        together: NDArray[np.int64] | None,
        want: tuple[str, ...],
        policy: SplitPolicy,
        rule: PartRule,
        seed: int,
    ) -> None:
        self.whole, self.bad, self.want, self.policy, self.rule, self.seed = whole, bad, want, policy, rule, seed
        self.grouped = "group" in whole.column_names
        groups = np.unique(np.asarray(whole["group"][:]), return_inverse=True)[1] if self.grouped else None
        units = together if groups is None else groups
        self.units = np.arange(len(whole)) if units is None else units
        self.together = together
        self.tainted = bad | self._units_of(near_own if together is not None else bad)
        self.repeating = (
            (near_given & ~self.tainted) if together is not None else np.zeros(len(whole), dtype=np.bool_)
        )

    def places(self) -> dict[str, list[int]]:
        """Return the rows of "train" and of each wanted part."""
        clean = np.flatnonzero(~self.tainted & ~self.repeating)
        self._check_enough(len(clean))
        dealt = {name: list(clean[rows]) for name, rows in self._good(clean).items()}
        for name, rows in self._defective().items():
            dealt[name] = sorted([*dealt.get(name, []), *rows])
        return {name: [int(row) for row in rows] for name, rows in dealt.items()}

    def _units_of(self, rows: Flags) -> Flags:
        """Return which rows share a unit with some of these."""
        found: Flags = np.isin(self.units, self.units[rows])
        return found

    def _good(self, clean: NDArray[np.int64]) -> dict[str, list[int]]:
        if not self.want:
            return {"train": list(range(len(clean)))}
        policy = replace(self.policy, embargo=0.0)
        needed = self._needed()
        if "validation" in self.want and needed:
            share = min(_MOST, (needed + 1) / len(clean) * (1.15 if self.grouped else 1.0))
            policy = replace(policy, validation=max(policy.validation, share))
        together = None if self.together is None else self.together[clean]
        parts = data.split(
            self.whole.select(clean), policy, seed=self.seed, want=self.want, grouped=self.grouped, together=together
        )
        if needed and len(parts.get("validation", [])) < needed and "validation" in self.want:
            raise self._too_few(len(clean), needed)
        return parts

    def _defective(self) -> dict[str, NDArray[np.int64]]:
        """Return the parts of the rows that may not train: those of defective parts, and what is like them."""
        rows = np.flatnonzero(self.tainted)
        if not len(rows) or not self.want:
            return {}
        if len(self.want) == 1 or not self.rule.needs_defects:
            return {self.want[-1]: rows}
        if len(np.unique(self.units[rows])) < 2:
            raise DataError(
                f"{self.rule.text} is chosen on defective parts, and all {len(rows):,} there are belong together.",
                "Add defective parts of other groups, or promise an overkill, which takes good parts alone.",
            )
        together = None if self.together is None else self.together[rows]
        policy = SplitPolicy(test=0.1, validation=0.5)
        held = data.split(
            self.whole.select(rows),
            policy,
            seed=self.seed,
            want=("validation",),
            grouped=self.grouped,
            together=together,
        )
        return {"test": rows[held["train"]], "validation": rows[held["validation"]]}

    def _needed(self) -> int:
        """Return how many good parts the promise that was asked for takes."""
        rule = self.rule
        return evaluation.good_parts_needed(rule.overkill) if rule.overkill is not None and rule.asked else 0

    def _check_enough(self, clean: int) -> None:
        fewest = 1 + len(self.want)
        if clean < fewest:
            kinds = "good parts" if not self.tainted.any() else "good parts that are in no group with a defective one"
            raise DataError(
                f"Found {clean} {kinds}; to learn and to choose a threshold takes {fewest} at the least.",
                f"Add images of good parts: {_FEWEST} show how it works, 30 or more are a beginning.",
            )
        needed = self._needed()
        if "validation" in self.want and needed > _MOST * clean:
            raise self._too_few(clean, needed)

    def _too_few(self, clean: int, needed: int) -> DataError:
        held = int(_MOST * clean)
        return DataError(
            f"To promise an overkill of {100 * (self.rule.overkill or 0):g} % takes {needed:,} good parts that are "
            f"held out; of {clean:,} good parts at most {held:,} can be.",
            f"Add {2 * needed - clean:,} good parts, or promise less: overkill={1 / (held + 1):.2g}.",
        )


def _check_promise(validation: "datasets.Dataset", good: str, rule: PartRule) -> None:
    """Raise DataError where validation parts cannot give the threshold that was asked for."""
    labels = validation["label"][:]
    held, defective = labels.count(good), len(labels) - labels.count(good)
    needed = evaluation.good_parts_needed(rule.overkill) if rule.overkill is not None and rule.asked else 1
    if held < needed:
        raise DataError(
            f"{rule.text} takes {needed:,} good validation parts, found {held:,}.",
            "Give more of them, or promise less." if held else "Give good parts: they choose the threshold.",
        )
    if rule.needs_defects and not defective:
        raise DataError(
            f"{rule.text} is chosen on defective validation parts, and there are none.",
            "Give some (--validation), or promise an overkill, which takes good parts alone: overkill=0.05.",
        )


def _left_out(count: int, total: int) -> tuple[Finding, ...]:
    if not count:
        return ()
    message = (
        f"{count:,} of {total:,} rows were left out: they are defective or nearly repeat a defective part, and "
        f"validation and test parts were given."
    )
    return (Finding(code="rows-left-out", level="note", message=message),)


def check_masks(tables: Sequence["datasets.Dataset"], good: str) -> tuple[Finding, ...]:
    """Check all masks; return what to know of them.

    Raises:
        DataError: for masks that cannot be used, and for those of good parts that show a defect.
    """
    empty, unmasked, defective = [], 0, 0
    for table in tables:
        if "mask" not in table.column_names:
            continue
        masks, labels, ids = table["mask"][:], table["label"][:], table["id"][:]
        rows = [row for row, mask in enumerate(masks) if mask]
        examined = data.examine_masks(table.select(rows), ("good", "defect")) if rows else []
        shown = {row for row, each in zip(rows, examined, strict=True) if 1 in each.present}
        contradicted = [ids[row] for row in shown if labels[row] == good]
        if contradicted:
            named = ", ".join(map(repr, sorted(contradicted)[:_SHOWN]))
            raise DataError(
                f"{len(contradicted):,} parts are labelled {good!r}, and their masks show a defect: {named}.",
                "Correct the label or the mask: one of them is wrong.",
            )
        empty += [ids[row] for row in rows if labels[row] != good and row not in shown]
        unmasked += sum(label != good and not mask for label, mask in zip(labels, masks, strict=True))
        defective += sum(label != good for label in labels)
    found = []
    if empty:
        named = ", ".join(map(repr, empty[:_SHOWN]))
        message = f"{len(empty):,} defective parts have a mask that shows nothing ({named}): where is their defect?"
        found.append(Finding(code="empty-masks", message=message))
    if 0 < unmasked < defective:
        message = f"{unmasked:,} of {defective:,} defective parts have no mask: places are measured on the others."
        found.append(Finding(code="masks-missing", level="note", message=message))
    return tuple(found)


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
