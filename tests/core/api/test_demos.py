"""The pictures of a demo: drawn by the plugin from the saved run, into a folder that nothing was in."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
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


class Twice(Harbour):
    """The same with a run of fewer rows before it."""

    @hookimpl
    def register_presets(self) -> Iterator[Preset]:
        [sorting] = super().register_presets()
        assert sorting.demo is not None
        demo = replace(sorting.demo, pictures=None, earlier="glance", earlier_settings={"max_rows": 60})
        yield replace(sorting, demo=demo)
        yield replace(sorting, name="glance", demo=None)


@pytest.fixture(scope="module")
def twice(texts: Path, small_backbone: str) -> Host:
    found = Host(discover=False, strict=True)
    found.register(Twice(str(texts), small_backbone), "harbour")
    return found


def test_a_demo_may_begin_with_less_and_says_what_came_of_it(twice: Host, tmp_path: Path) -> None:
    run = demo("harbour", method="frozen", output=tmp_path / "run", host=twice)
    assert run.earlier is not None
    assert run.earlier.output == tmp_path / "run-glance"
    assert (tmp_path / "run-glance" / "report.html").is_file()
    assert sum(run.earlier.report.rows.values()) == 60 < sum(run.report.rows.values())
    [told] = [each for each in run.report.findings if each.code == "demo-earlier"]
    assert f"accuracy {run.earlier.report.metrics['accuracy']}" in told.message
    assert told.message.endswith("Its report is run-glance/report.html.")


def test_where_the_earlier_run_cannot_be_saved_nothing_runs(twice: Host, tmp_path: Path) -> None:
    (tmp_path / "run-glance").mkdir()
    with pytest.raises(OutputError, match="run-glance exists"):
        demo("harbour", output=tmp_path / "run", host=twice)
    assert not (tmp_path / "run").exists()


def test_a_folder_of_pictures_that_exists_stops_the_demo_before_it_runs(host: Host, tmp_path: Path) -> None:
    (tmp_path / "run-pictures").mkdir()
    with pytest.raises(OutputError, match="run-pictures exists"):
        demo("harbour", output=tmp_path / "run", host=host)
    assert not (tmp_path / "run").exists()
