"""A classifier of whole volumes."""

from acclimate.models.classifier import Classifier


class VolumeClassifier(Classifier):
    """Logits from the pooled features of a volume; the encoder sees all of it at once, in three dimensions."""

    rows_at_once = 4
