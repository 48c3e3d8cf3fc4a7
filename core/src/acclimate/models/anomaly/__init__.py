"""What good parts look like, and how far a part is from it: patches, coresets, memory banks, Gaussians and maps."""

from acclimate.contracts import Region
from acclimate.models.anomaly.alone import distances_to_others, without_one
from acclimate.models.anomaly.bank import NEIGHBOURS, MemoryBank, Nearest
from acclimate.models.anomaly.coreset import Coreset, select
from acclimate.models.anomaly.detector import Detector, Judged
from acclimate.models.anomaly.maps import SIGMA, Tile, anomaly_map, blended, regions, tiles
from acclimate.models.anomaly.padim import Padim
from acclimate.models.anomaly.parts import PartExamples, PartPreprocessing, computed_features, scan
from acclimate.models.anomaly.patches import STRIDES, PatchFeatures, patch_batches
from acclimate.models.anomaly.scorers import FEW, BankScorer, PadimScorer, Scorer, Seen, members_of, scorer_of

__all__ = [
    "FEW",
    "NEIGHBOURS",
    "SIGMA",
    "STRIDES",
    "BankScorer",
    "Coreset",
    "Detector",
    "Judged",
    "MemoryBank",
    "Nearest",
    "Padim",
    "PadimScorer",
    "PartExamples",
    "PartPreprocessing",
    "PatchFeatures",
    "Region",
    "Scorer",
    "Seen",
    "Tile",
    "anomaly_map",
    "blended",
    "computed_features",
    "distances_to_others",
    "members_of",
    "patch_batches",
    "regions",
    "scan",
    "scorer_of",
    "select",
    "tiles",
    "without_one",
]
