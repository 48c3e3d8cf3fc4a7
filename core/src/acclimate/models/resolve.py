"""From a backbone offer to a classifier with pretrained weights, and from a saved run back to one."""

import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn

from acclimate.contracts import Backbone, BackboneError, BundleError, OptionError
from acclimate.models import packages
from acclimate.models.anomaly.detector import Detector
from acclimate.models.anomaly.parts import PartPreprocessing
from acclimate.models.anomaly.patches import NEIGHBOURHOOD, STRIDES
from acclimate.models.answerer import Answerer, AnswerPreprocessing, load_answer_preprocessing
from acclimate.models.causal.chat import ChatPreprocessing
from acclimate.models.causal.resolve import WRITES, rebuild_writer
from acclimate.models.classifier import STAGES, Classifier, feature_width, has_stages, input_channels
from acclimate.models.embedder import Embedder
from acclimate.models.fingerprint import weights_hash
from acclimate.models.image import ImagePreprocessing
from acclimate.models.loading import configuration, folder_at, is_decoder, pretrained, tokens_of
from acclimate.models.pixels import PixelPreprocessing
from acclimate.models.segmenter import Segmenter, check_decoder
from acclimate.models.shades import range_of
from acclimate.models.spec import check_spec, plain_configuration
from acclimate.models.stack_classifier import ATTENTION_WIDTH, StackClassifier
from acclimate.models.stacks import StackPreprocessing
from acclimate.models.tagger import Tagger, TagPreprocessing, Units, load_tag_preprocessing
from acclimate.models.text import TextPreprocessing
from acclimate.models.tokens import LanguageModel
from acclimate.models.unlikeness import PartClassifier

Preprocessing = TextPreprocessing | ImagePreprocessing | StackPreprocessing
AnyPreprocessing = Preprocessing | PixelPreprocessing | PartPreprocessing
Model = Classifier | Segmenter | LanguageModel | Tagger | Answerer | Embedder | Detector


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A classifier on pretrained weights, with the preprocessing that belongs to them."""

    model: Classifier
    preprocessing: Preprocessing
    weights: str
    spec: Mapping[str, Any]


def resolve(backbone: Backbone, *, labels: tuple[str, ...], max_tokens: int | None = None) -> Resolved:
    """Load pretrained weights in float32 under a new head for `labels`.

    Raises:
        MissingPackageError: when a weights package is not installed.
        UnknownNameError: when the source names nothing.
        BackboneError: when weights or preprocessing are damaged or incomplete.
    """
    if backbone.source.startswith("package:"):
        package = backbone.source.removeprefix("package:")
        if package in packages.TIMM:
            return _timm_package(package, backbone, labels)
    return _folder(folder_at(backbone.source), backbone, labels, max_tokens)


def resolve_stacks(
    backbone: Backbone, *, labels: tuple[str, ...], attention_width: int = ATTENTION_WIDTH
) -> Resolved:
    """Load pretrained weights in float32 as the encoder of slices, under new attention and a new head for `labels`.

    What is new of the attention is drawn at random. `weights` names those of the whole backbone, as it does for a
    classifier of single images.

    Raises:
        AcclimateError: as `resolve`.
    """
    found = resolve(backbone, labels=labels)
    assert isinstance(found.preprocessing, ImagePreprocessing)
    spec = {**found.spec, "attention_width": attention_width}
    model = _classifier(found.model.encoder, spec, labels)
    return Resolved(
        model=model.eval(),
        preprocessing=StackPreprocessing(slices=found.preprocessing),
        weights=found.weights,
        spec=spec,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedEmbedder:
    """A sentence encoder on pretrained weights, with the tokenizer that belongs to them."""

    model: Embedder
    preprocessing: TextPreprocessing
    weights: str
    spec: Mapping[str, Any]


def resolve_embedder(backbone: Backbone, *, max_tokens: int | None = None) -> ResolvedEmbedder:
    """Load pretrained weights in float32 as a sentence encoder; `weights` names them as it does for a classifier.

    Raises:
        AcclimateError: as `resolve`.
    """
    found = resolve(backbone, labels=("",), max_tokens=max_tokens)
    assert isinstance(found.preprocessing, TextPreprocessing)
    return ResolvedEmbedder(
        model=Embedder(found.model.encoder, width=found.model.width, pooling=found.model.pooling).eval(),
        preprocessing=found.preprocessing,
        weights=found.weights,
        spec={**found.spec, "unit_norm": True, "embeds": True},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedSegmenter:
    """A segmenter whose encoder has pretrained weights, with the preprocessing that belongs to them."""

    model: Segmenter
    preprocessing: PixelPreprocessing
    weights: str
    spec: Mapping[str, Any]


def resolve_segmenter(
    backbone: Backbone, *, labels: tuple[str, ...], decoder: str, longest: int, tile: int = 0
) -> ResolvedSegmenter:
    """Load pretrained weights in float32 under a new decoder for `labels`; images are read up to `longest` pixels.

    `tile` is the side of the tiles in which larger images are computed, 0 for none. `weights` names those of the
    whole backbone, as it does for a classifier.

    Raises:
        AcclimateError: as `resolve`; BackboneError when the backbone has no stages to decode, too.
    """
    found = resolve(backbone, labels=labels)
    assert isinstance(found.preprocessing, ImagePreprocessing)
    return ResolvedSegmenter(
        model=Segmenter(found.model.encoder, labels=labels, decoder=decoder).eval(),
        preprocessing=PixelPreprocessing.of(found.preprocessing, longest, tile=tile),
        weights=found.weights,
        spec={**found.spec, "decoder": decoder, "longest": longest},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedTagger:
    """A tagger whose encoder has pretrained weights, with the preprocessing that belongs to them."""

    model: Tagger
    preprocessing: TagPreprocessing
    weights: str
    spec: Mapping[str, Any]

    def with_units(self, units: Units) -> "ResolvedTagger":
        """Return it with tags for words, or for pieces of them."""
        own = self.preprocessing
        found = TagPreprocessing(own.tokenizer, max_tokens=own.max_tokens, units=units)
        return replace(self, preprocessing=found, spec={**self.spec, "units": units})


def resolve_tagger(
    backbone: Backbone, *, labels: tuple[str, ...], max_tokens: int | None = None, units: Units = "words"
) -> ResolvedTagger:
    """Load pretrained weights in float32 under a new head for the tags of `labels`, over windows of `max_tokens`.

    Raises:
        AcclimateError: as `resolve`; OptionError for windows of less than eight tokens besides the special ones.
    """
    found = resolve(backbone, labels=labels, max_tokens=max_tokens)
    assert isinstance(found.preprocessing, TextPreprocessing)
    own = found.preprocessing
    preprocessing = TagPreprocessing(own.tokenizer, max_tokens=own.max_tokens, units=units)
    preprocessing.check()
    encoder = found.model.encoder
    return ResolvedTagger(
        model=Tagger(encoder, width=feature_width(encoder, found.spec["pooling"]), labels=labels).eval(),
        preprocessing=preprocessing,
        weights=found.weights,
        spec={**found.spec, "units": units},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedAnswerer:
    """A model of answers whose encoder has pretrained weights, with the preprocessing that belongs to them."""

    model: Answerer
    preprocessing: AnswerPreprocessing
    weights: str
    spec: Mapping[str, Any]

    def with_overlap(self, overlap: int) -> "ResolvedAnswerer":
        """Return it with windows that share so many tokens at least."""
        own = self.preprocessing
        found = AnswerPreprocessing(own.tokenizer, max_tokens=own.max_tokens, overlap=overlap)
        return replace(self, preprocessing=found, spec={**self.spec, "overlap": overlap})


def resolve_answerer(
    backbone: Backbone, *, max_tokens: int | None = None, overlap: int | None = None
) -> ResolvedAnswerer:
    """Load pretrained weights in float32 under a new head for first and last tokens of answers.

    Windows share `overlap` tokens, a quarter of `max_tokens` by default.

    Raises:
        AcclimateError: as `resolve`; OptionError for windows of less than eight tokens besides the special ones.
    """
    found = resolve(backbone, labels=("",), max_tokens=max_tokens)
    assert isinstance(found.preprocessing, TextPreprocessing)
    own = found.preprocessing
    shared = own.max_tokens // 4 if overlap is None else overlap
    preprocessing = AnswerPreprocessing(own.tokenizer, max_tokens=own.max_tokens, overlap=shared)
    preprocessing.check()
    encoder = found.model.encoder
    return ResolvedAnswerer(
        model=Answerer(encoder, width=feature_width(encoder, found.spec["pooling"])).eval(),
        preprocessing=preprocessing,
        weights=found.weights,
        spec={**found.spec, "overlap": shared},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedDetector:
    """A detector whose encoder has pretrained weights and whose scorer is missing, with its preprocessing."""

    model: Detector
    preprocessing: PartPreprocessing
    weights: str
    spec: Mapping[str, Any]


def resolve_detector(
    backbone: Backbone, *, labels: tuple[str, ...], side: int | None = None, tile: int = 0
) -> ResolvedDetector:
    """Load pretrained weights in float32 as what patches of parts are compared by.

    `side` is the height and width to which images, or their tiles, are scaled, None for the backbone's own; `tile`
    that of the tiles in which larger images are read, 0 for none. `weights` names those of the whole backbone.

    Raises:
        AcclimateError: as `resolve`; BackboneError when the backbone has no stages, OptionError for too small a side.
    """
    found = resolve(backbone, labels=labels)
    assert isinstance(found.preprocessing, ImagePreprocessing)
    model = Detector(found.model.encoder, labels=labels)
    if side is not None and side < 2 * STRIDES[-1]:
        raise OptionError(
            f"image_size is the side to which parts are scaled, {2 * STRIDES[-1]} pixels or more, found {side}.",
            "Leave it out for the backbone's own.",
        )
    return ResolvedDetector(
        model=model.eval(),
        preprocessing=PartPreprocessing.of(found.preprocessing, side, tile),
        weights=found.weights,
        spec={**found.spec, "strides": list(STRIDES), "neighbourhood": NEIGHBOURHOOD},
    )


def rebuild(spec: Mapping[str, Any], folder: Path, labels: tuple[str, ...]) -> tuple[Model, AnyPreprocessing]:
    """Return the model that `spec` describes, with random weights, and its saved preprocessing.

    Raises:
        BundleError: when the description would open other files or code, or describes no model.
        MissingPackageError: when a decoder's package is not installed.
    """
    from transformers import AutoConfig, AutoModel

    if WRITES in spec:
        return rebuild_writer(spec, folder)
    check_spec(spec)
    try:
        config = AutoConfig.for_model(**spec["config"])
        encoder = AutoModel.from_config(config, dtype=torch.float32, trust_remote_code=False, **spec["arguments"])
    except (ValueError, TypeError, KeyError, AttributeError, RuntimeError) as error:
        reason = f"{type(error).__name__}: {error}".split("\n")[0].rstrip(".")
        raise BundleError(
            f"The manifest's spec describes no model: {reason}.", "Install the library versions in manifest.json."
        ) from error
    if "decoder" in spec:
        segmenter = Segmenter(encoder, labels=labels, decoder=check_decoder(spec["decoder"]))
        return segmenter.eval(), load_preprocessing(spec, folder)
    if "units" in spec:
        tagger = Tagger(encoder, width=feature_width(encoder, spec["pooling"]), labels=labels)
        return tagger.eval(), load_preprocessing(spec, folder)
    if "overlap" in spec:
        answerer = Answerer(encoder, width=feature_width(encoder, spec["pooling"]))
        return answerer.eval(), load_preprocessing(spec, folder)
    if spec.get("embeds"):
        embedder = Embedder(encoder, width=feature_width(encoder, spec["pooling"]), pooling=spec["pooling"])
        return embedder.eval(), load_preprocessing(spec, folder)
    if "strides" in spec:
        reading: Any = {"strides": tuple(spec["strides"]), "neighbourhood": spec["neighbourhood"]}
        return Detector(encoder, labels=labels, **reading).eval(), load_preprocessing(spec, folder)
    return _classifier(encoder, spec, labels).eval(), load_preprocessing(spec, folder)


def _classifier(encoder: nn.Module, spec: Mapping[str, Any], labels: tuple[str, ...]) -> Classifier:
    """Return the classifier of single images or texts, or of stacks, that `spec` describes."""
    width = feature_width(encoder, spec["pooling"])
    if "attention_width" in spec:
        return StackClassifier(
            encoder,
            width=width,
            labels=labels,
            pooling=spec["pooling"],
            unit_norm=spec["unit_norm"],
            attention_width=spec["attention_width"],
        )
    return _of_rows(encoder, labels, spec["pooling"], spec["unit_norm"])


def _of_rows(encoder: nn.Module, labels: tuple[str, ...], pooling: str, unit_norm: bool) -> Classifier:
    """Return the classifier of single images or texts: on a convolutional network one that may compare with parts."""
    kind = PartClassifier if has_stages(encoder) else Classifier
    width = feature_width(encoder, pooling)
    return kind(encoder, width=width, labels=labels, pooling=pooling, unit_norm=unit_norm)


def save_preprocessing(preprocessing: AnyPreprocessing, folder: Path) -> None:
    """Write the preprocessing into a folder as JSON and text files."""
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(preprocessing, TextPreprocessing):
        preprocessing.save(folder)
    else:
        (folder / "image.json").write_text(json.dumps(preprocessing.to_dict(), indent=2))


def load_preprocessing(spec: Mapping[str, Any], folder: Path) -> AnyPreprocessing:
    """Return the preprocessing that `save_preprocessing` wrote."""
    if WRITES in spec:
        return ChatPreprocessing.from_folder(folder, max_tokens=spec["max_tokens"])
    if "units" in spec:
        return load_tag_preprocessing(folder, max_tokens=spec["max_tokens"], units=spec["units"])
    if "overlap" in spec:
        return load_answer_preprocessing(folder, max_tokens=spec["max_tokens"], overlap=spec["overlap"])
    if spec["modality"] == "text":
        return TextPreprocessing.from_folder(folder, max_tokens=spec["max_tokens"])
    values = json.loads((folder / "image.json").read_text())
    if "attention_width" in spec:
        return StackPreprocessing.from_dict(values)
    if "strides" in spec:
        return PartPreprocessing.from_dict(values)
    kind = PixelPreprocessing if "decoder" in spec else ImagePreprocessing
    return kind.from_dict(values)


def _timm_package(package: str, backbone: Backbone, labels: tuple[str, ...]) -> Resolved:
    from transformers import AutoModel, TimmWrapperConfig

    architecture, read = packages.TIMM[package]
    configuration, state = read()
    config = TimmWrapperConfig(architecture=architecture)
    encoder = AutoModel.from_config(config, dtype=torch.float32)
    own = encoder.timm_model.state_dict()
    encoder.timm_model.load_state_dict({name: state[name] for name in own})
    pooling = backbone.pooling or _image_pooling(encoder)
    return _resolved(encoder, "image", pooling, False, labels, ImagePreprocessing.of_timm(configuration))


def _folder(folder: Path, backbone: Backbone, labels: tuple[str, ...], max_tokens: int | None) -> Resolved:
    from transformers import AutoModel

    config = configuration(folder)
    encoder = pretrained(AutoModel, folder, config=config, **_arguments(config))
    pooling, unit_norm = _pooling(folder, encoder, backbone)
    if backbone.modality == "text":
        preprocessing: Preprocessing = tokens_of(folder, config, max_tokens)
    else:
        preprocessing = _image_preprocessing(folder, config, input_channels(encoder))
    return _resolved(encoder, backbone.modality, pooling, unit_norm, labels, preprocessing, _arguments(config))


def _resolved(
    encoder: nn.Module,
    modality: str,
    pooling: str,
    unit_norm: bool,
    labels: tuple[str, ...],
    preprocessing: Preprocessing,
    arguments: Mapping[str, Any] | None = None,
) -> Resolved:
    if modality == "image":
        encoder = encoder.to(memory_format=torch.channels_last)
    model = _of_rows(encoder, labels, pooling, unit_norm)
    spec = {
        "modality": modality,
        "config": plain_configuration(cast(Any, encoder).config),
        "arguments": dict(arguments or {}),
        "pooling": pooling,
        "unit_norm": unit_norm,
        "max_tokens": getattr(preprocessing, "max_tokens", None),
    }
    weights = weights_hash(encoder.state_dict())
    return Resolved(model=model.eval(), preprocessing=preprocessing, weights=weights, spec=spec)


def _arguments(config: Any) -> dict[str, Any]:
    """Leave out a pooling layer that pretraining may not have trained and that nothing here reads."""
    from transformers import AutoModel

    architecture = AutoModel._model_mapping[type(config)]
    if isinstance(architecture, tuple):
        architecture = architecture[0]
    accepts = "add_pooling_layer" in inspect.signature(architecture.__init__).parameters
    return {"add_pooling_layer": False} if accepts else {}


def _pooling(folder: Path, encoder: Any, backbone: Backbone) -> tuple[str, bool]:
    unit_norm = False
    pooling: str = backbone.pooling
    modules = folder / "modules.json"
    if modules.is_file():  # a sentence encoder says how it was trained to pool
        unit_norm = any(module["type"].endswith("Normalize") for module in json.loads(modules.read_text()))
    saved = folder / "1_Pooling" / "config.json"
    if saved.is_file() and not pooling:
        values = json.loads(saved.read_text())
        pooling = next((name for name in ("cls", "mean") if values.get(f"pooling_mode_{name}_tokens")), "")
        pooling = pooling or ("cls" if values.get("pooling_mode_cls_token") else "")
        pooling = pooling or ("last" if values.get("pooling_mode_lasttoken") else "")
    if pooling:
        return pooling, unit_norm
    if backbone.modality == "image":
        return _image_pooling(encoder), unit_norm
    # Decoders summarise a text in its last token; every other token has not read to the end.
    return ("last" if is_decoder(encoder.config) else "mean"), unit_norm


def _image_pooling(encoder: Any) -> str:
    if has_stages(encoder):
        return STAGES
    convolutional = hasattr(encoder.config, "hidden_sizes") and not hasattr(encoder.config, "num_attention_heads")
    if encoder.config.model_type == "timm_wrapper" or convolutional:
        return "own"  # ConvNeXt normalises what it has pooled
    return "cls" if any(name.endswith("cls_token") for name, _ in encoder.named_parameters()) else "mean"


def _image_preprocessing(folder: Path, config: Any, channels: int) -> ImagePreprocessing:
    """Return what a folder says of its images; one of timm may have a file for the range of their values."""
    file = folder / "preprocessor_config.json"
    processor = json.loads(file.read_text()) if file.is_file() else {}
    timm_configuration = getattr(config, "pretrained_cfg", None)
    if timm_configuration:
        found = ImagePreprocessing.of_timm(timm_configuration, channels)
        return replace(found, values=range_of(processor)) if "value_range" in processor else found
    if not processor:
        raise BackboneError(
            f"{folder} has no preprocessor_config.json.",
            "An image backbone must say the size and statistics it was trained with.",
        )
    return ImagePreprocessing.of_processor(processor, channels)
