"""What a manifest says of the code that was there."""

import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from acclimate.api import provenance
from acclimate.plugins import Host


def install(folder: Path, name: str) -> None:
    """Lay out a distribution of one module as pip does."""
    (folder / f"{name}.py").write_text("")
    metadata = folder / f"{name}-1.5.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n")
    (metadata / "RECORD").write_text(f"{name}.py,,\n{name}-1.5.dist-info/METADATA,,\n")


def test_what_is_imported_is_named_with_its_version_even_if_it_was_installed_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])  # few files to read
    host = Host(discover=False)
    before = provenance.distributions(host)
    assert "latecomer" not in before
    install(tmp_path, "latecomer")
    assert "latecomer" not in provenance.distributions(host), "nothing of it was imported"
    monkeypatch.setitem(sys.modules, "latecomer", sys)
    assert provenance.distributions(host) == {**before, "latecomer": "1.5"}


def test_the_lists_of_installed_files_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def counted() -> dict[str, list[str]]:
        read.append(1)
        return {"pytest": ["pytest"]}

    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(provenance, "packages_distributions", counted)
    host = Host(discover=False)
    for _ in range(2):
        assert provenance.distributions(host)["pytest"] == version("pytest")
    assert read == [1]
