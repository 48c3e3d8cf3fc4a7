"""Who imports whom, and what the light commands leave alone."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = ("torch", "transformers", "numpy", "datasets", "sklearn", "scipy", "timm", "peft", "PIL", "pyarrow")


def test_imports_point_down() -> None:
    """The contracts are in pyproject.toml."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


LIGHT = [["--help"], ["adapt", "--help"], ["plugins", "list"], ["plugins", "list", "--json"], ["adpt"]]


@pytest.mark.parametrize("arguments", LIGHT, ids=" ".join)
def test_a_light_command_imports_nothing_heavy(arguments: list[str]) -> None:
    code = f"""
import json, sys
sys.argv = ["acclimate", *{arguments!r}]
from acclimate.cli import main
try:
    main()
finally:
    print(json.dumps(sorted(name for name in sys.modules if "." not in name)), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == (2 if arguments == ["adpt"] else 0), done.stderr
    assert done.stdout or arguments == ["adpt"]
    loaded = set(json.loads(done.stderr.splitlines()[-1]))
    assert "acclimate" in loaded
    assert not loaded & set(HEAVY)


@pytest.mark.parametrize("module", ["acclimate", "acclimate.contracts", "acclimate.plugins", "acclimate_legal"])
def test_what_a_plugin_imports_is_light(module: str) -> None:
    code = f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert not set(json.loads(done.stdout)) & set(HEAVY)
