"""How many rows are found alike by features: copies that were changed on purpose, and rows that are not related."""

import csv
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from acclimate import data, models
from acclimate.api.lookalikes import ALIKE_IMAGES, ALIKE_TEXTS
from acclimate.data.leakage.alike import unit
from acclimate.plugins import Host
from PIL import Image, ImageOps
from recording import SHARED, record

TEXTS, IMAGES, TILES = 800, 150, 400
COSINES = (0.80, 0.85, 0.90, 0.92, 0.95, 0.97)


def features(backbone: str, texts: Sequence[str] = (), images: Sequence[Image.Image] = ()) -> np.ndarray:
    """Return features [rows, width] of texts or images by an unchanged backbone of core."""
    chosen = Host(discover=False).find("backbone", backbone, "general")
    resolved = models.resolve(chosen, labels=("a", "b"), max_tokens=None)
    ids = [str(row) for row in range(len(texts) or len(images))]
    with TemporaryDirectory() as folder:
        if isinstance(resolved.preprocessing, models.TextPreprocessing):
            examples: models.Examples = models.TextExamples(
                iter([list(texts)]),
                ids,
                preprocessing=resolved.preprocessing,
                prepare=None,
                fingerprint=data.text_fingerprints,
                file=Path(folder) / "tokens.bin",
            )
        else:
            examples = models.ImageExamples(
                ids, ids, ids, preprocessing=resolved.preprocessing, open_image=lambda row: images[int(row)]
            )
        return models.current_features(resolved.model, examples, precision="float32")


def changed_texts() -> dict[str, list[str]]:
    """Return questions of Banking77, and what each becomes by a small change."""
    with (SHARED / "support" / "banking77" / "train.csv").open(newline="", encoding="utf-8") as file:
        rows = [row["text"] for row in csv.DictReader(file)]
    rng = random.Random(0)

    def fewer(words: list[str]) -> list[str]:
        gone = rng.randrange(len(words))
        return [word for place, word in enumerate(words) if place != gone] or words

    def swapped(words: list[str]) -> list[str]:
        place = rng.randrange(max(1, len(words) - 1))
        return [*words[:place], *words[place : place + 2][::-1], *words[place + 2 :]]

    questions = rng.sample(rows, TEXTS)
    return {
        "": questions,
        "one word less": [" ".join(fewer(each.split())) for each in questions],
        "two words swapped": [" ".join(swapped(each.split())) for each in questions],
        "a greeting and thanks": [f"Hello, {each} Thank you" for each in questions],
    }


def cells() -> list[Image.Image]:
    """Return solar cells, which all look much alike."""
    from elpv_dataset.utils import load_dataset

    images, _, _ = load_dataset()
    rows = np.random.default_rng(0).choice(len(images), IMAGES, replace=False)
    return [Image.fromarray(images[row]).convert("RGB") for row in rows]


def scans() -> list[Image.Image]:
    """Return ultrasound images of breasts; some are in this collection twice."""
    files = sorted(each for each in (SHARED / "medical_imaging" / "busi").rglob("*.png") if "mask" not in each.name)
    return [data.open_image(str(file)) for file in random.Random(0).sample(files, IMAGES)]


def changed_images(images: Sequence[Image.Image]) -> dict[str, list[Image.Image]]:
    """Return images, and what each becomes mirrored, turned and cropped."""
    changes: dict[str, Callable[[Image.Image], Image.Image]] = {
        "": lambda image: image,
        "mirrored": ImageOps.mirror,
        "turned by 90 degrees": lambda image: image.rotate(90),
        "a tenth cropped from each side": lambda image: ImageOps.crop(image, image.width // 10),
    }
    return {name: [change(image) for image in images] for name, change in changes.items()}


def tiles() -> tuple[list[Image.Image], list[str]]:
    """Return magnetic tiles, and which capture each is of; a tile was captured several times under other light."""
    folder = SHARED / "manufacturing" / "magnetic_tile"
    with (folder / "groups.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    groups = sorted({row["group_corr97"] for row in rows})
    random.Random(0).shuffle(groups)
    kept = [row for group in groups for row in rows if row["group_corr97"] == group][:TILES]
    return [data.open_image(str(folder / row["file"])) for row in kept], [row["group_corr97"] for row in kept]


def shares(rows: np.ndarray, related: np.ndarray) -> tuple[list[float], list[float]]:
    """Return, for each cosine, the share of rows alike a related one, and of those alike one that is not.

    `rows` are features [rows, width], `related` [rows, rows] says which are.
    """
    placed = unit(rows, rows.mean(axis=0, dtype=np.float64))
    cosines = placed @ placed.T
    np.fill_diagonal(cosines, -1)
    near, far = np.where(related, cosines, -1).max(axis=1), np.where(related, -1, cosines).max(axis=1)
    near = near[related.any(axis=1)]
    return [float((near >= each).mean()) for each in COSINES], [float((far >= each).mean()) for each in COSINES]


def main() -> None:
    """Measure on questions, solar cells and magnetic tiles, and record."""
    measured = {}
    for what, backbone, variants in (
        ("questions", "minilm-l6", changed_texts()),
        ("ultrasound", "efficientnet-lite0", changed_images(scans())),
        ("solar cells", "efficientnet-lite0", changed_images(cells())),
    ):
        own = features(backbone, **{"texts" if what == "questions" else "images": variants.pop("")})
        for change, items in variants.items():
            other = features(backbone, **{"texts" if what == "questions" else "images": items})
            place = np.tile(np.arange(len(own)), 2)
            related = (place[:, None] == place) & ~np.eye(len(place), dtype=bool)
            measured[f"{what}: {change}"] = shares(np.concatenate([own, other]), related)
    images, groups = tiles()
    named = np.array(groups)
    related = (named[:, None] == named) & ~np.eye(len(named), dtype=bool)
    measured["magnetic tiles: captured again"] = shares(features("efficientnet-lite0", images=images), related)
    record(
        "lookalikes",
        title="What features find alike",
        claim=f"Of {TEXTS} questions (Banking77), {IMAGES} ultrasound images (BUSI), as many solar cells and {TILES} "
        "magnetic tiles the share that is alike its changed copy, or another capture of the same tile; in brackets "
        f"the share that is alike any other row. Questions are called alike from {ALIKE_TEXTS} on, images from "
        f"{ALIKE_IMAGES}. Among questions of 77 intents many others do say the same, and some ultrasound images are "
        "in the collection twice.",
        header=["rows and change", *(f"cosine {each:.2f}" for each in COSINES)],
        rows=[
            [name, *(f"{found:.2f} ({wrong:.2f})" for found, wrong in zip(*both, strict=True))]
            for name, both in measured.items()
        ],
        raw={name: dict(zip(("related", "other"), both, strict=True)) for name, both in measured.items()},
    )


if __name__ == "__main__":
    main()
