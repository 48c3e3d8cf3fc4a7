"""The command `compare`."""

from pathlib import Path
from typing import Annotated

import typer

from acclimate.cli import output
from acclimate.cli.options import (
    AllowLeakage,
    Backbone,
    BatchSize,
    Classes,
    CropSize,
    Data,
    Decoder,
    Epochs,
    Good,
    Group,
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
    MaxRows,
    MaxSteps,
    MaxTokens,
    MinimumArea,
    Precision,
    Prepare,
    Preset,
    Read,
    Spacing,
    Test,
    Text,
    Tiles,
    Time,
    Validation,
)


def compare(
    preset: Preset,
    data: Data,
    methods: Annotated[str, typer.Option(help="Names with commas between: full,frozen,lora:rank=16.")],
    seeds: Annotated[int, typer.Option(help="How many seeds, from 0 on.")] = 3,
    budget: Annotated[float | None, typer.Option(help="Minutes; runs that would not fit are not started.")] = None,
    metric: Annotated[str | None, typer.Option(help="What is compared; the preset's first when left out.")] = None,
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
    image_size: ImageSize = None,
    crop_size: CropSize = None,
    tiles: Tiles = None,
    minimum_area: MinimumArea = "auto",
    mask_threshold: MaskThreshold = "auto",
    good: Good = "",
    decoder: Decoder = "",
    group: Group = "",
    time: Time = "",
    id: Id = "",
    backbone: Backbone = None,
    epochs: Epochs = None,
    max_steps: MaxSteps = None,
    learning_rate: LearningRate = None,
    batch_size: BatchSize = None,
    max_tokens: MaxTokens = None,
    max_rows: MaxRows = None,
    precision: Precision = "auto",
    read: Read = None,
    prepare: Prepare = None,
    allow_leakage: AllowLeakage = False,
    output_folder: Annotated[
        Path | None, typer.Option("--output", help="Folder of the comparison; one that was begun goes on.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Adapt by several methods on the same rows and seeds, and say which of them differ."""
    with output.failing_well(as_json):
        from acclimate.api import compare as run_compare

        try:
            comparison = run_compare(
                preset,
                data,
                methods=[name.strip() for name in methods.split(",") if name.strip()],
                seeds=seeds,
                budget=budget,
                metric=metric,
                test=test,
                validation=validation,
                text=text,
                label=label,
                label_separator=label_separator,
                label_names=label_names,
                image=image,
                mask=mask,
                spacing=spacing,
                classes=classes,
                image_size=image_size,
                crop_size=crop_size,
                tiles=tiles,
                minimum_area=minimum_area,
                mask_threshold=mask_threshold,
                good=good,
                decoder=decoder,
                group=group,
                time=time,
                id=id,
                backbone=backbone,
                epochs=epochs,
                max_steps=max_steps,
                learning_rate=learning_rate,
                batch_size=batch_size,
                max_tokens=max_tokens,
                max_rows=max_rows,
                precision=precision,
                reading=output.pairs(read, "--read window=lung"),
                preparing=output.pairs(prepare, "--prepare numbers=shape"),
                allow_leakage=allow_leakage,
                output=output_folder,
            )
        except KeyboardInterrupt:
            output.fail(
                "Interrupted", "Interrupted.", "Finished runs are kept; compare again to go on.", as_json, 130
            )
        if as_json:
            output.show_json(comparison.to_dict())
        else:
            output.show(str(comparison))
            output.show(f"saved in {comparison.output}")
    if comparison.best is None:
        raise typer.Exit(output.BAD_INPUT)
