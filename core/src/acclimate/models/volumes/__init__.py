"""Networks that see a volume whole, in three dimensions."""

from acclimate.models.volumes.classifier import VolumeClassifier
from acclimate.models.volumes.encoder import VolumeConfig, VolumeEncoder
from acclimate.models.volumes.examples import VolumeExamples
from acclimate.models.volumes.folder import stated_reading
from acclimate.models.volumes.networks import NETWORKS
from acclimate.models.volumes.preprocessing import VolumePreprocessing
from acclimate.models.volumes.resolve import (
    check_source,
    has_weights,
    is_volume_source,
    rebuild_volumes,
    resolve_volumes,
)

__all__ = [
    "NETWORKS",
    "VolumeClassifier",
    "VolumeConfig",
    "VolumeEncoder",
    "VolumeExamples",
    "VolumePreprocessing",
    "check_source",
    "has_weights",
    "is_volume_source",
    "rebuild_volumes",
    "resolve_volumes",
    "stated_reading",
]
