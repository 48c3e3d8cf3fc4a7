"""Commands that plugins add to the command line."""

from collections.abc import Mapping
from typing import Any

import typer

from acclimate.contracts import Command


def added_command(name: str, offered: Mapping[str, Command]) -> Any:
    """Return the command of that name as typer builds it from its function, None where no plugin offers one.

    Raises:
        PluginError: when its code cannot be imported.
    """
    if name not in offered:
        return None
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(name, help=offered[name].summary)(offered[name].run.load())
    return typer.main.get_command(app)
