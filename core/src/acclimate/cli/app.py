"""The commands."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from acclimate.cli import output
from acclimate.cli.adapt import adapt
from acclimate.cli.added import added_command
from acclimate.cli.compare import compare
from acclimate.cli.estimate import estimate
from acclimate.cli.evaluate import evaluate
from acclimate.cli.export import export
from acclimate.cli.latency import latency
from acclimate.cli.merge import merge
from acclimate.cli.monitor import monitor
from acclimate.cli.options import (
    Html,
    Json,
    Method,
    Output,
    Seed,
)
from acclimate.cli.predict import predict
from acclimate.cli.repeat import repeat
from acclimate.cli.suspects import suspects
from acclimate.contracts import Command


class _Commands(TyperGroup):
    """Core's commands, and those that plugins add, whose modules are imported when one of them is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *sorted(_added())]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        own = super().get_command(ctx, cmd_name)
        return own if own is not None else added_command(cmd_name, _added())


def _added() -> dict[str, Command]:
    from acclimate.plugins import default_host

    return default_host().commands()


app = typer.Typer(
    cls=_Commands,
    help="Adapt pretrained language and vision models to a trade.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
plugins_app = typer.Typer(help="Installed plugins.", no_args_is_help=True)
app.add_typer(plugins_app, name="plugins")


@app.command()
def demo(
    vertical: Annotated[str, typer.Argument(help="legal, manufacturing, medical-imaging, …")] = "legal",
    method: Method = None,
    seed: Seed = 0,
    output_folder: Output = None,
    as_json: Json = False,
) -> None:
    """Adapt a real model on real data that installs as a package, in minutes on two cores."""
    with output.failing_well(as_json):
        from acclimate.api import demo as run_demo

        run = run_demo(vertical, method=method, seed=seed, output=output_folder)
        pictures = [str(picture) for picture in run.pictures]
        output.show_run(run, as_json, {"pictures": pictures} if pictures else {})
        if as_json:
            return
        for answer in output.answers(run.report):
            output.show(answer)
        for picture in pictures:
            output.show(f"picture in {picture}")


@app.command()
def report(
    run: Annotated[Path, typer.Argument(help="The folder of a saved run.")],
    html: Html = None,
    as_json: Json = False,
) -> None:
    """Say where the report of a saved run is; with --html render it anew, with --json print what it holds."""
    with output.failing_well(as_json):
        from acclimate.api import read_report

        found = read_report(run)
        if html:
            output.write_page(found, html)
        if as_json:
            output.show_json(found)
            return
        output.show(str(html or run / "report.html"))


app.command()(adapt)
app.command()(estimate)
app.command()(evaluate)
app.command()(predict)
app.command()(merge)
app.command()(export)
app.command()(compare)
app.command()(repeat)
app.command()(suspects)
app.command()(monitor)
app.command()(latency)


@plugins_app.command("list")
def plugins_list(as_json: Json = False) -> None:
    """Show every plugin, its state, why it did not load, and what it offers."""
    with output.failing_well(as_json):
        from acclimate.plugins import default_host

        plugins = default_host().plugins()
        if as_json:
            output.show_json({"plugins": [plugin.to_dict() for plugin in plugins]})
            return
        for plugin in plugins:
            line = f"{plugin.name:<16} {plugin.distribution} {plugin.version:<10} {plugin.state:<13} {plugin.reason}"
            output.show(line.rstrip())
            for kind, names in plugin.offers.items():
                output.show(f"    {kind}: {', '.join(names)}")


@app.command()
def doctor(as_json: Json = False) -> None:
    """Say what this machine can run, what is missing, and the command that mends it."""
    with output.failing_well(as_json):
        from acclimate.cli.doctor import examine, lines

        found = examine()
        if as_json:
            output.show_json(found)
            return
        output.show("\n".join(lines(found)))


def main() -> None:
    """Run the command line."""
    try:
        code = app(standalone_mode=False)
    except output.UsageError as error:
        code = output.usage(error)
    except typer.Abort:
        code = 130
    sys.exit(code if isinstance(code, int) else 0)
