"""Acclimate for medical imaging: presets for scans, read from DICOM files as they are meant to be seen."""

from acclimate.contracts import Preset, SplitPolicy
from acclimate.plugins import MASK_METRICS

__all__ = ["diagnosis", "segmentation"]

diagnosis = Preset(
    name="diagnosis",
    summary="Sorts scans and photographs by diagnosis, with no patient in two parts.",
    task="image-classification",
    backbone="efficientnet-lite0",
    metrics=("auroc", "accuracy", "balanced_accuracy", "average_precision", "log_loss", "brier", "ece"),
    split=SplitPolicy(test=0.25, validation=0.15),
    group="patient",
    mirrored=False,  # the heart is on one side, and the side of a finding is part of it
    corners=True,
    slices=("sex", "age", "scanner", "site", "view", "burned_in"),
)

segmentation = Preset(
    name="segmentation",
    summary="Outlines what is looked for in pictures with masks, with no patient in two parts.",
    task="image-segmentation",
    backbone="efficientnet-lite0",
    method="full",
    metrics=MASK_METRICS,
    split=SplitPolicy(test=0.25, validation=0.15),
    group="patient",
    mirrored=False,
)
