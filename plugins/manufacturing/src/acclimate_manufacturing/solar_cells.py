"""Solar cells: 2,624 electroluminescence images with the probability of a defect.

S. Deitsch et al., "Automatic classification of defective photovoltaic module cells in electroluminescence images",
Solar Energy 185 (2019), 455-468. Four probabilities occur (0, 1/3, 2/3, 1); above 0.5 are 821 images.
"""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from acclimate.contracts import DataError, MissingPackageError

PACKAGE = "elpv_dataset"
DEFECTIVE_ABOVE = 0.5


def read(source: str) -> Iterator[dict[str, Any]]:
    """Yield one row per image, "defective" where the probability of a defect is above 0.5, else "functional".

    Rows have `id` (the path inside the package), `image` (the absolute path), `label`, `cell_type` ("mono" or
    "poly") and `probability`. The package is read from disk and never imported.

    Raises:
        MissingPackageError: when elpv-dataset is not installed.
        DataError: when a line of its table is not a path, a probability and a cell type.
    """
    folder = _folder(source)
    table = folder / "labels.csv"
    for number, line in enumerate(table.read_text("utf-8").splitlines(), 1):
        if line.strip():
            yield _row(folder, line, f"{table}, line {number}")


def _folder(source: str) -> Path:
    spec = find_spec(PACKAGE)
    for location in (spec and spec.submodule_search_locations) or ():
        folder = Path(location) / "data"
        if (folder / "labels.csv").is_file():
            return folder
    raise MissingPackageError(
        f"{source!r} needs the package elpv-dataset, which is not installed.",
        "Install it: pip install 'acclimate-manufacturing[demo]'.",
    )


def _row(folder: Path, line: str, where: str) -> dict[str, Any]:
    try:
        name, written, cell_type = line.split()
        probability = float(written)
    except ValueError as error:
        raise DataError(
            f"{where}: expected an image path, a probability and a cell type, found {line.strip()!r}.",
            "Reinstall it: pip install --force-reinstall elpv-dataset.",
        ) from error
    return {
        "id": name,
        "image": str(folder / name),
        "label": "defective" if probability > DEFECTIVE_ABOVE else "functional",
        "cell_type": cell_type,
        "probability": probability,
    }
