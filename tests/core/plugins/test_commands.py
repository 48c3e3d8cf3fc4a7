"""Commands that plugins add: listed, run, kept apart from core's, and no code for saved runs."""

import os
import subprocess
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from acclimate.cli.app import app
from acclimate.contracts import PluginError, Ref
from acclimate.plugins import Command, Host, hookimpl
from acclimate.plugins.states import CORE_COMMANDS
from typer.main import get_command

PLUGIN = """
from acclimate.plugins import Command, Ref, hookimpl

@hookimpl
def register_commands():
    yield Command(name="reconcile", summary="Compare two ledgers.", run=Ref("acme_ledger.work:reconcile"))
"""
WORK = """
from typing import Annotated
import typer

def reconcile(ledger: Annotated[str, typer.Argument(help="A ledger.")], year: int = 2020) -> None:
    print(f"{ledger} of {year}")
"""


@pytest.fixture(scope="module")
def acme(new_site: Callable[[], Any]) -> Callable[..., subprocess.CompletedProcess[str]]:
    site = new_site()
    site.install(
        "acme-ledger",
        {"acme_ledger/__init__.py": "", "acme_ledger/plugin.py": PLUGIN, "acme_ledger/work.py": WORK},
        {"ledger": "acme_ledger.plugin"},
    )

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "acclimate", *arguments],
            env={**os.environ, "PYTHONPATH": str(site.folder)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_a_command_of_a_plugin_is_listed_and_runs(acme: Callable[..., Any]) -> None:
    assert "Compare two ledgers." in acme("--help").stdout
    done = acme("reconcile", "north", "--year", "2024")
    assert (done.returncode, done.stdout) == (0, "north of 2024\n"), done.stderr
    assert "A ledger." in acme("reconcile", "--help").stdout


def test_wrong_arguments_end_as_those_of_core_do(acme: Callable[..., Any]) -> None:
    assert acme("reconcile").returncode == acme("adapt").returncode == 2
    assert "No such command 'reconcil'" in acme("reconcil").stderr


def offering(*names: str) -> ModuleType:
    module = ModuleType("made_here")

    def register_commands() -> list[Command]:
        return [Command(name=name, summary="Work.", run=Ref("json:loads")) for name in names]

    module.register_commands = hookimpl(register_commands)  # type: ignore[attr-defined]
    return module


def test_the_names_kept_for_core_are_those_of_its_commands() -> None:
    root: Any = get_command(app)
    assert tuple(sorted(root.commands)) == CORE_COMMANDS


@pytest.mark.parametrize(("name", "owner"), [("adapt", "acclimate itself"), ("reconcile", "plugin 'first'")])
def test_a_name_that_is_taken_is_refused(name: str, owner: str) -> None:
    host = Host(discover=False, strict=True)
    host.register(offering("reconcile"), "first")
    with pytest.raises(PluginError, match=f"command '{name}' is already taken by {owner}"):
        host.register(offering(name), "second")
    assert set(host.commands()) == {"reconcile"}


def test_a_saved_run_cannot_name_a_command_as_its_code() -> None:
    host = Host(discover=False, strict=True)
    host.register(offering("reconcile"), "first")
    with pytest.raises(PluginError, match="no installed plugin offers"):
        host.load_reference("json:loads")
