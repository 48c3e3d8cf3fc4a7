"""References are judged by text alone; what the text cannot show is left to the first use."""

import sys
from pathlib import Path

import pytest
from acclimate.contracts import Ref
from acclimate.plugins.references import reference_problem

EXISTS = {
    "a function": "def cost(): ...",
    "a coroutine": "async def cost(): ...",
    "a class": "class cost: ...",
    "an assignment": "cost = print",
    "an annotated assignment": "cost: object = print",
    "an unpacking": "gain, (cost, *rest) = 1, (2, 3)",
    "an import": "import cost",
    "an import under another name": "from math import fsum as cost",
    "inside if and else": "if 1:\n    pass\nelse:\n    def cost(): ...",
    "inside try": "try:\n    import cost\nexcept ImportError:\n    pass",
    "inside except": "try:\n    pass\nexcept ImportError:\n    cost = None",
    "inside with": "with open('x') as cost:\n    pass",
    "a loop variable": "for cost in []:\n    pass",
    "a walrus": "(cost := 1)",
    "match": "match 1:\n    case 1:\n        cost = 1",
    "a star import": "from math import *",
    "a module getattr": "def __getattr__(name): ...",
    "written through globals": "globals()['co' + 'st'] = 1",
}
MISSING = {
    "nothing": "",
    "another name": "def csot(): ...",
    "a local name": "def other():\n    cost = 1",
    "a method": "class Other:\n    def cost(self): ...",
    "only read": "print(cost)",
    "deleted by a comment": "# def cost(): ...",
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package whose own import would fail loudly."""
    folder = tmp_path / "acme_heavy"
    (folder / "deep").mkdir(parents=True)
    for init in (folder, folder / "deep"):
        (init / "__init__.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    return folder


@pytest.mark.parametrize("case", EXISTS)
def test_a_name_that_may_exist_passes_without_an_import(package: Path, case: str) -> None:
    (package / "deep" / "costs.py").write_text(EXISTS[case])
    assert reference_problem(Ref("acme_heavy.deep.costs:cost")) == ""
    assert not {name for name in sys.modules if name.startswith("acme_heavy")}


@pytest.mark.parametrize("case", MISSING)
def test_a_name_that_cannot_exist_is_a_problem(package: Path, case: str) -> None:
    (package / "deep" / "costs.py").write_text(MISSING[case])
    assert "the module 'acme_heavy.deep.costs' has no 'cost'" in reference_problem(Ref("acme_heavy.deep.costs:cost"))
    assert not {name for name in sys.modules if name.startswith("acme_heavy")}


@pytest.mark.parametrize(
    "module", ["acme_nowhere", "acme_heavy.nowhere", "acme_heavy.deep.nowhere", "json.decoder.x"]
)
def test_a_module_that_is_nowhere_is_a_problem(package: Path, module: str) -> None:
    assert reference_problem(Ref(f"{module}:cost")) == f"there is no module {module!r}"


def test_a_compiled_module_is_left_to_its_first_use() -> None:
    assert reference_problem(Ref("math:cost")) == ""
