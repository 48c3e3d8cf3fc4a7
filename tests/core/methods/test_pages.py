"""Every method has a page that lists its options with their defaults."""

import re
from importlib import import_module
from pathlib import Path

import pytest
from acclimate.plugins import Host

PAGES = Path(__file__).parents[3] / "docs" / "methods"
METHODS = [*Host(discover=False).methods()]


@pytest.mark.parametrize("method", METHODS)
def test_a_page_lists_the_options_with_their_defaults(method: str) -> None:
    module = import_module(f"acclimate.methods.{method.replace('-', '_')}")
    text = (PAGES / f"{method}.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| `(.+?)` \|", text, re.MULTILINE)
    expected = [(name, repr(default)) for name, default in getattr(module, "OPTIONS", {}).items()]
    assert sorted(rows) == sorted(expected)


def test_the_overview_links_every_page() -> None:
    overview = (PAGES.parent / "methods.md").read_text(encoding="utf-8")
    assert {f"methods/{method}.md" for method in METHODS} == set(re.findall(r"\]\((methods/[\w-]+\.md)\)", overview))
