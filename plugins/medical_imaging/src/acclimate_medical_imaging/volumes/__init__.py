"""Volumes: series of DICOM slices and NIfTI files as values on a grid, at their place in the patient."""

from acclimate_medical_imaging.volumes.cache import DamagedCacheWarning
from acclimate_medical_imaging.volumes.errors import (
    CineError,
    DuplicatePositionError,
    GantryTiltError,
    LocalizerError,
    MissingGeometryError,
    MixedSlicesError,
    NotASliceError,
    SingleSliceError,
    SliceGapError,
    SliceSpacingError,
    VolumeError,
)
from acclimate_medical_imaging.volumes.nifti import read_nifti, write_nifti
from acclimate_medical_imaging.volumes.read import read_volume
from acclimate_medical_imaging.volumes.resampling import resample, resample_labels
from acclimate_medical_imaging.volumes.slices import LeftOut
from acclimate_medical_imaging.volumes.splitting import SliceGroup, Split, split_series
from acclimate_medical_imaging.volumes.volume import Volume

__all__ = [
    "CineError",
    "DamagedCacheWarning",
    "DuplicatePositionError",
    "GantryTiltError",
    "LeftOut",
    "LocalizerError",
    "MissingGeometryError",
    "MixedSlicesError",
    "NotASliceError",
    "SingleSliceError",
    "SliceGapError",
    "SliceGroup",
    "SliceSpacingError",
    "Split",
    "Volume",
    "VolumeError",
    "read_nifti",
    "read_volume",
    "resample",
    "resample_labels",
    "split_series",
    "write_nifti",
]
