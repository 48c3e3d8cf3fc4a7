"""The commands."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from acclimate.cli import output
from acclimate.cli.added import added_command
from acclimate.cli.compare import compare
from acclimate.cli.export import export
from acclimate.cli.merge import merge
from acclimate.cli.options import (
    Alike,
    AllowLeakage,
    Answer,
    Backbone,
    BadRows,
    BatchSize,
    Budget,
    Calibration,
    Classes,
    Corpus,
    CropSize,
    Data,
    DataLicence,
    Decoder,
    Document,
    DocumentId,
    DocumentTime,
    Embargo,
    Epochs,
    Folds,
    Fusion,
    GeneralText,
    Good,
    Group,
    HardNegatives,
    Html,
    Id,
    Image,
    ImageSize,
    Json,
    Label,
    LabelNames,
    LabelSeparator,
    LearningRate,
    Mask,
    MaskThreshold,
    MaxNewTokens,
    MaxRows,
    MaxSteps,
    MaxTokens,
    Method,
    Metrics,
    MinimumArea,
    Near,
    Operate,
    Options,
    OutOfScope,
    Output,
    Positive,
    Precision,
    Prepare,
    Preset,
    Prevalence,
    Prompt,
    Query,
    Read,
    Repeats,
    Response,
    Resume,
    Retention,
    RowsAtOnce,
    ScopeScore,
    Seed,
    ShowRows,
    Slices,
    Spacing,
    SplitBy,
    System,
    Test,
    Text,
    Tiles,
    Time,
    TooLong,
    Validation,
    Weights,
    WrittenRows,
)
from acclimate.cli.predict import predict
from acclimate.cli.repeat import repeat
from acclimate.cli.suspects import suspects
from acclimate.contracts import Command, OutputError


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
        if as_json:
            output.show_json({**run.report.to_dict(), **({"pictures": pictures} if pictures else {})})
            return
        _report(run.report, as_json)
        for picture in pictures:
            output.show(f"picture in {picture}")


@app.command()
def adapt(
    preset: Preset,
    data: Data,
    test: Test = None,
    validation: Validation = None,
    text: Text = "",
    label: Label = "",
    label_separator: LabelSeparator = "",
    label_names: LabelNames = "",
    image: Image = "",
    mask: Mask = "",
    spacing: Spacing = "",
    classes: Classes = "",
    group: Group = "",
    time: Time = "",
    embargo: Embargo = None,
    id: Id = "",
    method: Method = None,
    budget: Budget = None,
    backbone: Backbone = None,
    epochs: Epochs = None,
    max_steps: MaxSteps = None,
    learning_rate: LearningRate = None,
    batch_size: BatchSize = None,
    max_tokens: MaxTokens = None,
    max_rows: MaxRows = None,
    precision: Precision = "auto",
    allow_leakage: AllowLeakage = False,
    option: Options = None,
    read: Read = None,
    prepare: Prepare = None,
    metrics: Metrics = "",
    positive: Positive = "",
    operate: Operate = "",
    prevalence: Prevalence = None,
    answer: Answer = None,
    out_of_scope: OutOfScope = "",
    retention: Retention = None,
    scope_score: ScopeScore = "energy",
    slices: Slices = "",
    folds: Folds = None,
    repeats: Repeats = 3,
    show_rows: ShowRows = True,
    data_licence: DataLicence = "",
    weights: Weights = "auto",
    calibration: Calibration = "temperature",
    near: Near = "content",
    decoder: Decoder = "",
    image_size: ImageSize = None,
    crop_size: CropSize = None,
    tiles: Tiles = None,
    minimum_area: MinimumArea = "auto",
    mask_threshold: MaskThreshold = "auto",
    prompt: Prompt = "",
    response: Response = "",
    system: System = "",
    too_long: TooLong = "error",
    bad_rows: BadRows = "error",
    max_new_tokens: MaxNewTokens = None,
    written_rows: WrittenRows = 32,
    general_text: GeneralText = "",
    query: Query = "",
    document: Document = "",
    document_id: DocumentId = "",
    document_time: DocumentTime = "",
    corpus: Corpus = "",
    split_by: SplitBy = "document",
    hard_negatives: HardNegatives = None,
    alike: Alike = 0.95,
    rows_at_once: RowsAtOnce = None,
    fusion: Fusion = "auto",
    good: Good = "",
    seed: Seed = 0,
    output_folder: Output = None,
    resume: Resume = False,
    as_json: Json = False,
) -> None:
    """Adapt a pretrained model to your rows, measure it on rows it never saw, and save it."""
    with output.failing_well(as_json):
        from acclimate.api import adapt as run_adapt

        run = run_adapt(
            preset,
            data,
            method=method,
            budget=budget,
            backbone=backbone,
            test=test,
            validation=validation,
            output=output_folder,
            resume=resume,
            text=text,
            label=label,
            label_separator=label_separator,
            label_names=label_names,
            image=image,
            mask=mask,
            spacing=spacing,
            classes=classes,
            group=group,
            time=time,
            embargo=embargo,
            id=id,
            epochs=epochs,
            max_steps=max_steps,
            learning_rate=learning_rate,
            batch_size=batch_size,
            max_tokens=max_tokens,
            max_rows=max_rows,
            precision=precision,
            allow_leakage=allow_leakage,
            options=output.pairs(option, "--option rank=16"),
            reading=output.pairs(read, "--read window=lung"),
            preparing=output.pairs(prepare, "--prepare numbers=shape"),
            metrics=output.names(metrics),
            positive=positive,
            operate=operate,
            prevalence=prevalence,
            answer=answer,
            out_of_scope=out_of_scope,
            retention=retention,
            scope_score=scope_score,
            slices=output.names(slices),
            folds=folds,
            repeats=repeats,
            show_rows=show_rows,
            data_licence=data_licence,
            weights=weights,
            calibration=calibration,
            near=near,
            decoder=decoder,
            image_size=image_size,
            crop_size=crop_size,
            tiles=tiles,
            minimum_area=minimum_area,
            mask_threshold=mask_threshold,
            prompt=prompt,
            response=response,
            system=system,
            too_long=too_long,
            bad_rows=bad_rows,
            max_new_tokens=max_new_tokens,
            written_rows=written_rows,
            general_text=general_text,
            query=query,
            document=document,
            document_id=document_id,
            document_time=document_time,
            corpus=corpus,
            split_by=split_by,
            hard_negatives=hard_negatives,
            alike=alike,
            rows_at_once=rows_at_once,
            fusion=fusion,
            good=good,
            seed=seed,
        )
        _report(run.report, as_json)


@app.command()
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
            _write_page(report.to_dict(), html)
        _report(report, as_json)


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
            _write_page(found, html)
        if as_json:
            output.show_json(found)
            return
        output.show(str(html or run / "report.html"))


app.command()(predict)
app.command()(merge)
app.command()(export)
app.command()(compare)
app.command()(repeat)
app.command()(suspects)


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


def _write_page(report: dict[str, Any], file: Path) -> None:
    from acclimate.report import page

    try:
        file.write_text(page(report), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{file} cannot be written: {error.strerror}.", "Name another file as --html.") from error


def _report(report: Any, as_json: bool) -> None:
    if as_json:
        output.show_json(report.to_dict())
        return
    output.show(str(report))
    output.show(f"saved in {report.output}")


def main() -> None:
    """Run the command line."""
    try:
        code = app(standalone_mode=False)
    except output.UsageError as error:
        code = output.usage(error)
    except typer.Abort:
        code = 130
    sys.exit(code if isinstance(code, int) else 0)
