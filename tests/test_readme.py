"""The documents keep their word: the first commands stand where they should, and the Python runs."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
# The blocks of these are run by tests/core/plugins/test_docs.py, each in a process of its own.
ELSEWHERE = {"hooks.md", "write-a-plugin.md"}
PAGES = [
    ROOT / "README.md",
    *(page for page in sorted(ROOT.glob("docs/*.md")) if page.name not in ELSEWHERE),
    *sorted(ROOT.glob("docs/methods/*.md")),
    *sorted(ROOT.glob("core/README.md")),
    *sorted(ROOT.glob("plugins/*/README.md")),
]
pytestmark = pytest.mark.usefixtures("brief")
QUICK = {"frozen", "lora"}  # of the pages of methods, which all run the same way; the rest is slow
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
TOPICS = {
    "Permissive": ("permission is granted free of charge to use copy and modify", "redistribution is permitted"),
    "Copyleft": ("derivative works must carry this same licence", "the source code must be made available"),
    "Proprietary": ("all rights are reserved and use requires a fee", "reverse engineering is prohibited"),
}


def _fences(page: Path) -> list[tuple[str, str]]:
    return FENCE.findall(page.read_text(encoding="utf-8"))


def _blocks() -> Iterator[Any]:
    for page in PAGES:
        blocks = [text for language, text in _fences(page) if language == "python"]
        for number, block in enumerate(blocks, 1):
            slow = [pytest.mark.slow] if page.parent.name == "methods" and page.stem not in QUICK else []
            yield pytest.param(block, id=f"{page.relative_to(ROOT)}:{number}", marks=slow)


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty current folder with the tables that the documents name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACCLIMATE_CACHE", str(tmp_path / ".cache"))
    pairs = [(label, text) for _ in range(10) for label in TOPICS for text in TOPICS[label]]
    lines = [
        f"{text} under clause {number} of the contract,{label},c{number // 2}"
        for number, (label, text) in enumerate(pairs)
    ]
    for name in ("clauses.csv", "headlines.csv", "later.csv"):
        (tmp_path / name).write_text("\n".join(["text,label,contract", *lines]) + "\n")
    return tmp_path


def test_the_readme_opens_with_the_two_commands() -> None:
    _, first = _fences(ROOT / "README.md")[0]
    assert first.splitlines() == ["pip install uv && uv run acclimate demo", "uv run pytest"]


@pytest.mark.parametrize("block", list(_blocks()))
def test_the_python_in_the_documents_runs(block: str, workplace: Path) -> None:
    first = block.splitlines()[0]
    if first.startswith("# not run:"):
        pytest.skip(first)
    exec(compile(block, "document", "exec"), {"__name__": "__main__"})


def test_links_between_documents_lead_somewhere() -> None:
    pages = [*PAGES, *(ROOT / "docs" / name for name in ELSEWHERE)]
    broken = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in pages
        for link in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
        if "://" not in link and not (page.parent / link).exists()
    ]
    assert broken == []
