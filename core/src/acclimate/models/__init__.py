"""Pretrained models: found, built with a head, run."""

from acclimate.models.anomaly.detector import Detector
from acclimate.models.anomaly.parts import PartExamples, PartPreprocessing
from acclimate.models.answer_decoding import Pair, best_pairs, merged
from acclimate.models.answerer import (
    ENDS,
    Answerer,
    AnswerExamples,
    AnswerPreprocessing,
    Asked,
    find_answers,
    tokens_of_answer,
)
from acclimate.models.bio import spans_in, tags_of
from acclimate.models.causal import (
    ChatExamples,
    ChatPreprocessing,
    FittedChat,
    Layout,
    PackedExamples,
    PackedReplies,
    Replies,
    ReplyLogProbabilities,
    SupervisedLoss,
    SupervisedRow,
    Writing,
    Written,
    batch_loss,
    chat_losses,
    check_room,
    context_of,
    fitted,
    fitted_reply,
    layout_of,
    lengths_of,
    padded_inputs,
    separate,
    write,
)
from acclimate.models.causal import stream as stream_tokens
from acclimate.models.causal.resolve import ResolvedWriter, resolve_writer
from acclimate.models.classifier import Classifier, feature_width
from acclimate.models.embedder import Embedder
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
from acclimate.models.rebuild import AnyPreprocessing, Model, load_preprocessing, rebuild, save_preprocessing
from acclimate.models.recorded import Recorded
from acclimate.models.replay import Replay
from acclimate.models.resolve import Preprocessing, ResolvedClassifier, resolve, resolve_stacks
from acclimate.models.resolve_tasks import (
    ResolvedAnswerer,
    ResolvedDetector,
    ResolvedEmbedder,
    ResolvedSegmenter,
    ResolvedTagger,
    resolve_answerer,
    resolve_detector,
    resolve_embedder,
    resolve_segmenter,
    resolve_tagger,
    with_overlap,
    with_units,
)
from acclimate.models.resolved import Resolved
from acclimate.models.saliency import pixel_saliency, token_saliency
from acclimate.models.segmenter import Segmenter, check_decoder
from acclimate.models.shades import on_unit_scale
from acclimate.models.slice_features import SliceFeatures, slice_features
from acclimate.models.stack_classifier import GatedAttention, OneSlice, StackClassifier
from acclimate.models.stacks import PreparedStacks, StackExamples, StackPreprocessing, padded
from acclimate.models.subset import Subset
from acclimate.models.tagger import (
    WINDOWS_AT_ONCE,
    Divided,
    TagExamples,
    Tagger,
    TagPreprocessing,
    unit_values,
    windows_of,
)
from acclimate.models.text import TextExamples, TextPreprocessing
from acclimate.models.tiles import tiled_features
from acclimate.models.tokens import LanguageModel, TokenClassifier
from acclimate.models.unlikeness import PartClassifier
from acclimate.models.volumes import (
    NETWORKS,
    VolumeClassifier,
    VolumeConfig,
    VolumeEncoder,
    VolumeExamples,
    VolumePreprocessing,
    check_source,
    has_weights,
    is_volume_source,
    resolve_volumes,
    stated_reading,
)

__all__ = [
    "ENDS",
    "IMAGES_AT_ONCE",
    "NETWORKS",
    "STRIDE",
    "UNSCALED",
    "WINDOWS_AT_ONCE",
    "AnswerExamples",
    "AnswerPreprocessing",
    "Answerer",
    "AnyPreprocessing",
    "Asked",
    "ChatExamples",
    "ChatPreprocessing",
    "Classifier",
    "Detector",
    "Divided",
    "Embedder",
    "Examples",
    "FittedChat",
    "GatedAttention",
    "ImageExamples",
    "ImagePreprocessing",
    "LanguageModel",
    "Layout",
    "MaskExamples",
    "Model",
    "OneSlice",
    "PackedExamples",
    "PackedReplies",
    "Pair",
    "PartClassifier",
    "PartExamples",
    "PartPreprocessing",
    "PixelPreprocessing",
    "PixelProbe",
    "PreparedStacks",
    "Preprocessing",
    "Recorded",
    "Replay",
    "Replies",
    "ReplyLogProbabilities",
    "Resolved",
    "ResolvedAnswerer",
    "ResolvedClassifier",
    "ResolvedDetector",
    "ResolvedEmbedder",
    "ResolvedLanguageModel",
    "ResolvedSegmenter",
    "ResolvedTagger",
    "ResolvedWriter",
    "Segmenter",
    "SliceFeatures",
    "StackClassifier",
    "StackExamples",
    "StackPreprocessing",
    "Subset",
    "SupervisedLoss",
    "SupervisedRow",
    "TagExamples",
    "TagPreprocessing",
    "Tagger",
    "TextExamples",
    "TextPreprocessing",
    "TokenClassifier",
    "VolumeClassifier",
    "VolumeConfig",
    "VolumeEncoder",
    "VolumeExamples",
    "VolumePreprocessing",
    "Writing",
    "Written",
    "batch_loss",
    "batches",
    "best_pairs",
    "chat_losses",
    "check_decoder",
    "check_room",
    "check_source",
    "context_of",
    "current_features",
    "explained_logits",
    "feature_width",
    "features",
    "features_at",
    "filled",
    "find_answers",
    "fitted",
    "fitted_reply",
    "folder_at",
    "has_weights",
    "is_volume_source",
    "json_hash",
    "layout_of",
    "lengths_of",
    "lies_in_folder",
    "load_preprocessing",
    "logits",
    "mask_logits",
    "merged",
    "on_unit_scale",
    "padded",
    "padded_inputs",
    "pixel_logits",
    "pixel_saliency",
    "probe",
    "rebuild",
    "resolve",
    "resolve_answerer",
    "resolve_detector",
    "resolve_embedder",
    "resolve_language_model",
    "resolve_segmenter",
    "resolve_stacks",
    "resolve_tagger",
    "resolve_volumes",
    "resolve_writer",
    "save_preprocessing",
    "separate",
    "slice_features",
    "spans_in",
    "stated_reading",
    "stream_tokens",
    "tags_of",
    "tiled_features",
    "token_saliency",
    "tokens_of_answer",
    "unit_values",
    "weights_hash",
    "whole_strides",
    "windows_of",
    "with_overlap",
    "with_units",
    "write",
]
