"""Acclimate for manufacturing: presets for defects in images of parts."""

from acclimate.contracts import Demo, Preset, SplitPolicy
from acclimate.plugins import MASK_METRICS, PART_METRICS

__all__ = ["anomalies", "defects", "segmentation"]

anomalies = Preset(
    name="anomalies",
    summary="Finds what good parts do not show, from images of good parts alone.",
    task="anomaly-detection",
    backbone="efficientnet-lite0",
    method="memory-bank",
    metrics=PART_METRICS,
    split=SplitPolicy(test=0.2, validation=0.2),
    ladder=("defects", "segmentation"),
)

defects = Preset(
    name="defects",
    summary="Sorts images of parts into good ones and kinds of defects.",
    task="image-classification",
    backbone="efficientnet-lite0",
    split=SplitPolicy(test=0.25, validation=0.1, stratify=("cell_type",)),
    demo=Demo(
        source="package:elpv-dataset",
        package="elpv-dataset",
        licence="CC-BY-NC-SA-4.0 (images: Deitsch et al., elpv-dataset)",
        note="2,624 electroluminescence images of solar cells; defective where the probability is above 0.5.",
        method="frozen",
        earlier="anomalies",
        earlier_settings={"max_rows": 400, "options": {"most": 2000}},
    ),
)

segmentation = Preset(
    name="segmentation",
    summary="Outlines defects in images of parts, from masks or outlines of them.",
    task="image-segmentation",
    backbone="efficientnet-lite0",
    method="full",
    metrics=MASK_METRICS,
    split=SplitPolicy(test=0.25, validation=0.15),
)
