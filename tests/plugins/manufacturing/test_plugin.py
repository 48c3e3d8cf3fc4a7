"""What the manufacturing plugin offers."""

import subprocess
import sys

import pytest
from acclimate.plugins import Finding, Host, Report
from acclimate_manufacturing import anomalies, defects
from acclimate_manufacturing.solar_cells import read


@pytest.fixture(scope="module")
def host() -> Host:
    return Host()


def test_the_plugin_loads_and_offers_defects(host: Host) -> None:
    states = {state.name: state for state in host.plugins()}
    assert (states["manufacturing"].state, states["manufacturing"].reason) == ("loaded", "")
    assert host.preset("manufacturing/defects").preset == defects
    assert defects.task == "image-classification"


def test_its_names_mean_something_to_core(host: Host) -> None:
    assert host.find("backbone", defects.backbone, "manufacturing").modality == "image"
    assert defects.demo is not None
    assert defects.task in host.find("method", defects.demo.method, "manufacturing").tasks


def test_the_ladder_leads_from_good_parts_to_labels_to_masks(host: Host) -> None:
    steps = [host.preset(f"manufacturing/{name}").preset for name in anomalies.ladder]
    assert [step.task for step in steps] == ["image-classification", "image-segmentation"]
    assert [step.backbone for step in steps] == [anomalies.backbone] * 2


def test_the_demo_begins_with_good_parts_alone(host: Host) -> None:
    assert defects.demo is not None
    earlier = host.preset(f"manufacturing/{defects.demo.earlier}").preset
    assert earlier.task == "anomaly-detection"


def test_the_demo_data_is_read_by_its_own_loader_and_files_are_left_to_core(host: Host) -> None:
    assert defects.demo is not None
    loader = host.choose_loader("manufacturing", defects.demo.source)
    assert loader is not None
    assert loader.read.load() is read
    table = host.choose_loader("manufacturing", "parts.csv")
    assert table is not None
    assert table.name == "csv"


def test_a_report_of_its_preset_states_escapes_and_no_other_plugin_does(host: Host) -> None:
    report = Report(
        preset="manufacturing/defects",
        method="frozen",
        backbone="efficientnet-lite0",
        output="runs/parts",
        rows={"test": 3},
        metrics={},
        baselines={},
        seconds={},
        parameters={},
        peak_memory_bytes=0,
    )
    records = {
        "ids": ["1", "2", "3"],
        "truth": ["good", "crack", "crack"],
        "predicted": ["good", "good", "crack"],
        "probabilities": [[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]],
    }
    message = (
        "Of 2 defective parts 1 were called good (escape 50.0 %); of 1 good parts 0 were called defective "
        "(overkill 0.0 %)."
    )
    expected = Finding(code="escapes-and-overkill", level="note", message=message)
    assert host.review_report("manufacturing", report, records) == (expected,)
    assert host.review_report("general", report, records) == ()


def test_importing_it_loads_nothing_heavy() -> None:
    code = "import sys, acclimate_manufacturing.plugin; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "acclimate_manufacturing" in loaded
    assert not loaded & {"torch", "transformers", "numpy", "datasets", "sklearn", "yaml", "PIL"}
