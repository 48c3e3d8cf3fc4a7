"""The options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Preset = Annotated[str, typer.Argument(help="For example legal/clauses; see `plugins list`.")]
Data = Annotated[str, typer.Argument(help="A file, a folder, or hub:OWNER/NAME.")]
Test = Annotated[str | None, typer.Option(help="Test rows; split off when left out.")]
Validation = Annotated[str | None, typer.Option(help="Validation rows; split off when left out.")]
Backbone = Annotated[str | None, typer.Option(help="A name, a hub id, a folder or package:NAME.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
Output = Annotated[Path | None, typer.Option("--output", help="New folder for the run.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the run to --output that was stopped.")]
Text = Annotated[str, typer.Option(help="Column with the text.")]
Label = Annotated[str, typer.Option(help="Column with the label.")]
LabelSeparator = Annotated[str, typer.Option(help="Stands between the labels of a row in text, such as |.")]
LabelNames = Annotated[str, typer.Option(help="What labels stand for: 0=negative,1=neutral,2=positive.")]
Image = Annotated[str, typer.Option(help="Column with the image path.")]
Mask = Annotated[str, typer.Option(help="Column with the path of the mask.")]
Spacing = Annotated[str, typer.Option(help='Column with the pixel spacing in mm, "row,column".')]
Classes = Annotated[str, typer.Option(help="What the values of masks stand for: background,lesion, or a file.")]
Decoder = Annotated[str, typer.Option(help="Decoder of masks: unet or fpn.")]
ImageSize = Annotated[
    int | None,
    typer.Option(help="Side to which images are scaled (the backbone's own); of masks the longest side (512)."),
]
CropSize = Annotated[int | None, typer.Option(help="Side of the squares that training on masks reads (256).")]
Tiles = Annotated[
    int | None,
    typer.Option(help="Read images at full size, in overlapping squares of this side where they are larger."),
]
MinimumArea = Annotated[
    str,
    typer.Option(help="Least area in pixels of a region in a predicted mask: auto (by validation images), 0 or N."),
]
MaskThreshold = Annotated[
    str, typer.Option(help="From which probability a pixel counts: auto (by validation images), 0 (likeliest) or P.")
]
Query = Annotated[str, typer.Option(help="Column with the query of a search.")]
Document = Annotated[str, typer.Option(help="Column with the document that answers it.")]
DocumentId = Annotated[str, typer.Option(help="Column that names the document, so that queries share one.")]
DocumentTime = Annotated[
    str, typer.Option(help="Column with the date of the document: none later than the query is found.")
]
Corpus = Annotated[str, typer.Option(help="Source of further documents that are searched too.")]
SplitBy = Annotated[str, typer.Option(help="What stands in one part only: document (with all its queries) or query.")]
HardNegatives = Annotated[
    int | None, typer.Option(help="Wrong documents nearest to a query that it is taught to be told from (1).")
]
Alike = Annotated[float, typer.Option(help="Cosine from which texts count as the same, and never as wrong.")]
RowsAtOnce = Annotated[
    int | None, typer.Option(help="Texts that training holds in memory at once; the gradient is that of all (32).")
]
Fusion = Annotated[str, typer.Option(help="Weight of BM25 in the ranking: auto (by validation queries), or 0 to 1.")]
Good = Annotated[str, typer.Option(help="Label of good parts; good, ok, pass, normal or functional when left out.")]
Group = Annotated[str, typer.Option(help="Column whose rows must stay in one part (patient, contract).")]
Time = Annotated[str, typer.Option(help="Column with the date, by which the latest rows test; none: no such column.")]
Embargo = Annotated[float | None, typer.Option(help="Leave out rows so many days before a later part (with --time).")]
Folds = Annotated[
    int | None, typer.Option(help="Measure by so many folds of all rows too, each trained anew; 0 never.")
]
Repeats = Annotated[int, typer.Option(help="How often the rows are dealt to --folds.")]
Id = Annotated[str, typer.Option(help="Column with the row id.")]
Method = Annotated[
    str | None,
    typer.Option(help="full, frozen, lora, …, peft:TYPE, or auto to search (the preset's choice when left out)."),
]
Budget = Annotated[float | None, typer.Option(help="Minutes for the search and training of method auto (10).")]
Seed = Annotated[int, typer.Option(help="Deals the split and every random number.")]
Epochs = Annotated[int | None, typer.Option(help="Passes over the training rows.")]
MaxSteps = Annotated[int | None, typer.Option(help="At most this many optimizer steps.")]
LearningRate = Annotated[float | None, typer.Option(help="Peak rate of the top layer.")]
BatchSize = Annotated[int | None, typer.Option(help="Rows per step.")]
MaxTokens = Annotated[int | None, typer.Option(help="Where a text is cut.")]
MaxRows = Annotated[int | None, typer.Option(help="Use a stratified sample of so many rows.")]
Precision = Annotated[str, typer.Option(help="auto, float32 or bfloat16.")]
AllowLeakage = Annotated[
    bool, typer.Option("--allow-leakage", help="Go on where test rows repeat or contradict the training rows.")
]
Options = Annotated[list[str] | None, typer.Option("--option", help="NAME=VALUE for the method, repeatable.")]
Read = Annotated[list[str] | None, typer.Option("--read", help="NAME=VALUE for the loader, repeatable.")]
Prepare = Annotated[
    list[str] | None, typer.Option(help="NAME=VALUE for the preset's preparation of rows, repeatable.")
]
Html = Annotated[Path | None, typer.Option("--html", help="Write the report as one page to this file.")]
Positive = Annotated[str, typer.Option(help="Label that is looked for, such as malignant or defect.")]
Operate = Annotated[
    str,
    typer.Option(
        help="What its threshold is to reach: sensitivity=0.95, specificity=0.9, precision=0.8, cost=10:1; "
        "of parts that are inspected overkill=0.01, escape=0.05, cost=200:4."
    ),
]
Costs = Annotated[
    str,
    typer.Option(
        help="Labels from lowest to highest and what a place too low and too high costs: 'low<medium<high=5:1'."
    ),
]
Prevalence = Annotated[
    float | None,
    typer.Option(help="Share of rows in use that carry the positive label, or of parts that are defective."),
]
Answer = Annotated[float | None, typer.Option(help="Share of rows to answer; the least sure are left to a person.")]
OutOfScope = Annotated[
    str, typer.Option(help="Label of rows that have none of the others; none: it is a label like all others.")
]
Retention = Annotated[
    float | None,
    typer.Option(help="Share of rows with a label to keep; rows that score lower are told to be out of scope."),
]
ScopeScore = Annotated[str, typer.Option(help="What tells rows out of scope: energy or max_probability.")]
Slices = Annotated[str, typer.Option(help="Columns whose values are scored as subgroups: site,scanner.")]
ShowRows = Annotated[
    bool, typer.Option("--show-rows/--hide-rows", help="Put wrongly predicted test rows into the report.")
]
Weights = Annotated[
    str, typer.Option(help="Save all weights, or only what was trained (then loading needs the backbone), or auto.")
]
Calibration = Annotated[
    str, typer.Option(help="temperature, isotonic (from 1,000 validation rows on), or auto for the better one.")
]
Near = Annotated[
    str, typer.Option(help="content, or features: look for rows across parts that are alike to the backbone too.")
]
DataLicence = Annotated[str, typer.Option(help="Licence of the data, for the report.")]
Metrics = Annotated[
    str, typer.Option(help="Names in place of the preset's metrics: accuracy,brier,ece, or evaluate:PATH.")
]
Prompt = Annotated[str, typer.Option(help="Column with what a user asks, where rows have no messages.")]
Response = Annotated[str, typer.Option(help="Column with what is to be answered.")]
Chosen = Annotated[str, typer.Option(help="Column with the reply that is preferred.")]
Rejected = Annotated[str, typer.Option(help="Column with the reply that it is preferred to.")]
Approved = Annotated[str, typer.Option(help="Column that says whether the reply of a row is what is wanted.")]
Beta = Annotated[float | None, typer.Option(help="How dearly a step away from the untuned model is paid (0.1).")]
SftWeight = Annotated[
    float | None, typer.Option(help="Weight of the cross-entropy of chosen replies beside the loss of pairs (1).")
]
Card = Annotated[str, typer.Option(help="File by which the preset's plugin scores replies, such as a tone card.")]
Swapped = Annotated[
    str, typer.Option(help="Whether rows whose wanted replies are worse by the card are refused: error or allow.")
]
System = Annotated[str, typer.Option(help="System prompt of chats that bring none.")]
TooLong = Annotated[
    str,
    typer.Option(help="What becomes of chats above --max-tokens: error, truncate, drop or split (between turns)."),
]
BadRows = Annotated[str, typer.Option(help="What becomes of rows that are no chats: error or drop.")]
MaxNewTokens = Annotated[int | None, typer.Option(help="At most so many tokens in an answer.")]
WrittenRows = Annotated[int, typer.Option(help="How many test chats are answered for the report.")]
GeneralText = Annotated[
    str, typer.Option(help="File of general texts (.txt, .jsonl) on which it is measured what was forgotten.")
]
