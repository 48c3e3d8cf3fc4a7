"""The folder of a comparison: what it was begun with, so that it goes on where it stopped and mixes nothing."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from acclimate import __version__, bundle, training
from acclimate.api.flows import flow_of
from acclimate.api.request import Request
from acclimate.contracts import Finding, OutputError
from acclimate.plugins import Host

SEVERAL = "several"
_FILE = "request.json"


def describe(host: Host, request: Request) -> tuple[dict[str, str], tuple[Finding, ...]]:
    """Return what all runs of a comparison share, one value by name: rows (by hash), backbone, settings.

    Beside it, what the leak checks find in the split of the request.

    "labels" are their names as JSON; "labels of a row" is "one", or `SEVERAL` where rows may carry more.

    Method and seed are those of single runs.

    Raises:
        DataError: when the rows cannot be read or split, or their test score would be too good.
    """
    rows, findings = _rows(host, request)
    settings = asdict(request.settings)
    del settings["seed"]
    described = {
        "acclimate": __version__,
        "preset": request.name,
        "backbone": request.backbone,
        **rows,
        **{name: json.dumps(value) for name, value in settings.items()},
    }
    return described, findings


def claim(folder: Path, wanted: Mapping[str, str]) -> None:
    """Make the folder for this comparison, or go on with the one that was begun there.

    Raises:
        OutputError: when it holds something else, or a comparison that was asked for differently.
    """
    file = folder / _FILE
    if not file.is_file():
        with bundle.writing(folder) as partial:
            (partial / _FILE).write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")
        return
    try:
        begun = dict(json.loads(file.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise OutputError(f"{file} cannot be read: {error}.", "Choose another --output.") from error
    changed = [name for name in {**begun, **wanted} if begun.get(name) != wanted.get(name)]
    if changed:
        told = "; ".join(f"{name} was {begun.get(name)} and is now {wanted.get(name)}" for name in changed)
        raise OutputError(
            f"{folder} holds a comparison that was begun differently: {told}.",
            "Ask as before to go on with it, or choose another --output.",
        )


def _rows(host: Host, request: Request) -> tuple[dict[str, str], tuple[Finding, ...]]:
    with TemporaryDirectory(prefix="acclimate-") as folder, training.quiet_libraries():
        tables, dealt = flow_of(request.preset.task).deal(host, request, Path(folder))
        described = {
            "labels": json.dumps(dealt.labels, ensure_ascii=False),
            "labels of a row": SEVERAL if dealt.parts["train"].multilabel else "one",
            **({"spacing of pixels": dealt.spacing} if dealt.spacing else {}),
            **{f"rows of {name}": _digest(table) for name, table in tables.items()},
        }
    return described, dealt.findings


def _digest(table: Any) -> str:
    """Return the SHA-256 of all rows in order: texts, images and masks by content, the other columns by value."""
    digest = sha256()
    for name in table.column_names:
        if name in ("image", "mask", "line"):
            continue
        for batch in table.select_columns([name]).iter(batch_size=512):
            digest.update(json.dumps([name, batch[name]]).encode())
    if "image" in table.column_names:
        for path in table["image"][:]:
            digest.update(sha256(Path(path).read_bytes()).hexdigest().encode())
    return digest.hexdigest()
