"""Readers: each takes a source and yields one dictionary per row, lazily."""

from acclimate.data.read.arrow import dataset_folder_rows, hub_rows, parquet_rows
from acclimate.data.read.coco import coco_rows
from acclimate.data.read.conll import conll_rows
from acclimate.data.read.delimited import csv_rows, tolerant_csv_rows, tolerant_tsv_rows, tsv_rows
from acclimate.data.read.files import LINE, UNREADABLE, existing, name_of
from acclimate.data.read.image_folder import IMAGE_SUFFIXES, image_folder_rows
from acclimate.data.read.inspection_folder import inspection_rows
from acclimate.data.read.json_lines import jsonl_rows, tolerant_jsonl_rows
from acclimate.data.read.json_list import json_rows
from acclimate.data.read.mask_folder import mask_folder_rows
from acclimate.data.read.tables import table_rows
from acclimate.data.read.yolo import yolo_rows

__all__ = [
    "IMAGE_SUFFIXES",
    "LINE",
    "UNREADABLE",
    "coco_rows",
    "conll_rows",
    "csv_rows",
    "dataset_folder_rows",
    "existing",
    "hub_rows",
    "image_folder_rows",
    "inspection_rows",
    "json_rows",
    "jsonl_rows",
    "mask_folder_rows",
    "name_of",
    "parquet_rows",
    "table_rows",
    "tolerant_csv_rows",
    "tolerant_jsonl_rows",
    "tolerant_tsv_rows",
    "tsv_rows",
    "yolo_rows",
]
