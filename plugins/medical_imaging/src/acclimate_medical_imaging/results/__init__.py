"""Results as DICOM objects: segmentations and structured reports, written for an archive and read back."""

from acclimate_medical_imaging.results.files import save
from acclimate_medical_imaging.results.identity import NOT_FOR_DIAGNOSTIC_USE, Concept, ModelIdentity
from acclimate_medical_imaging.results.masks import Masks, Segment, read_segmentation
from acclimate_medical_imaging.results.predicted import Results, write_results
from acclimate_medical_imaging.results.reading import Report, read_report
from acclimate_medical_imaging.results.report import write_report
from acclimate_medical_imaging.results.segmentation import write_segmentation

__all__ = [
    "NOT_FOR_DIAGNOSTIC_USE",
    "Concept",
    "Masks",
    "ModelIdentity",
    "Report",
    "Results",
    "Segment",
    "read_report",
    "read_segmentation",
    "save",
    "write_report",
    "write_results",
    "write_segmentation",
]
