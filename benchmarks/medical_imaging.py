"""Chest films (PneumoniaMNIST) and breast ultrasound (BUSI, its official split) by the preset for diagnosis."""

import argparse
import csv
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from acclimate import adapt, data
from acclimate.contracts import Columns, Report
from PIL import Image
from recording import SHARED, record, spread

FOLDER = SHARED / "medical_imaging"
PARTS = ("train", "validation", "test")
Rows = dict[str, list[tuple[str, str]]]  # of each part the paths of pictures and their labels
PUBLISHED = {
    "pneumonia": "Published: ResNet-18 at 28 pixels AUROC 0.944, accuracy 0.854; ResNet-50 at 224 pixels 0.962 and "
    "0.884 (Yang et al. 2023). The aim was 0.965 and 0.88.",
    "busi": "Published: ResNet-18 at 224 pixels AUROC 0.891, accuracy 0.833 (Yang et al. 2023, on crops of these "
    "pictures). The aim was an AUROC of 0.90.",
}
TITLES = {"pneumonia": "PneumoniaMNIST", "busi": "BUSI", "busi-clean": "BUSI without training pictures near the test"}


def pneumonia(folder: Path) -> Rows:
    """Write the pictures of PneumoniaMNIST, 28 pixels wide, and return their paths."""
    arrays = np.load(FOLDER / "pneumoniamnist" / "pneumoniamnist.npz", allow_pickle=False)
    found: Rows = {}
    for part, name in zip(PARTS, ("train", "val", "test"), strict=True):
        found[part] = []
        for number, (pixels, label) in enumerate(
            zip(arrays[f"{name}_images"], arrays[f"{name}_labels"].ravel(), strict=True)
        ):
            path = folder / f"{part}-{number:04}.png"
            Image.fromarray(pixels).save(path)
            found[part].append((str(path), "pneumonia" if label else "normal"))
    return found


def busi(_: Path) -> Rows:
    """Return the pictures of BUSI in the parts of BreastMNIST."""
    found: Rows = {part: [] for part in PARTS}
    names = dict(zip(("train", "val", "test"), PARTS, strict=True))
    with (FOLDER / "busi" / "medmnist_split.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            label = "malignant" if row["class"] == "malignant" else "not malignant"
            path = FOLDER / "busi" / "images" / row["file"]
            found[names[row["breastmnist_split"]]].append((str(path), label))
    return found


def apart(rows: Rows) -> Rows:
    """Return the rows without those of training and validation that repeat a test picture, exactly or nearly."""
    every = [(part, path) for part in PARTS for path, _ in rows[part]]
    with tempfile.TemporaryDirectory() as folder:
        table = data.load(
            "rows",
            read=lambda _: ({"image": path} for _, path in every),
            columns=Columns(),
            modality="image",
            cache=Path(folder),
            labelled=False,
        )
        examined = data.examine_images(table)
        repeats = data.repeated_images([each.fingerprint for each in examined], [each.sketch for each in examined])
        clusters = repeats.clusters()
    tested = {clusters[place] for place, (part, _) in enumerate(every) if part == "test"}
    near = {path for place, (part, path) in enumerate(every) if part != "test" and clusters[place] in tested}
    return {part: [row for row in rows[part] if row[0] not in near] for part in PARTS}


def main() -> None:
    """Adapt by each method and seed, and record the table of a data set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=("pneumonia", "busi", "busi-clean"))
    parser.add_argument("--methods", nargs="+", default=["frozen", "full"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--max-rows", type=int, help="a sample of the training pictures")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = pneumonia(Path(folder)) if arguments.task == "pneumonia" else busi(Path(folder))
        if arguments.task == "busi-clean":
            rows = apart(rows)
        sources = {part: write(Path(folder) / f"{part}.csv", rows[part]) for part in PARTS}
        reports = {
            (method, seed): run(method, seed, sources, Path(folder), arguments.max_rows)
            for method in arguments.methods
            for seed in arguments.seeds
        }
    recorded(arguments.task, reports)


def write(path: Path, rows: Sequence[tuple[str, str]]) -> Path:
    """Write a table of pictures."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([("image", "label"), *rows])
    return path


def run(method: str, seed: int, sources: dict[str, Path], folder: Path, max_rows: int | None) -> Report:
    """Return the report of one run; the parts are those that were published, leaks and all."""
    done = adapt(
        "medical-imaging/diagnosis",
        sources["train"],
        validation=sources["validation"],
        test=sources["test"],
        method=method,
        seed=seed,
        max_rows=max_rows,
        allow_leakage=True,
        show_rows=False,
        output=folder / re.sub(r"\W", "-", f"{method}-{seed}"),
        shown=False,
    )
    print(done.report, flush=True)
    return done.report


def recorded(task: str, reports: dict[tuple[str, int], Report]) -> None:
    """Record the table."""
    table = [
        [
            f"`{method}`",
            str(seed),
            str(report.metrics["auroc"]),
            str(report.metrics["accuracy"]),
            f"{report.seconds['total']:.0f}",
        ]
        for (method, seed), report in reports.items()
    ]
    means = []
    for method in dict.fromkeys(method for method, _ in reports):
        ours = [report for (each, _), report in reports.items() if each == method]
        auroc, accuracy = (spread([report.metrics[name].value for report in ours]) for name in ("auroc", "accuracy"))
        means.append(f"`{method}`: AUROC {auroc}, accuracy {accuracy}")
    used = next(iter(reports.values())).rows
    counts = ", ".join(f"{used[part]:,} {part}" for part in PARTS)
    record(
        f"medical_{task.replace('-', '_')}",
        title=f"{TITLES[task]}: `medical-imaging/diagnosis`",
        claim=f"Mean (range) over the seeds: {'; '.join(means)}. Pictures: {counts}, in the published parts; which "
        f"of them are of one patient is not known. {PUBLISHED[task.removesuffix('-clean')]}",
        header=["method", "seed", "AUROC", "accuracy", "seconds"],
        rows=table,
        raw=[{"method": method, "seed": seed, **report.to_dict()} for (method, seed), report in reports.items()],
        script=f"medical_imaging.py {task} --methods {' '.join(dict.fromkeys(method for method, _ in reports))}",
    )


if __name__ == "__main__":
    main()
