"""Licence texts of the ScanCode licence database, as the package licensedcode-data installs them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml
from acclimate.contracts import DataError, MissingPackageError
from acclimate.data import near_duplicate_groups

from acclimate_legal.prepare import normalise

PACKAGE = "licensedcode"
MINIMUM_WORDS = 20
MINIMUM_TEXTS = 10
_RULE = "---"
# libyaml reads the headers ten times faster, where PyYAML was built with it.
_Yaml = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(source: str) -> Iterator[dict[str, Any]]:
    """Yield one row per licence: `id`, `name`, `text`, `label` (its category) and `group`.

    Texts that are nearly the same share a `group`; name that column as the group, and none of them is in two
    parts. The package is read from disk and never imported. Of the 2,310 files of release 32.1.0 these are left
    out: 145 deprecated entries, 15 entries without a text, 27 texts of fewer than 20 words, and 1 text whose
    category (Unstated License) has fewer than 10 texts, too few for a row in each part. 2,122 are yielded.

    Raises:
        MissingPackageError: when licensedcode-data is not installed.
        DataError: when a file does not start with the header that all of them have.
    """
    folder = _folder(source)
    rows = [row for path in sorted(folder.glob("*.LICENSE")) if (row := _row(path))]
    categories = Counter(row["label"] for row in rows)
    rows = [row for row in rows if categories[row["label"]] >= MINIMUM_TEXTS]
    groups = near_duplicate_groups([normalise(row["text"]) for row in rows])
    for row, group in zip(rows, groups, strict=True):
        yield {**row, "group": str(group)}


def _folder(source: str) -> Path:
    spec = find_spec(PACKAGE)
    for location in (spec and spec.submodule_search_locations) or ():
        folder = Path(location) / "data" / "licenses"
        if folder.is_dir():
            return folder
    raise MissingPackageError(
        f"{source!r} needs the package licensedcode-data, which is not installed.",
        "Install it: pip install 'acclimate-legal[demo]'.",
    )


def _row(path: Path) -> dict[str, Any] | None:
    header, text = _parts(path)
    if header.get("is_deprecated") or len(text.split()) < MINIMUM_WORDS:
        return None
    return {"id": header["key"], "name": header["name"], "text": text, "label": header["category"]}


def _parts(path: Path) -> tuple[Mapping[str, Any], str]:
    """Return the YAML between the first two `---` lines, and the text after them."""
    lines = path.read_text("utf-8").split("\n")
    if lines[0] != _RULE or _RULE not in lines[1:]:
        raise DataError(
            f"{path} does not start with a header between two '---' lines.",
            "Reinstall it: pip install --force-reinstall licensedcode-data.",
        )
    end = lines.index(_RULE, 1)
    return yaml.load("\n".join(lines[1:end]), _Yaml), "\n".join(lines[end + 1 :]).strip("\n")
