"""The data room: read any source, load it as one table, check it, split it."""

from acclimate.data.checks import check_alike, check_classes, check_disjoint, check_known_labels, check_trained
from acclimate.data.duplicates import near_duplicate_groups, repeated_texts
from acclimate.data.image_repeats import repeated_images
from acclimate.data.images import examine as examine_images
from acclimate.data.images import fingerprints as image_fingerprints
from acclimate.data.images import open_image, to_rgb
from acclimate.data.label_names import read_label_names
from acclimate.data.labels import indicators, is_multilabel, label_sets
from acclimate.data.leakage import Leak, PartedRows, find_leaks, kept_together, lookalikes
from acclimate.data.masks import ExaminedMask, examine_masks, open_mask, read_classes
from acclimate.data.read import (
    UNREADABLE,
    csv_rows,
    dataset_folder_rows,
    hub_rows,
    image_folder_rows,
    inspection_rows,
    jsonl_rows,
    mask_folder_rows,
    parquet_rows,
    tsv_rows,
)
from acclimate.data.repeats import Repeats
from acclimate.data.split import folds, sample, split
from acclimate.data.stacks import Stack, examined_stack, open_stack, slice_names
from acclimate.data.stored import image_path
from acclimate.data.stream import Row, stream
from acclimate.data.table import load
from acclimate.data.texts import text_fingerprints

__all__ = [
    "UNREADABLE",
    "ExaminedMask",
    "Leak",
    "PartedRows",
    "Repeats",
    "Row",
    "Stack",
    "check_alike",
    "check_classes",
    "check_disjoint",
    "check_known_labels",
    "check_trained",
    "csv_rows",
    "dataset_folder_rows",
    "examine_images",
    "examine_masks",
    "examined_stack",
    "find_leaks",
    "folds",
    "hub_rows",
    "image_fingerprints",
    "image_folder_rows",
    "image_path",
    "indicators",
    "inspection_rows",
    "is_multilabel",
    "jsonl_rows",
    "kept_together",
    "label_sets",
    "load",
    "lookalikes",
    "mask_folder_rows",
    "near_duplicate_groups",
    "open_image",
    "open_mask",
    "open_stack",
    "parquet_rows",
    "read_classes",
    "read_label_names",
    "repeated_images",
    "repeated_texts",
    "sample",
    "slice_names",
    "split",
    "stream",
    "text_fingerprints",
    "to_rgb",
    "tsv_rows",
]
