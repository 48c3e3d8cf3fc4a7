"""The command `estimate`."""

from acclimate.cli import output
from acclimate.cli.options import (
    Backbone,
    Data,
    Good,
    Group,
    Image,
    ImageSize,
    Json,
    Label,
    Mask,
    MaxRows,
    Method,
    Options,
    Preset,
    Read,
    Seed,
    Test,
    Tiles,
    Validation,
)


def estimate(
    preset: Preset,
    data: Data,
    test: Test = None,
    validation: Validation = None,
    label: Label = "",
    image: Image = "",
    mask: Mask = "",
    group: Group = "",
    good: Good = "",
    method: Method = None,
    backbone: Backbone = None,
    max_rows: MaxRows = None,
    image_size: ImageSize = None,
    tiles: Tiles = None,
    option: Options = None,
    read: Read = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Say what it takes to learn good parts (patches, memory, seconds) before anything is learned."""
    with output.failing_well(as_json):
        from acclimate.api import estimate as run_estimate

        found = run_estimate(
            preset,
            data,
            test=test,
            validation=validation,
            label=label,
            image=image,
            mask=mask,
            group=group,
            good=good,
            method=method,
            backbone=backbone,
            max_rows=max_rows,
            image_size=image_size,
            tiles=tiles,
            options=output.pairs(option, "--option share=0.1"),
            reading=output.pairs(read, "--read window=lung"),
            seed=seed,
        )
        if as_json:
            output.show_json(found.to_dict())
            return
        output.show(f"{found}{'' if found.fits else ' That does not fit into the memory that is free.'}")
