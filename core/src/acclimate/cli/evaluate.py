"""The command `evaluate`."""

from pathlib import Path
from typing import Annotated

import typer

from acclimate.cli import output
from acclimate.cli.options import (
    BadRows,
    Document,
    DocumentId,
    DocumentTime,
    Good,
    Group,
    Html,
    Id,
    Image,
    Json,
    Label,
    LabelNames,
    LabelSeparator,
    Mask,
    MaxNewTokens,
    Metrics,
    OutOfScope,
    Prompt,
    Query,
    Read,
    Response,
    ShowRows,
    Slices,
    Spacing,
    Text,
    Time,
    TooLong,
    WrittenRows,
)


def evaluate(
    run: Annotated[Path, typer.Argument(help="The folder of a saved run.")],
    data: Annotated[str, typer.Argument(help="Labelled rows.")],
    text: Text = "",
    label: Label = "",
    label_separator: LabelSeparator = "",
    label_names: LabelNames = "",
    image: Image = "",
    mask: Mask = "",
    spacing: Spacing = "",
    query: Query = "",
    document: Document = "",
    document_id: DocumentId = "",
    document_time: DocumentTime = "",
    group: Group = "",
    time: Time = "",
    id: Id = "",
    metrics: Metrics = "",
    out_of_scope: OutOfScope = "",
    slices: Slices = "",
    read: Read = None,
    prompt: Prompt = "",
    response: Response = "",
    too_long: TooLong = "error",
    bad_rows: BadRows = "error",
    max_new_tokens: MaxNewTokens = None,
    written_rows: WrittenRows = 32,
    show_rows: ShowRows = True,
    good: Good = "",
    html: Html = None,
    as_json: Json = False,
) -> None:
    """Measure a saved run on new labelled rows."""
    with output.failing_well(as_json):
        from acclimate.api import evaluate as run_evaluate

        report = run_evaluate(
            run,
            data,
            text=text,
            label=label,
            label_separator=label_separator,
            label_names=label_names,
            image=image,
            mask=mask,
            spacing=spacing,
            query=query,
            document=document,
            document_id=document_id,
            document_time=document_time,
            group=group,
            time=time,
            id=id,
            metrics=output.names(metrics),
            out_of_scope=out_of_scope,
            slices=output.names(slices),
            reading=output.pairs(read, "--read window=lung"),
            prompt=prompt,
            response=response,
            too_long=too_long,
            bad_rows=bad_rows,
            max_new_tokens=max_new_tokens,
            written_rows=written_rows,
            show_rows=show_rows,
            good=good,
        )
        if html:
            output.write_page(report.to_dict(), html)
        output.show_report(report, as_json)
