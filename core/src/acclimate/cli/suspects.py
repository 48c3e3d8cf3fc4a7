"""The command `suspects`."""

from acclimate.cli import output
from acclimate.cli.options import (
    Backbone,
    Data,
    Group,
    Id,
    Image,
    ImageSize,
    Json,
    Label,
    LabelNames,
    MaxRows,
    MaxTokens,
    Prepare,
    Preset,
    Read,
    Seed,
    Text,
)


def suspects(
    preset: Preset,
    data: Data,
    text: Text = "",
    label: Label = "",
    label_names: LabelNames = "",
    image: Image = "",
    group: Group = "",
    id: Id = "",
    backbone: Backbone = None,
    max_tokens: MaxTokens = None,
    image_size: ImageSize = None,
    max_rows: MaxRows = None,
    read: Read = None,
    prepare: Prepare = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """List the rows whose label is most likely wrong, the most suspect first: CSV on standard output, or JSON."""
    with output.failing_well(as_json):
        from dataclasses import asdict

        from acclimate.api import suspects as find_suspects

        found = find_suspects(
            preset,
            data,
            text=text,
            label=label,
            label_names=label_names,
            image=image,
            group=group,
            id=id,
            backbone=backbone,
            max_tokens=max_tokens,
            image_size=image_size,
            max_rows=max_rows,
            reading=output.pairs(read, "--read window=lung"),
            preparing=output.pairs(prepare, "--prepare numbers=shape"),
            seed=seed,
        )
        rows = [asdict(each) for each in found]
        if as_json:
            output.show_json({"data": data, "suspects": rows})
            return
        output.show_rows(("id", "line", "label", "likelier", "content"), rows)
