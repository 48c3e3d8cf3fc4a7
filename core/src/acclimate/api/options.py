"""Which options only some tasks know, and how a task refuses those that it does not know."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from acclimate.contracts import PREFERENCE, Columns, OptionError, Settings

_IMAGES, _MASKS, _PARTS = "image-classification", "image-segmentation", "anomaly-detection"
_CHATS, _SEARCH = "text-generation", "sentence-similarity"
_WRITING = (_CHATS, PREFERENCE)
# What the options are of, the tasks that know them, and their names.
_OWN: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("images", (_IMAGES, _MASKS, _PARTS), ("image_size",)),
    ("masks", (_MASKS, _PARTS), ("mask", "tiles")),
    ("masks", (_MASKS,), ("spacing", "classes", "decoder", "crop_size", "minimum_area", "mask_threshold")),
    ("parts that are inspected", (_PARTS, _IMAGES), ("good",)),
    (
        "chats",
        _WRITING,
        ("prompt", "response", "system", "too_long", "bad_rows", "max_new_tokens", "written_rows", "general_text"),
    ),
    ("preferences", (PREFERENCE,), ("chosen", "rejected", "approved", "beta", "sft_weight", "card", "swapped")),
    ("a search", (_SEARCH,), ("query", "document", "document_id", "document_time", "corpus", "split_by")),
    ("a search", (_SEARCH,), ("hard_negatives", "alike", "rows_at_once", "fusion")),
)
# What only rows with labels have, and why others have it not.
OF_LABELS: Mapping[str, str] = {
    "positive": "An operating point is for rows with labels",
    "operate": "An operating point is for rows with labels",
    "costs": "Costs are of calls of a label",
    "prevalence": "An operating point is for rows with labels",
    "out_of_scope": "Rows are in scope by the scores of labels",
    "retention": "Rows are in scope by the scores of labels",
    "scope_score": "Rows are in scope by the scores of labels",
    "answer": "Rows are left to a person by the probability of a label",
    "slices": "Subgroups are scored where rows have labels",
    "calibration": "Calibration is of the probabilities of labels",
    "near": "Features are compared where rows have labels",
    "folds": "Cross-validation is for rows with labels",
}


def refuse_unknown(given: Mapping[str, Any], task: str, reasons: Mapping[str, str] | None = None) -> None:
    """Raise OptionError for the first option that was given and that a task does not know.

    `reasons` say by name why it has not what others have.
    """
    usual = {**asdict(Columns()), **asdict(Settings())}
    asked = {name for name, value in given.items() if value not in (usual.get(name), 0, "", (), None)}
    for name, reason in (reasons or {}).items():
        if name in asked:
            raise OptionError(f"{reason}, found {name}={given[name]!r}.", f"Leave {name} out.")
    for what, tasks, names in _OWN:
        for name in names:
            if task not in tasks and name in asked:
                raise OptionError(
                    f"{name} is for {what}, and not for {task}; found {name}={given[name]!r}.",
                    f"Leave {name} out, or choose a preset for {tasks[0]}.",
                )


def refuse_decided(given: Mapping[str, Any], task: str) -> None:
    """Raise OptionError for the first option that a saved run of a task has decided, and that was given again."""
    decided = ("image_size", "good") if task == _IMAGES else ("image_size",)
    for name in decided:
        if given.get(name):
            raise OptionError(f"{name} was decided when the run was made.", f"Leave {name} out.")
