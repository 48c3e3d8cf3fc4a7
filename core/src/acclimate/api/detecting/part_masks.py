"""The masks that some parts have, checked before anything is computed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from acclimate import data
from acclimate.contracts import DataError, Finding

if TYPE_CHECKING:
    import datasets

_SHOWN = 10


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
