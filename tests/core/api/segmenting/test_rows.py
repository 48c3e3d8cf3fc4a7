"""Where masks and the spacing of their pixels come from."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate.api import inputs
from acclimate.api.segmenting.rows import spacing_column, spacings
from acclimate.contracts import Columns, DataError, Loader, Preset, Ref
from acclimate.plugins import Host, hookimpl
from datasets import Dataset
from PIL import Image

PRESET = Preset(name="cells", summary="Cells.", task="image-segmentation", method="frozen", spacing="spacing")
READER = """
asked = []

def read(source, **options):
    asked.append(options)
    row = {"id": "one", "image": "image.png", "spacing": "0.5,0.25"}
    yield {**row, "mask": "mask.png"} if options.get("classes") else row
"""


class Plugin:
    """Reads folders by a loader that takes classes where masks are to be found, else by one that does not."""

    @hookimpl
    def register_loaders(self) -> list[Loader]:
        """Offer both."""
        reference = Ref("cells_reader:read")
        return [
            Loader(name="taking", summary="Takes classes.", read=reference, takes_classes=True),
            Loader(name="plain", summary="Takes none.", read=reference),
        ]

    @hookimpl
    def choose_loader(self, task: str) -> str:
        """Go by the task alone."""
        return "taking" if task == PRESET.task else "plain"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """Return a host with the plugin, whose pictures lie in `tmp_path`."""
    (tmp_path / "cells_reader.py").write_text(READER)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("image", "mask"):
        Image.fromarray(np.zeros((8, 8), dtype=np.uint8)).save(tmp_path / f"{name}.png")
    host = Host(discover=False, strict=True)
    host.register(Plugin(), "cells")
    return host


def read(host: Host, preset: Preset, folder: Path, classes: tuple[str, ...] | None) -> Dataset:
    return inputs.read(
        host, "cells", preset, str(folder), Columns(), folder / "table", part="t", labelled=False, classes=classes
    )


def test_a_loader_that_takes_classes_is_given_them_where_rows_are_to_have_masks(host: Host, tmp_path: Path) -> None:
    import cells_reader  # type: ignore[import-not-found]

    table = read(host, PRESET, tmp_path, ("background", "cell"))
    assert Path(table["mask"][0]) == tmp_path / "mask.png"
    assert table["spacing"][:] == ["0.5,0.25"]
    assert "mask" not in read(host, PRESET, tmp_path, None).column_names
    plain = Preset(name="kinds", summary="Kinds.", task="image-classification")
    read(host, plain, tmp_path, None)
    assert cells_reader.asked == [{"classes": ("background", "cell")}, {}, {}]


@pytest.mark.parametrize(
    ("values", "named", "found"),
    [
        (["1,1", "2,2"], "", "spacing"),
        (["", ""], "", ""),
        (["1,1", "2,2"], "none", "none"),
        (["", "2,2"], "none", "none"),
        (["", "2,2"], "other", "other"),
    ],
)
def test_a_presets_column_gives_the_spacing_where_every_row_fills_it(
    values: list[str], named: str, found: str
) -> None:
    table = Dataset.from_dict({"id": ["a", "b"], "spacing": values})
    assert spacing_column(PRESET, Columns(spacing=named), [table]) == found


def test_a_spacing_that_only_some_rows_have_is_refused_with_what_to_do() -> None:
    tables = [Dataset.from_dict({"id": ["a", "b"], "spacing": ["1,1", ""]}), Dataset.from_dict({"id": ["c"]})]
    with pytest.raises(DataError, match=r"known of 1 of 3 images, .*spacing='none'"):
        spacing_column(PRESET, Columns(), tables)


@pytest.mark.parametrize("column", ["", "none"])
def test_distances_are_in_pixels_where_no_column_is_named(column: str) -> None:
    table: Any = Dataset.from_dict({"id": ["a"], "spacing": ["1,2"]})
    assert spacings(table, column) == [None]
    assert spacings(table, "spacing") == [(1.0, 2.0)]
