"""Magnetic tiles (Huang et al. 2020): defects outlined by each method on the same grouped split."""

import argparse
import csv
import sys
import tempfile
from pathlib import Path

import numpy as np
from acclimate import adapt
from PIL import Image
from recording import SHARED, record

TILES = SHARED / "manufacturing" / "magnetic_tile"
FIGURES = ("dice_present", "dice", "missed_masks", "false_masks", "nsd_2px")


def main() -> None:
    """Run the methods and record the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--methods", nargs="+", default=["frozen", "full"])
    parser.add_argument("--rows", type=int, help="A sample of so many of the 1,344 images.")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--crop", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--print", action="store_true", help="Record nothing.")
    arguments = parser.parse_args()
    reports = []
    with tempfile.TemporaryDirectory() as folder:
        table = write_table(Path(folder))
        for method in arguments.methods:
            run = adapt(
                "general/image-segmentation",
                table,
                classes="good,defect",
                group="tile",
                method=method,
                max_rows=arguments.rows,
                epochs=arguments.epochs,
                crop_size=arguments.crop,
                seed=arguments.seed,
                output=Path(folder) / method,
            )
            print(run.report, flush=True)
            reports.append(run.report)
    scores = {report.method: report.metrics for report in reports}
    scores |= {
        f"{report.method}, likeliest class": report.baselines["likeliest_class"]
        for report in reports
        if "likeliest_class" in report.baselines
    }
    scores |= {name: found for name, found in reports[0].baselines.items() if name != "likeliest_class"}
    rows = [[name, *(str(found[figure]) for figure in FIGURES)] for name, found in scores.items()]
    if arguments.print:
        return
    tested = reports[0].rows["test"]
    record(
        "segmentation",
        title="Magnetic tiles: defects outlined",
        claim=f"{tested} test images of tiles that no other part shows; bounds by whole tiles. dice counts an image "
        "without a defect as 1 where nothing is found in it.",
        header=["model", *FIGURES],
        rows=rows,
        raw=[report.to_dict() for report in reports],
        script=" ".join(["segmentation.py", *sys.argv[1:]]),
    )


def write_table(folder: Path) -> Path:
    """Return a table of image, mask and tile; the published masks were saved with loss, and are cut at half."""
    (folder / "masks").mkdir()
    with (TILES / "groups.csv").open(newline="") as file:
        tiles = list(csv.DictReader(file))
    lines = ["id,image,mask,tile"]
    for tile in tiles:
        image = TILES / tile["file"]
        mask = folder / "masks" / f"{image.stem}.png"
        values = np.asarray(Image.open(image.with_suffix(".png")))
        Image.fromarray(np.where(values > 127, 255, 0).astype(np.uint8)).save(mask)
        lines.append(f"{image.stem},{image},{mask},{tile['group_corr97']}")
    table = folder / "tiles.csv"
    table.write_text("\n".join(lines) + "\n")
    return table


if __name__ == "__main__":
    main()
