"""What must be the same before a run is done again: its rows, part by part, and the backbone's weights."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acclimate.api.provenance import data_of
from acclimate.contracts import BackboneError, DataError, cache_folder

if TYPE_CHECKING:
    from acclimate.api.detecting.subject import PartSubject
    from acclimate.api.segmenting.subject import MaskSubject
    from acclimate.api.subject import Subject


def check_same(manifest: Mapping[str, Any], subject: "Subject | MaskSubject | PartSubject") -> None:
    """Pass when rows and weights are those of the run that a manifest describes.

    Raises:
        DataError: when a part has other rows, other contents or other labels; it names the parts.
        BackboneError: when the backbone has other weights or another preprocessing.
    """
    before, now = manifest["data"]["parts"], data_of(subject)["parts"]
    changed = [_change(name, before[name], now[name]) for name in before if before[name] != now[name]]
    if changed:
        raise DataError(
            f"The rows are not those of the run: {'; '.join(changed)}.",
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
