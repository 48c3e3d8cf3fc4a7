"""Pretrained models: found, built with a head, run."""

from acclimate.models.classifier import Classifier, feature_width
from acclimate.models.explained import explained_logits
from acclimate.models.fingerprint import json_hash, weights_hash
from acclimate.models.image import ImageExamples, ImagePreprocessing
from acclimate.models.infer import Examples, batches, current_features, features, logits
from acclimate.models.language import ResolvedLanguageModel, resolve_language_model
from acclimate.models.loading import folder_at, lies_in_folder
from acclimate.models.mask_logits import IMAGES_AT_ONCE, mask_logits, pixel_logits
from acclimate.models.pixel_probe import PixelProbe, features_at
from acclimate.models.pixels import STRIDE, UNSCALED, MaskExamples, PixelPreprocessing, filled, whole_strides
from acclimate.models.probe import probe
from acclimate.models.recorded import Recorded
from acclimate.models.replay import Replay
from acclimate.models.resolve import (
    Preprocessing,
    Resolved,
    ResolvedSegmenter,
    load_preprocessing,
    rebuild,
    resolve,
    resolve_segmenter,
    resolve_stacks,
    save_preprocessing,
)
from acclimate.models.saliency import pixel_saliency, token_saliency
from acclimate.models.segmenter import Segmenter, check_decoder
from acclimate.models.slice_features import SliceFeatures, slice_features
from acclimate.models.stack_classifier import GatedAttention, OneSlice, StackClassifier
from acclimate.models.stacks import PreparedStacks, StackExamples, StackPreprocessing, padded
from acclimate.models.subset import Subset
from acclimate.models.text import TextExamples, TextPreprocessing
from acclimate.models.tiles import tiled_features
from acclimate.models.tokens import LanguageModel, TokenClassifier

__all__ = [
    "IMAGES_AT_ONCE",
    "STRIDE",
    "UNSCALED",
    "Classifier",
    "Examples",
    "GatedAttention",
    "ImageExamples",
    "ImagePreprocessing",
    "LanguageModel",
    "MaskExamples",
    "OneSlice",
    "PixelPreprocessing",
    "PixelProbe",
    "PreparedStacks",
    "Preprocessing",
    "Recorded",
    "Replay",
    "Resolved",
    "ResolvedLanguageModel",
    "ResolvedSegmenter",
    "Segmenter",
    "SliceFeatures",
    "StackClassifier",
    "StackExamples",
    "StackPreprocessing",
    "Subset",
    "TextExamples",
    "TextPreprocessing",
    "TokenClassifier",
    "batches",
    "check_decoder",
    "current_features",
    "explained_logits",
    "feature_width",
    "features",
    "features_at",
    "filled",
    "folder_at",
    "json_hash",
    "lies_in_folder",
    "load_preprocessing",
    "logits",
    "mask_logits",
    "padded",
    "pixel_logits",
    "pixel_saliency",
    "probe",
    "rebuild",
    "resolve",
    "resolve_language_model",
    "resolve_segmenter",
    "resolve_stacks",
    "save_preprocessing",
    "slice_features",
    "tiled_features",
    "token_saliency",
    "weights_hash",
    "whole_strides",
]
