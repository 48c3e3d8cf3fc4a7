"""Read a saved run back, refusing one that is not what was written."""

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from acclimate.bundle.write import FORMAT, MANIFEST, SEAL, WEIGHTS, digest, sealed
from acclimate.contracts import BundleError


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a saved run after checking every file against its hash.

    Raises:
        BundleError: when the folder is no run, is from a newer release, lacks a file, or one byte differs.
    """
    file = folder / MANIFEST
    if not file.is_file():
        raise BundleError(
            f"{folder} is no saved run: it has no {MANIFEST}.", "Name the folder that was given as --output."
        )
    try:
        text = file.read_text(encoding="utf-8")
        found = json.loads(text)
    except ValueError as error:
        raise BundleError(f"{file} is not JSON: {error}.", "Restore the run from a copy.") from error
    manifest: dict[str, Any] = found if isinstance(found, dict) else {}
    if manifest.get("format") != FORMAT:
        raise BundleError(
            f"{folder} has format {manifest.get('format')!r}, this release reads {FORMAT}.",
            f"It was written by acclimate {manifest.get('acclimate', 'of an unknown version')}; install that one.",
        )
    manifest.pop(SEAL, None)
    if sealed(manifest) != text:
        raise _changed(file)
    for name, expected in manifest["files"].items():
        path = folder / name
        if not path.is_file():
            raise BundleError(f"{path} is missing.", "Restore the run from a copy.")
        if digest(path) != expected:
            raise _changed(path)
    return manifest


def _changed(path: Path) -> BundleError:
    return BundleError(
        f"{path} was changed after it was written.",
        "Its predictions would not be those that were measured; restore the run from a copy.",
    )


def read_tensors(folder: Path) -> dict[str, Tensor]:
    """Return the tensors of a saved run.

    Raises:
        BundleError: when the file is damaged.
    """
    try:
        return load_file(folder / WEIGHTS)
    except SafetensorError as error:
        raise BundleError(f"{folder / WEIGHTS} is damaged: {error}.", "Restore the run from a copy.") from error


def read_document(folder: Path, name: str) -> Any:
    """Return one of the JSON documents of a saved run."""
    return json.loads((folder / name).read_text(encoding="utf-8"))
