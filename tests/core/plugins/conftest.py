"""Installs small plugin distributions into a folder, as pip would, and runs a fresh Python that sees them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest


@dataclass(frozen=True, kw_only=True)
class Site:
    """A folder of installed distributions, put first on the path of the processes that `run` starts."""

    folder: Path

    def install(
        self,
        distribution: str,
        files: Mapping[str, str],
        entry_points: Mapping[str, str],
        *,
        version: str = "0.2.0",
        requires: Sequence[str] = ("acclimate>=0.1",),
    ) -> None:
        """Write the modules and the metadata of one distribution."""
        info = f"{distribution.replace('-', '_')}-{version}.dist-info"
        points = "\n".join(f"{name} = {value}" for name, value in entry_points.items())
        needs = "".join(f"Requires-Dist: {need}\n" for need in requires)
        metadata = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n{needs}"
        written = {path: dedent(text) for path, text in files.items()}
        written[f"{info}/METADATA"] = metadata
        written[f"{info}/entry_points.txt"] = f"[acclimate]\n{points}\n"
        written[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*written, f"{info}/RECORD"])
        for path, text in written.items():
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")

    def run(self, code: str, **environment: str) -> Any:
        """Run code in a fresh interpreter and return the JSON it printed."""
        done = subprocess.run(
            [sys.executable, "-c", dedent(code)],
            env={**os.environ, "PYTHONPATH": str(self.folder), **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="session")
def new_site(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Site]:
    """Make an empty folder for distributions."""
    return lambda: Site(folder=tmp_path_factory.mktemp("site"))
