"""The command `monitor`."""

from pathlib import Path
from typing import Annotated

import typer

from acclimate.cli import output
from acclimate.cli.options import Html, Json


def monitor(
    before: Annotated[
        Path, typer.Argument(help="Predictions of before, or a saved run: then those of its test rows.")
    ],
    after: Annotated[Path, typer.Argument(help="Later predictions of the same run: .csv, .jsonl or .parquet.")],
    positive: Annotated[str, typer.Option(help="Label whose probability is compared.")] = "",
    threshold: Annotated[
        float | None, typer.Option(help="Count scores above it, where the run itself rejects or flags nothing.")
    ] = None,
    bins: Annotated[int, typer.Option(help="Bins of the stability index, equally full before.")] = 10,
    html: Html = None,
    as_json: Json = False,
) -> None:
    """Say whether scores have moved between two files of predictions of one run, from one shift to the next."""
    with output.failing_well(as_json):
        from acclimate.api import monitor as run_monitor

        found = run_monitor(before, after, positive=positive, threshold=threshold, bins=bins)
        if html:
            from acclimate.report import drift_page

            output.write_html(drift_page(found.to_dict()), html)
        if as_json:
            output.show_json(found.to_dict())
            return
        output.show(str(found))
