"""Solar cells: 2,624 electroluminescence images with the probability of a defect (Deitsch et al. 2019)."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from acclimate.contracts import MissingPackageError

PACKAGE = "elpv_dataset"


def read(source: str) -> Iterator[dict[str, Any]]:
    """Yield one row per image, "defective" where the probability of a defect is above 0.5.

    Rows have `id` and `image` (path), `label`, `cell_type` ("mono" or "poly") and `probability`. The package is
    read from disk and never imported.

    Raises:
        MissingPackageError: when elpv-dataset is not installed.
    """
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise MissingPackageError(
            f"{source!r} needs the package elpv-dataset, which is not installed.",
            "Install it: pip install 'acclimate-manufacturing[demo]'.",
        )
    folder = Path(next(iter(spec.submodule_search_locations))) / "data"
    for line in (folder / "labels.csv").read_text().splitlines():
        if not line.strip():
            continue
        name, probability, cell_type = line.split()
        yield {
            "id": name,
            "image": str(folder / name),
            "label": "defective" if float(probability) > 0.5 else "functional",
            "cell_type": cell_type,
            "probability": float(probability),
        }
