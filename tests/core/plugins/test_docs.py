"""The pages for plugin authors are complete, and their code runs."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
from acclimate.plugins import hookspecs

DOCS = Path(__file__).parents[3] / "docs"
HOOKS = {name: each for name, each in vars(hookspecs).items() if hasattr(each, "acclimate_spec")}


def _blocks(page: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", (DOCS / page).read_text(), re.DOTALL | re.MULTILINE)


def test_each_hook_is_specified_with_an_example() -> None:
    for name, hook in HOOKS.items():
        docstring = inspect.getdoc(hook) or ""
        assert f"    @hookimpl\n    def {name}(" in docstring, name
        assert "Asked" in docstring or "Told" in docstring, name


@pytest.mark.parametrize("name", HOOKS)
def test_each_hook_is_a_heading_with_its_exact_arguments(name: str) -> None:
    arguments = ", ".join(inspect.signature(HOOKS[name]).parameters)
    headings = re.findall(r"^#+ `(.+)`$", (DOCS / "hooks.md").read_text(), re.MULTILINE)
    assert f"{name}({arguments})" in headings


def test_no_heading_describes_a_hook_that_does_not_exist() -> None:
    headings = re.findall(r"^#+ `(\w+)\(", (DOCS / "hooks.md").read_text(), re.MULTILINE)
    assert set(headings) == set(HOOKS)


@pytest.mark.parametrize("name", HOOKS)
def test_the_example_in_each_specification_is_a_hook_that_pluggy_accepts(name: str) -> None:
    import acclimate.plugins as room

    example = (inspect.getdoc(HOOKS[name]) or "").partition("    @hookimpl\n")[2]
    lines = ["@hookimpl", *(line.removeprefix("    ") for line in example.splitlines())]
    namespace = dict(vars(room))
    exec("\n".join(lines), namespace)
    module = type(sys)("made_here")
    setattr(module, name, namespace[name])
    host = room.Host(discover=False)
    state = host.register(module, "finance")
    # The examples name modules that no one has installed; everything else about them must be right.
    assert state.state == "loaded" or "there is no module 'acclimate_finance" in state.reason, state.reason


@pytest.mark.parametrize(
    ("page", "block"), [(page, block) for page in ("hooks.md", "write-a-plugin.md") for block in _blocks(page)]
)
def test_each_python_block_runs_by_itself(page: str, block: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", block], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
