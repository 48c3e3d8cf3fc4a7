"""Which column of a table holds what: named by the user, or found by its usual names."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from acclimate.contracts import Columns, DataError, OptionError, UnknownNameError, did_you_mean

Modality = Literal["text", "image"]
_USUAL = {
    "text": (
        "text",
        "texts",
        "sentence",
        "content",
        "body",
        "headline",
        "title",
        "question",
        "utterance",
        "clause",
        "document",
        "message",
        "query",
        "comment",
        "review",
        "tweet",
        "description",
        "provision",
        "snippet",
    ),
    "image": (
        "image",
        "images",
        "img",
        "path",
        "file",
        "filename",
        "file_name",
        "image_path",
        "filepath",
        "file_path",
        "image_file",
    ),
    "mask": ("mask", "masks", "segmentation", "annotation", "mask_path", "mask_file", "label", "labels"),
    "label": (
        "label",
        "labels",
        "category",
        "class",
        "target",
        "intent",
        "sentiment",
        "topic",
        "label_text",
    ),
}
NO_TIME = "none"
FIXED = ("id", "text", "image", "mask", "label", "line", "group", "time")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """The source column behind each output column; an empty name means that there is none."""

    content: str
    label: str
    mask: str
    group: str
    time: str
    id: str
    keep: tuple[str, ...]


def resolve(
    names: Sequence[str],
    columns: Columns,
    modality: Modality,
    *,
    labelled: bool,
    keep: Sequence[str],
    required: Sequence[str] = (),
    unlabelled: str = "",
    masked: bool = False,
    partly_masked: bool = False,
    source: str,
) -> Mapping:
    """Return which of a table's columns `names` are used; those of `keep` that the table has are kept.

    Columns that are `required` are kept too, and must be there. With `masked` each row has a mask and no label; with
    `partly_masked` a row may have one beside its label, in the column that is named for it, or is called "mask".
    `unlabelled` is what the error says to do where there is no label.

    A column that is not named is found by its name, ignoring case: "text", "image" or "label" itself, else
    the only column with a usual name ("sentence", "path", "category", …). In a table of two columns the one
    that is left over is taken for the one that is missing.

    Raises:
        UnknownNameError: a named column does not exist.
        DataError: a column that is needed is neither named nor recognised, or more than one would do.
        OptionError: a column to keep has the name of an output column.
    """
    given = {kind: getattr(columns, kind) for kind in FIXED if kind != "line"}
    for name in (*given.values(), *required):
        _check_exists(name, names, source)
    keep = [*(name for name in keep if name in names), *required]
    _check_keep(keep, given)
    beside = given["mask"] or ("mask" if "mask" in names else "") if partly_masked else ""
    others = {given["group"], given["time"], given["id"] or "id", beside, *keep}
    free = [name for name in names if name not in others]
    kinds = (modality, *(["mask"] if masked else ["label"] if labelled else []))
    found = {kind: given[kind] or _usual(kind, free, set(given.values()), source) for kind in kinds}
    _take_the_last(found, free, kinds)
    for kind in kinds:
        if not found[kind]:
            raise _unrecognised(kind, names, source, unlabelled if kind == "label" else "")
    return Mapping(
        content=found[modality],
        label=found.get("label", ""),
        mask=found.get("mask", beside),
        group=given["group"],
        time=given["time"],
        id=given["id"] or ("id" if "id" in names else ""),
        keep=tuple(name for name in dict.fromkeys(keep) if given.get(name) != name),
    )


def _check_exists(name: str, names: Sequence[str], source: str) -> None:
    if name and name not in names:
        raise UnknownNameError(
            f"There is no column {name!r} in {source}; it has {', '.join(names)}.", did_you_mean(name, names)
        )


def _check_keep(keep: Sequence[str], given: dict[str, str]) -> None:
    for name in keep:
        if name in FIXED and given.get(name) != name:
            raise OptionError(
                f"The column {name!r} cannot be kept: Acclimate uses that name itself.", "Rename the column."
            )


def _usual(kind: str, free: Sequence[str], taken: set[str], source: str) -> str:
    candidates = [name for name in free if name not in taken]
    exact = [name for name in candidates if name.lower() == kind]
    usual = exact or [name for name in candidates if name.lower() in _USUAL[kind]]
    if len(usual) > 1:
        raise DataError(
            f"More than one column of {source} may hold the {kind}: {', '.join(usual)}.", _how(kind, usual[0])
        )
    return usual[0] if usual else ""


def _take_the_last(found: dict[str, str], free: Sequence[str], kinds: Sequence[str]) -> None:
    missing = [kind for kind in kinds if not found[kind]]
    left = [name for name in free if name not in found.values()]
    if len(missing) == len(left) == 1 and len(free) == len(kinds):
        found[missing[0]] = left[0]


def _unrecognised(kind: str, names: Sequence[str], source: str, advice: str) -> DataError:
    columns = f"its columns are {', '.join(names)}" if names else "it has no columns"
    return DataError(
        f"No column of {source} is recognised as the {kind}; {columns}.",
        advice or _how(kind, names[0] if names else "COLUMN"),
    )


def _how(kind: str, example: str) -> str:
    return f'Name it: {kind}="{example}" in Python, --{kind} "{example}" on the command line.'
