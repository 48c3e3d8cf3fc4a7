"""What good parts look like, and how far a part is from it: patches, coresets, memory banks, Gaussians and maps."""

from acclimate.models.anomaly.bank import NEIGHBOURS, MemoryBank, Nearest
from acclimate.models.anomaly.coreset import Coreset, select
from acclimate.models.anomaly.maps import SIGMA, Region, Tile, anomaly_map, blended, regions, tiles
from acclimate.models.anomaly.padim import Padim
from acclimate.models.anomaly.patches import PatchFeatures, patch_batches

__all__ = [
    "NEIGHBOURS",
    "SIGMA",
    "Coreset",
    "MemoryBank",
    "Nearest",
    "Padim",
    "PatchFeatures",
    "Region",
    "Tile",
    "anomaly_map",
    "blended",
    "patch_batches",
    "regions",
    "select",
    "tiles",
]
