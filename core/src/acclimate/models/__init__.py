"""Pretrained models: found, built with a head, run."""

from acclimate.models.bio import spans_in, tags_of
from acclimate.models.classifier import Classifier, feature_width
from acclimate.models.explained import explained_logits
from acclimate.models.fingerprint import json_hash
from acclimate.models.image import ImageExamples, ImagePreprocessing
from acclimate.models.infer import Examples, batches, current_features, features, logits
from acclimate.models.language import ResolvedLanguageModel, resolve_language_model
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
    ResolvedTagger,
    load_preprocessing,
    rebuild,
    resolve,
    resolve_segmenter,
    resolve_stacks,
    resolve_tagger,
    save_preprocessing,
)
from acclimate.models.saliency import pixel_saliency, token_saliency
from acclimate.models.segmenter import Segmenter, check_decoder
from acclimate.models.slice_features import SliceFeatures, slice_features
from acclimate.models.stack_classifier import GatedAttention, OneSlice, StackClassifier
from acclimate.models.stacks import PreparedStacks, StackExamples, StackPreprocessing, padded
from acclimate.models.subset import Subset
from acclimate.models.tagger import WINDOWS_AT_ONCE, Divided, TagExamples, Tagger, TagPreprocessing, unit_values
from acclimate.models.text import TextExamples, TextPreprocessing
from acclimate.models.tiles import tiled_features
from acclimate.models.tokens import LanguageModel, TokenClassifier

__all__ = [
    "IMAGES_AT_ONCE",
    "STRIDE",
    "UNSCALED",
    "WINDOWS_AT_ONCE",
    "Classifier",
    "Divided",
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
    "ResolvedTagger",
    "Segmenter",
    "SliceFeatures",
    "StackClassifier",
    "StackExamples",
    "StackPreprocessing",
    "Subset",
    "TagExamples",
    "TagPreprocessing",
    "Tagger",
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
    "json_hash",
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
    "resolve_tagger",
    "save_preprocessing",
    "slice_features",
    "spans_in",
    "tags_of",
    "tiled_features",
    "token_saliency",
    "unit_values",
    "whole_strides",
]
