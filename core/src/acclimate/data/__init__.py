"""The data room: read any source, load it as one table, check it, split it."""

from acclimate.data.chats import MESSAGES, chat_of, load_chats, prepared_chat, read_messages, stream_chats
from acclimate.data.checks import check_alike, check_classes, check_disjoint, check_known_labels, check_trained
from acclimate.data.collection import Collection, Documents, collect, moments_of
from acclimate.data.duplicates import near_duplicate_groups, repeated_texts, same_words
from acclimate.data.hypotheses import (
    HYPOTHESES,
    Hypotheses,
    Hypothesis,
    dump_hypotheses,
    hypothesised,
    load_hypotheses,
    with_hypotheses,
)
from acclimate.data.image_repeats import repeated_images
from acclimate.data.images import examine as examine_images
from acclimate.data.images import fingerprints as image_fingerprints
from acclimate.data.images import open_image, to_rgb
from acclimate.data.label_names import Naming, read_label_names
from acclimate.data.labels import indicators, is_multilabel, label_sets
from acclimate.data.leakage import Leak, PartedRows, find_leaks, joined_groups, kept_together, lookalikes
from acclimate.data.mask_layers import layered
from acclimate.data.masks import ExaminedMask, examine_masks, open_mask, read_classes
from acclimate.data.pairs import find_columns, read_documents, read_pairs
from acclimate.data.preferences import APPROVED, CHOSEN, REJECTED, REPLY, load_preferences
from acclimate.data.questions import QUESTIONS, Question, asked, dump_questions, load_questions, with_questions
from acclimate.data.read import (
    UNREADABLE,
    coco_rows,
    conll_rows,
    csv_rows,
    dataset_folder_rows,
    hub_rows,
    image_folder_rows,
    inspection_rows,
    json_rows,
    jsonl_rows,
    mask_folder_rows,
    parquet_rows,
    tsv_rows,
)
from acclimate.data.repeats import Repeats
from acclimate.data.spans import SPANS, TOKENS, Span, joined, load_spans, with_spans
from acclimate.data.split import folds, kept_as_one, sample, split
from acclimate.data.stacks import Stack, examined_stack, open_stack, slice_names, stack_shape
from acclimate.data.stored import image_path
from acclimate.data.stream import Row, Shape, stream
from acclimate.data.summaries import REFERENCE, SUMMARY, to_summarise, with_summaries
from acclimate.data.table import Reader, load
from acclimate.data.texts import text_fingerprints

__all__ = [
    "APPROVED",
    "CHOSEN",
    "HYPOTHESES",
    "MESSAGES",
    "QUESTIONS",
    "REFERENCE",
    "REJECTED",
    "REPLY",
    "SPANS",
    "SUMMARY",
    "TOKENS",
    "UNREADABLE",
    "Collection",
    "Documents",
    "ExaminedMask",
    "Hypotheses",
    "Hypothesis",
    "Leak",
    "Naming",
    "PartedRows",
    "Question",
    "Reader",
    "Repeats",
    "Row",
    "Shape",
    "Span",
    "Stack",
    "asked",
    "chat_of",
    "check_alike",
    "check_classes",
    "check_disjoint",
    "check_known_labels",
    "check_trained",
    "coco_rows",
    "collect",
    "conll_rows",
    "csv_rows",
    "dataset_folder_rows",
    "dump_hypotheses",
    "dump_questions",
    "examine_images",
    "examine_masks",
    "examined_stack",
    "find_columns",
    "find_leaks",
    "folds",
    "hub_rows",
    "hypothesised",
    "image_fingerprints",
    "image_folder_rows",
    "image_path",
    "indicators",
    "inspection_rows",
    "is_multilabel",
    "joined",
    "joined_groups",
    "json_rows",
    "jsonl_rows",
    "kept_as_one",
    "kept_together",
    "label_sets",
    "layered",
    "load",
    "load_chats",
    "load_hypotheses",
    "load_preferences",
    "load_questions",
    "load_spans",
    "lookalikes",
    "mask_folder_rows",
    "moments_of",
    "near_duplicate_groups",
    "open_image",
    "open_mask",
    "open_stack",
    "parquet_rows",
    "prepared_chat",
    "read_classes",
    "read_documents",
    "read_label_names",
    "read_messages",
    "read_pairs",
    "repeated_images",
    "repeated_texts",
    "same_words",
    "sample",
    "slice_names",
    "split",
    "stack_shape",
    "stream",
    "stream_chats",
    "text_fingerprints",
    "to_rgb",
    "to_summarise",
    "tsv_rows",
    "with_hypotheses",
    "with_questions",
    "with_spans",
    "with_summaries",
]
