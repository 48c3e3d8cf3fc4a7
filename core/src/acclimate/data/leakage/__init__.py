"""What makes a test score too good: rows that repeat across parts, contradictions in a split, labels given away."""

from acclimate.data.leakage.alike import lookalikes
from acclimate.data.leakage.contradictions import shared_groups, time_overlap
from acclimate.data.leakage.find import find_leaks
from acclimate.data.leakage.giveaways import telling_columns, telling_words
from acclimate.data.leakage.repeated_rows import conflicting_labels, joined_groups, kept_together, repeated_across
from acclimate.data.leakage.rows import Leak, PartedRows
from acclimate.data.leakage.shift import class_shift

__all__ = [
    "Leak",
    "PartedRows",
    "class_shift",
    "conflicting_labels",
    "find_leaks",
    "joined_groups",
    "kept_together",
    "lookalikes",
    "repeated_across",
    "shared_groups",
    "telling_columns",
    "telling_words",
    "time_overlap",
]
