"""Pretrained models: found, built with a head, run."""

from acclimate.models.classifier import Classifier
from acclimate.models.image import ImageExamples, ImagePreprocessing
from acclimate.models.infer import Examples, batches, features, logits
from acclimate.models.resolve import Preprocessing, Resolved, rebuild, resolve, save_preprocessing
from acclimate.models.text import TextExamples, TextPreprocessing

__all__ = [
    "Classifier",
    "Examples",
    "ImageExamples",
    "ImagePreprocessing",
    "Preprocessing",
    "Resolved",
    "TextExamples",
    "TextPreprocessing",
    "batches",
    "features",
    "logits",
    "rebuild",
    "resolve",
    "save_preprocessing",
]
