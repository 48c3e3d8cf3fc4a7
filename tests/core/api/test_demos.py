"""The pictures of a demo: drawn by the plugin from the saved run, into a folder that nothing was in."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from acclimate.api import demo
from acclimate.contracts import OutputError
from acclimate.plugins import Backbone, Demo, Host, Preset, Ref, hookimpl


class Harbour:
    def __init__(self, source: str, backbone: str) -> None:
        self.backbone = backbone
        self.demo = Demo(
            source=source,
            package="ships",
            licence="MIT",
            note="Ships.",
            pictures=Ref(f"{__name__}:draw"),
        )

    @hookimpl
    def register_presets(self) -> Iterator[Preset]:
        yield Preset(
            name="sorting",
            summary="Sea?",
            task="text-classification",
            metrics=("accuracy",),
            backbone="tiny",
            demo=self.demo,
        )

    @hookimpl
    def register_backbones(self) -> Iterator[Backbone]:
        yield Backbone(name="tiny", summary="Random.", source=self.backbone, modality="text", licence="MIT")


def draw(source: str, model: Any, test_ids: Sequence[str], folder: Path) -> Iterator[Path]:
    (folder / "ids.txt").write_text("\n".join([source, model.predict(["A text."])[0].label, *test_ids]))
    yield folder / "ids.txt"


@pytest.fixture(scope="module")
def host(texts: Path, small_backbone: str) -> Host:
    found = Host(discover=False, strict=True)
    found.register(Harbour(str(texts), small_backbone), "harbour")
    return found


def test_a_demo_draws_beside_its_run(host: Host, texts: Path, tmp_path: Path) -> None:
    run = demo("harbour", output=tmp_path / "run", host=host)
    assert run.pictures == (tmp_path / "run-pictures" / "ids.txt",)
    source, label, *ids = run.pictures[0].read_text().splitlines()
    assert source == str(texts)
    assert label in run.report.to_dict()["labels"]
    assert ids == list(run.test_rows.ids)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run", "run-pictures"]


def test_a_folder_of_pictures_that_exists_stops_the_demo_before_it_runs(host: Host, tmp_path: Path) -> None:
    (tmp_path / "run-pictures").mkdir()
    with pytest.raises(OutputError, match="run-pictures exists"):
        demo("harbour", output=tmp_path / "run", host=host)
    assert not (tmp_path / "run").exists()
