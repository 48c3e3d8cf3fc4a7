"""The preset for anomalies on real weights: good parts alone, and the tiles of the shared data where they are."""

import csv
from pathlib import Path

import numpy as np
import pytest
from acclimate.api import adapt, load
from acclimate_manufacturing import anomalies
from PIL import Image, ImageDraw

TILES = Path(__file__).parents[4] / "shared" / "data" / "manufacturing" / "magnetic_tile"
pytestmark = pytest.mark.usefixtures("brief")


def write_plate(path: Path, random: np.random.Generator, *, scratched: bool = False) -> None:
    """Write a cloudy grey plate, with a bright scratch where it is told to."""
    path.parent.mkdir(parents=True, exist_ok=True)
    clouds = Image.fromarray(random.normal(130, 18, (7, 7)).astype(np.float32)).resize((96, 96))
    pixels = np.asarray(clouds)[..., None] + random.normal(0, 4, (96, 96, 3))
    plate = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    if scratched:
        left = int(random.integers(5, 40))
        ImageDraw.Draw(plate).line((left, 20, left + 45, 60), fill=(235, 235, 235), width=3)
    plate.save(path)


def test_scratches_are_found_from_good_plates_alone(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for number in range(14):
        write_plate(tmp_path / f"plates/good/{number}.png", random)
        if number < 4:
            write_plate(tmp_path / f"plates/scratch/{number}.png", random, scratched=True)
    run = adapt(anomalies, tmp_path / "plates", image_size=128, output=tmp_path / "run", shown=False)
    assert run.report.metrics["auroc"].value == 1
    told = run.report.analysis.inspection
    assert told is not None
    assert told.by_kind["scratch"].parts == 4
    assert "escapes-and-overkill" in {finding.code for finding in run.report.findings}
    write_plate(tmp_path / "new.png", random, scratched=True)
    prediction = load(run.output).predict([tmp_path / "new.png"])[0]
    assert prediction.rejected
    row, column = np.unravel_index(prediction.map.argmax(), prediction.map.shape)
    assert 15 <= row <= 65
    assert 0 <= column <= 92


@pytest.mark.slow
@pytest.mark.shared_data
@pytest.mark.skipif(not TILES.is_dir(), reason="the magnetic tiles are not beside the checkout")
def test_magnetic_tiles_are_told_apart_better_than_by_their_brightness(tmp_path: Path) -> None:
    with (TILES / "groups.csv").open(newline="") as file:
        tiles = list(csv.DictReader(file))
    lines = [f"{TILES / tile['file']},{tile['class']},{tile['group_corr97']}" for tile in tiles[::4]]
    (tmp_path / "tiles.csv").write_text("\n".join(["image,label,tile", *lines]))
    run = adapt(
        anomalies,
        tmp_path / "tiles.csv",
        good="MT_Free",
        group="tile",
        options={"most": 1000},
        output=tmp_path / "run",
        shown=False,
    )
    assert run.report.metrics["auroc"].value > run.report.baselines["brightness"]["auroc"].value
    assert run.report.metrics["auroc"].value > 0.6
