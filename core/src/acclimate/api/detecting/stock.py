"""What is known of the parts of a source: kinds of defects, masks, and both as tables that other tasks read."""

import csv
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from acclimate import data
from acclimate.api.request import Request
from acclimate.contracts import good_label

if TYPE_CHECKING:
    import datasets

LABELLED = 5
"""Parts of each kind of defect from which a head on frozen features is worth trying, and parts with masks."""

MASKS = "image-segmentation"
CLASSES = ("good", "defect")
_READ = ("id", "image", "label", "mask", "group")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """The rows of each part in plain values: what the source holds is in "train", however it deals it.

    `good` is the label of good ones. Files under the folder `lent` are there for as long as rows are read.
    """

    rows: Mapping[str, Sequence[Mapping[str, Any]]]
    good: str
    lent: Path

    @classmethod
    def of(cls, request: Request, tables: Mapping[str, "datasets.Dataset"], lent: Path) -> "Stock":
        """Return what the tables of a request hold, which were read into `lent`.

        Raises:
            DataError: when no label is that of good parts.
        """
        given = {part for part in ("validation", "test") if getattr(request, part) is not None}
        rows: dict[str, list[Mapping[str, Any]]] = {part: [] for part in ("train", *sorted(given))}
        for part, table in tables.items():
            known = table.select_columns([name for name in _READ if name in table.column_names])
            rows[part if part in given else "train"] += known.to_list()
        labels = {row["label"] for each in rows.values() for row in each}
        return cls(rows=rows, good=good_label(labels, request.settings.good), lent=lent)

    def lacking(self, task: str) -> str:
        """Return why too little is known of defects to learn a task; "" where it is enough."""
        defective = self._defective("train")
        if not defective:
            return "no part to learn from is defective."
        if task == MASKS:
            masked = {part: sum(bool(row.get("mask")) for row in self._defective(part)) for part in self.rows}
            if masked["train"] < LABELLED:
                return f"it needs {LABELLED} defective parts with masks, found {masked['train']}."
            without = [part for part, count in masked.items() if not count]
            return f"no defective part for {' and '.join(without)} has a mask." if without else ""
        kinds = Counter(row["label"] for row in defective)
        scarce = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()) if count < LABELLED)
        return f"it needs {LABELLED} parts of each kind of defect, found {scarce}." if scarce else ""

    def write(self, task: str, folder: Path) -> None:
        """Write a table of each part for a task to a folder that exists; of good parts the masks are empty.

        Defective parts without a mask are not in tables of masks. Files that are only lent are copied.
        """
        masks = task == MASKS
        for part, rows in self.rows.items():
            written = [
                {
                    **{name: row[name] for name in _READ if name in row and name not in ("label", "mask")},
                    "image": self._kept(row["image"], folder),
                    **({"mask": self._mask(row, folder)} if masks else {"label": row["label"]}),
                }
                for row in rows
                if not masks or row["label"] == self.good or row.get("mask")
            ]
            with table_of(folder, part).open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, fieldnames=list(written[0]))
                writer.writeheader()
                writer.writerows(written)

    def _defective(self, part: str) -> list[Mapping[str, Any]]:
        return [row for row in self.rows[part] if row["label"] != self.good]

    def _mask(self, row: Mapping[str, Any], folder: Path) -> str:
        """Return the path of a row's mask; that of a good part is an empty one, shared by images of its size."""
        if row["label"] != self.good:
            return self._kept(row["mask"], folder)
        size = data.open_image(row["image"]).size
        empty = folder / f"empty-{size[0]}x{size[1]}.png"
        if not empty.exists():
            Image.new("L", size).save(empty)
        return empty.name

    def _kept(self, path: str, folder: Path) -> str:
        """Return the path of a file that stays: its own, or that of a copy beside the table."""
        own = Path(path).absolute()
        if not own.is_relative_to(self.lent.absolute()):
            return str(own)
        (folder / "files").mkdir(exist_ok=True)
        shutil.copyfile(own, folder / "files" / own.name)
        return f"files/{own.name}"


def table_of(folder: Path, part: str) -> Path:
    """Return where the table of a part is written."""
    return folder / f"{part}.csv"
