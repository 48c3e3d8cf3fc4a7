"""Causal language models: rows packed behind a shared prefix, and the loss at what is learned alone."""

from acclimate.models.causal.layout import BUDGET_TOKENS, Layout, layout_of
from acclimate.models.causal.loss import SupervisedLoss, learn, step_loss
from acclimate.models.causal.masks import Masks, masks_of, packed_inputs, padded_inputs
from acclimate.models.causal.packed import PackedExamples, batch_loss
from acclimate.models.causal.packing import Pack, pack, separate
from acclimate.models.causal.rows import SupervisedRow

__all__ = [
    "BUDGET_TOKENS",
    "Layout",
    "Masks",
    "Pack",
    "PackedExamples",
    "SupervisedLoss",
    "SupervisedRow",
    "batch_loss",
    "layout_of",
    "learn",
    "masks_of",
    "pack",
    "packed_inputs",
    "padded_inputs",
    "separate",
    "step_loss",
]
