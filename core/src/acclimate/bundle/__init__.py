"""Saved runs: safetensors and JSON, written whole, proven when written, checked when read."""

from acclimate.bundle.fields import check_fields
from acclimate.bundle.read import read_document, read_manifest, read_tensors
from acclimate.bundle.write import MANIFEST, check_output, write, writing

__all__ = [
    "MANIFEST",
    "check_fields",
    "check_output",
    "read_document",
    "read_manifest",
    "read_tensors",
    "write",
    "writing",
]
