"""Kinds of defects by several backbones, sizes and methods, on the same splits: what each of them gives.

Finished runs are kept in a folder, so that the benchmark can be stopped, and seeds done side by side.
"""

import argparse
import csv
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from acclimate import adapt
from few_defects import tiles
from recording import record, spread

FIGURES = ("macro_f1", "accuracy", "auroc")
PROBE = "frozen_linear"
VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "frozen": {"method": "frozen"},
    "frozen-320": {"method": "frozen", "image_size": 320},
    "frozen-lite2": {"method": "frozen", "backbone": "efficientnet-lite2"},
    "full": {"method": "full"},
    "full-random-head": {"method": "full", "head": "random"},
    "full-one-rate": {"method": "full", "options": {"layer_decay": 1.0}},
    "full-half-rate": {"method": "full", "learning_rate": 2e-4},
    "full-16-epochs": {"method": "full", "epochs": 16},
    "full-320": {"method": "full", "image_size": 320},
    "full-lite2": {"method": "full", "backbone": "efficientnet-lite2"},
}
TITLES = {
    "tiles": "Magnetic tiles: kinds of defects, tiles of a group in one part",
    "cells": "Solar cells: what each choice gives",
}


def main() -> None:
    """Do the runs that are not done yet, and record the table once every one of them is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set", choices=TITLES)
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=["frozen", "full"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--keep", type=Path, required=True, help="Folder for the reports of finished runs.")
    parser.add_argument("--print", action="store_true", help="Record nothing.")
    arguments = parser.parse_args()
    arguments.keep.mkdir(parents=True, exist_ok=True)
    found = {
        name: [report_of(arguments.set, name, seed, arguments.keep) for seed in arguments.seeds]
        for name in arguments.variants
    }
    rows = [row_of(name, [each["metrics"] for each in reports], reports) for name, reports in found.items()]
    probed = {name: reports for name, reports in found.items() if PROBE in reports[0]["baselines"]}
    for name, reports in probed.items():  # methods that train have it beside them, on images as they read them
        rows.append(row_of(f"frozen, as {name} reads", [each["baselines"][PROBE] for each in reports], []))
    if arguments.print:
        print(*rows, sep="\n")
        return
    parts = next(iter(found.values()))[0]["rows"]
    record(
        f"defect_kinds_{arguments.set}",
        title=TITLES[arguments.set],
        claim=f"Seeds {', '.join(map(str, arguments.seeds))}: means, with the least and the greatest. Images: "
        f"{parts['train']} train, {parts['validation']} choose the epoch, {parts['test']} test. EfficientNet-Lite0 "
        "at its own 224 pixels where nothing else is said.",
        header=["what", *FIGURES, "seconds"],
        rows=rows,
        raw=found,
        script=f"defect_kinds.py {arguments.set} --variants {' '.join(arguments.variants)} --keep FOLDER",
    )


def report_of(name: str, variant: str, seed: int, keep: Path) -> dict[str, Any]:
    """Return the report of a run as plain values, done now or before."""
    file = keep / f"{name}-{variant}-{seed}.json"
    if not file.exists():
        with tempfile.TemporaryDirectory() as folder:
            source, settings = SETS[name](Path(folder))
            run = adapt(
                "manufacturing/defects",
                source,
                seed=seed,
                output=Path(folder) / "run",
                shown=False,
                **settings,
                **VARIANTS[variant],
            )
        print(variant, seed, run.report, flush=True)
        file.write_text(json.dumps({"variant": VARIANTS[variant], "report": run.report.to_dict()}))
    kept = json.loads(file.read_text())
    if kept["variant"] != VARIANTS[variant]:
        raise SystemExit(f"{file} is of {kept['variant']}: remove it.")
    found: dict[str, Any] = kept["report"]
    return found


def row_of(name: str, scores: Sequence[Mapping[str, Any]], reports: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the row of a table: the mean of each figure over seeds, and the seconds of a run."""
    seconds = spread([each["seconds"]["total"] for each in reports]) if reports else ""
    return [name, *(spread([each[figure]["value"] for each in scores]) for figure in FIGURES), seconds]


def magnetic_tiles(folder: Path) -> tuple[str, Mapping[str, Any]]:
    """Return a table of the tiles with their groups, and how it is read."""
    table = folder / "tiles.csv"
    rows = list(tiles())
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return str(table), {"group": "group", "good": "MT_Free"}


def solar_cells(folder: Path) -> tuple[str, Mapping[str, Any]]:
    """Return the package of solar cells, which holds all that is to be said."""
    del folder
    return "package:elpv-dataset", {}


SETS = {"tiles": magnetic_tiles, "cells": solar_cells}


if __name__ == "__main__":
    main()
