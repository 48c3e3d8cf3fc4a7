"""The command line in this process, where torch is already loaded, and rows for it."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from acclimate.cli import main


@dataclass(frozen=True, kw_only=True)
class Done:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep features and measurements of these tests apart from the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACCLIMATE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module", autouse=True)
def cheap(brief: None) -> None:
    """Make every report here a brief one."""


@pytest.fixture
def acclimate(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Done]:
    """Run a command in an empty folder: `acclimate("plugins", "list")`."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["acclimate", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Done(code=ended.value.code, out=printed.out, err=printed.err)

    return run


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return 60 short texts in two classes."""
    words = {"sea": ["ship", "tide", "anchor"], "land": ["field", "barn", "plough"]}
    lines = [
        f"the {words[label][number % 3]} and the {word} of {number},{label}"
        for number, (label, word) in enumerate(
            (each, word) for _ in range(10) for each in words for word in words[each]
        )
    ]
    path = tmp_path_factory.mktemp("table") / "table.csv"
    path.write_text("\n".join(["sentence,kind", *lines]) + "\n")
    return path


@pytest.fixture(scope="module")
def run(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a finished run on the table."""
    from acclimate import adapt

    folder = tmp_path_factory.mktemp("finished") / "run"
    adapt(
        "general/text-classification",
        table,
        label="kind",
        method="frozen",
        output=folder,
        precision="float32",
        shown=False,
    )
    return folder
