"""Saved runs: safetensors and JSON, written whole, proven when written, checked when read."""

from acclimate.bundle.fields import check_fields
from acclimate.bundle.read import open_manifest, read_document, read_manifest, read_tensors
from acclimate.bundle.write import (
    MANIFEST,
    WEIGHTS,
    check_output,
    full_disk_named,
    save_tensors,
    seal_of,
    write,
    writing,
    writing_file,
)

__all__ = [
    "MANIFEST",
    "WEIGHTS",
    "check_fields",
    "check_output",
    "full_disk_named",
    "open_manifest",
    "read_document",
    "read_manifest",
    "read_tensors",
    "save_tensors",
    "seal_of",
    "write",
    "writing",
    "writing_file",
]
