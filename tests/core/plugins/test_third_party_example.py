"""The example plugin, installed from its own pyproject, is listed and found like any stranger's."""

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path(__file__).parents[3] / "examples" / "third_party"
PROBE = f"""
    import json, sys
    from acclimate.plugins import Host
    host = Host(strict=False)
    (state,) = [each for each in host.plugins() if each.name == "library-desk"]
    loader = host.choose_loader("library-desk", {str(EXAMPLE / "sample" / "enquiries.inbox")!r})
    heavy = sorted({{"torch", "transformers", "numpy"}} & set(sys.modules))
    rows = list(host.load(loader)({str(EXAMPLE / "sample" / "enquiries.inbox")!r}))
    preset = host.preset("enquiries").preset
    better = [host.find("metric", name, "library-desk").better for name in preset.metrics]
    print(json.dumps({{"state": state.to_dict(), "rows": rows, "heavy": heavy, "better": better}}))
"""


@pytest.fixture(scope="module")
def site(new_site: Callable[[], Any]) -> Any:
    """The example as pip would lay it out: its packages, and metadata made of its pyproject."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    made = new_site()
    shutil.copytree(EXAMPLE / "src", made.folder, dirs_exist_ok=True)
    made.install(
        project["name"],
        {},
        project["entry-points"]["acclimate"],
        version=project["version"],
        requires=project["dependencies"],
    )
    return made


def test_the_example_is_listed_and_its_sample_is_read_by_its_own_loader(site: Any) -> None:
    seen = site.run(PROBE)
    assert seen["state"]["state"] == "loaded", seen["state"]["reason"]
    assert seen["state"]["offers"] == {
        "loaders": ["library-desk/inbox"],
        "metrics": ["library-desk/handovers"],
        "presets": ["library-desk/enquiries"],
    }
    assert len(seen["rows"]) == 60
    assert set(seen["rows"][0]) == {"text", "label"}
    assert seen["better"] == ["higher", "higher", "lower"]
    assert seen["heavy"] == []


def test_the_examples_own_tests_pass(site: Any) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", EXAMPLE, EXAMPLE / "tests"],
        env={"PYTHONPATH": str(site.folder), "PATH": ""},
        cwd=site.folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


def test_the_example_stays_under_eighty_lines() -> None:
    lines = [line for file in (EXAMPLE / "src").rglob("*.py") for line in file.read_text().splitlines()]
    assert len(lines) < 80
