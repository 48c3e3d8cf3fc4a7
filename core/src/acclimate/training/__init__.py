"""The shared training engine and what it knows of the machine."""

from acclimate.contracts import import_bitsandbytes

import_bitsandbytes()  # else the Trainer imports it, through PEFT, and lets it look for code on a hub

from acclimate.training.checkpoint import Checkpoint
from acclimate.training.engine import Trained, fit, freeze_statistics
from acclimate.training.losses import IGNORED, answer_loss, answer_row_losses, loss_of, mask_loss, mask_row_losses
from acclimate.training.preferences import dpo_losses, kto_losses, mean_loss
from acclimate.training.progress import bar, quiet_libraries
from acclimate.training.resources import (
    Arithmetic,
    choose_arithmetic,
    device,
    has_bfloat16,
    peak_memory_bytes,
    processor,
    seconds_of,
    timed,
)
from acclimate.training.seeding import seeded

__all__ = [
    "IGNORED",
    "Arithmetic",
    "Checkpoint",
    "Trained",
    "answer_loss",
    "answer_row_losses",
    "bar",
    "choose_arithmetic",
    "device",
    "dpo_losses",
    "fit",
    "freeze_statistics",
    "has_bfloat16",
    "kto_losses",
    "loss_of",
    "mask_loss",
    "mask_row_losses",
    "mean_loss",
    "peak_memory_bytes",
    "processor",
    "quiet_libraries",
    "seconds_of",
    "seeded",
    "timed",
]
