"""Pretrained models: found, built with a head, run."""

from acclimate.models.classifier import Classifier, feature_width
from acclimate.models.fingerprint import json_hash
from acclimate.models.image import ImageExamples, ImagePreprocessing
from acclimate.models.infer import Examples, batches, current_features, features, logits
from acclimate.models.language import ResolvedLanguageModel, resolve_language_model
from acclimate.models.probe import probe
from acclimate.models.recorded import Recorded
from acclimate.models.replay import Replay
from acclimate.models.resolve import Preprocessing, Resolved, load_preprocessing, rebuild, resolve, save_preprocessing
from acclimate.models.saliency import pixel_saliency, token_saliency
from acclimate.models.subset import Subset
from acclimate.models.text import TextExamples, TextPreprocessing
from acclimate.models.tokens import LanguageModel, TokenClassifier

__all__ = [
    "Classifier",
    "Examples",
    "ImageExamples",
    "ImagePreprocessing",
    "LanguageModel",
    "Preprocessing",
    "Recorded",
    "Replay",
    "Resolved",
    "ResolvedLanguageModel",
    "Subset",
    "TextExamples",
    "TextPreprocessing",
    "TokenClassifier",
    "batches",
    "current_features",
    "feature_width",
    "features",
    "json_hash",
    "load_preprocessing",
    "logits",
    "pixel_saliency",
    "probe",
    "rebuild",
    "resolve",
    "resolve_language_model",
    "save_preprocessing",
    "token_saliency",
]
