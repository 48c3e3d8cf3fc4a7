"""What must be the same before a run is done again: its rows, part by part, and the backbone's weights."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from acclimate.api.provenance import data_of
from acclimate.api.subject import AnySubject
from acclimate.contracts import BackboneError, DataError, cache_folder


def check_same(manifest: Mapping[str, Any], subject: AnySubject) -> None:
    """Pass when rows and weights are those of the run that a manifest describes.

    Raises:
        DataError: when a part has other rows, other contents or other labels; it names the parts.
        BackboneError: when the backbone has other weights or another preprocessing.
    """
    check_rows(
        manifest,
        data_of(subject)["parts"],
        "Name the file that the run was made from (--data), or adapt anew to this one.",
    )
    if subject.resolved.weights != manifest["backbone"]["weights"]:
        raise BackboneError(
            f"The weights of {subject.backbone.source} are not those of the run: sha256 "
            f"{subject.resolved.weights[:12]}…, expected {manifest['backbone']['weights'][:12]}….",
            "Install the version that the run was made with.",
        )
    if subject.resolved.preprocessing.hash != manifest["preprocessing"]:
        raise BackboneError(
            f"The preprocessing of {subject.backbone.source} is not that of the run.",
            "Install the library versions in manifest.json.",
        )


def check_rows(manifest: Mapping[str, Any], now: Mapping[str, Any], hint: str) -> None:
    """Pass when parts, of which `now` says by name what `part_data` does, are those of the run of a manifest.

    Raises:
        DataError: when a part has other rows, other contents or other labels; it names the parts.
    """
    before = manifest["data"]["parts"]
    nothing = {"count": 0}
    names = dict.fromkeys([*before, *now])
    pairs = [(name, before.get(name, nothing), now.get(name, nothing)) for name in names]
    changed = [_change(*each) for each in pairs if each[1] != each[2]]
    if changed:
        raise DataError(f"The rows are not those of the run: {'; '.join(changed)}.", hint)


def fresh_cache(folder: Path) -> Path:
    """Return an empty cache under `folder` that knows which arithmetic is fast here, and no features."""
    known = cache_folder() / "precision.json"
    folder.mkdir()
    if known.is_file():
        shutil.copyfile(known, folder / known.name)
    return folder


def _change(name: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    if before["count"] != now["count"]:
        return f"{name} has {now['count']:,} rows, it had {before['count']:,}"
    if before["ids"] != now["ids"]:
        return f"{name} has rows with other ids"
    return f"{name} has the same ids with other contents or labels"
