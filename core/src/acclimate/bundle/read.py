"""Read a saved run back, refusing one that is not what was written."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from acclimate.bundle.check import check_content, check_listing, check_names, check_plain
from acclimate.bundle.fields import check_fields, is_map_of_hashes
from acclimate.bundle.write import FORMAT, MANIFEST, SEAL, digest, sealed
from acclimate.contracts import BundleError

_RELEASE = re.compile(r"[0-9][0-9A-Za-z.+]{0,30}")
_LONGEST_MANIFEST = 1 << 26  # bytes; one with ten thousand labels has under two million


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a saved run, after its listing and every file were checked against it.

    Nothing is opened through a link, and no file is read before the manifest, its names and its listing hold.
    The seal tells damage from what was written; it is no signature, and anyone can write a run of their own.

    Raises:
        BundleError: when the folder is no run or from another release; when a file is missing, unlisted, changed, a
            link, outside the folder, or a pickle; when the manifest has no form of a manifest.
    """
    manifest = open_manifest(folder)
    names = manifest["files"]
    check_names(folder, names)
    check_listing(folder, (MANIFEST, *names))
    for name, expected in names.items():
        if digest(folder / name) != expected:
            raise _changed(folder / name)
        check_content(folder / name)
    return manifest


def open_manifest(folder: Path) -> dict[str, Any]:
    """Return what the manifest of a saved run says, whose seal holds; no other file was looked at.

    Raises:
        BundleError: as `read_manifest`, of the manifest alone.
    """
    file = folder / MANIFEST
    if not file.is_file():
        raise BundleError(
            f"{folder} is no saved run: it has no {MANIFEST}.", "Name the folder that was given as --output."
        )
    check_plain(file)
    return _opened(file)


def _opened(file: Path) -> dict[str, Any]:
    """Return what a manifest says, without its seal, which holds."""
    if file.stat().st_size > _LONGEST_MANIFEST:
        raise BundleError(f"{file} is longer than any manifest.", "It was not written by acclimate.")
    try:
        text = file.read_text(encoding="utf-8")
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{file} is not JSON: {error}.", "Restore the run from a copy.") from error
    manifest: dict[str, Any] = found if isinstance(found, dict) else {}
    _check_format(file.parent, manifest)
    manifest.pop(SEAL, None)
    if sealed(manifest) != text:
        raise _changed(file)
    check_fields(file, manifest, {"files": is_map_of_hashes})
    return manifest


def _check_format(folder: Path, manifest: Mapping[str, Any]) -> None:
    number, release = manifest.get("format"), str(manifest.get("acclimate"))
    release = release if _RELEASE.fullmatch(release) else "VERSION"
    if type(number) is int and number == FORMAT:
        return
    if type(number) is int and number > FORMAT:
        mend = f"A later release has written it; install that one or a later: pip install 'acclimate>={release}'."
    elif type(number) is int and number > 0:
        mend = f"An earlier release has written it; install that one: pip install 'acclimate=={release}'."
    else:
        mend = "Restore the run from a copy."
    raise BundleError(f"{folder} has format {number!r}, this release reads {FORMAT}.", mend)


def _changed(path: Path) -> BundleError:
    return BundleError(
        f"{path} was changed after it was written.",
        "Its predictions would not be those that were measured; restore the run from a copy.",
    )


def read_tensors(file: Path) -> dict[str, Tensor]:
    """Return the tensors of one of the safetensors of a saved run.

    Raises:
        BundleError: when the file is damaged.
    """
    try:
        return load_file(file)
    except SafetensorError as error:
        raise BundleError(f"{file} is damaged: {error}.", "Restore the run from a copy.") from error


def read_document(folder: Path, name: str) -> Any:
    """Return one of the JSON documents of a saved run."""
    return json.loads((folder / name).read_text(encoding="utf-8"))
