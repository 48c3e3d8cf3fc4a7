"""Acclimate for medical imaging: presets for scans, read from DICOM files as they are meant to be seen."""

from acclimate.contracts import STACKS, Demo, Preset, Ref, SplitPolicy
from acclimate.plugins import MASK_METRICS

__all__ = ["diagnosis", "segmentation", "volume_series"]

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
    demo=Demo(
        source="package:pydicom-data",
        package="pydicom-data and pydicom",
        licence="MIT (pydicom and its test files)",
        note="Some two dozen real files of ultrasound, CT and MR; the label is the modality that the header names. "
        "This shows the steps from DICOM files to a report. It is no diagnosis, and says nothing of one.",
        method="frozen",
        settings={"positive": "ultrasound"},
        pictures=Ref("acclimate_medical_imaging.demo.pictures:draw"),
    ),
)

segmentation = Preset(
    name="segmentation",
    summary="Outlines what is looked for in scans and pictures with masks, with no patient in two parts.",
    task="image-segmentation",
    backbone="efficientnet-lite0",
    method="full",
    metrics=MASK_METRICS,
    split=SplitPolicy(test=0.25, validation=0.15),
    group="patient",
    spacing="spacing",
    mirrored=False,
)

# `acclimate_medical_imaging.volumes` is the package that reads them.
volume_series = Preset(
    name="volumes",
    summary="Sorts series of slices by diagnosis: slices are encoded, attention pools them, no patient in two parts.",
    task=STACKS,
    backbone="efficientnet-lite0",
    method="frozen",
    metrics=diagnosis.metrics,
    split=diagnosis.split,
    group="patient",
    mirrored=False,
    slices=("sex", "age", "scanner", "site", "burned_in"),
)
