"""From a backbone offer to models that do something else than label: search, outline, mark, answer, judge, inspect.

`weights` of each names those of the whole backbone, as it does for a classifier.
"""

from dataclasses import replace

from acclimate.contracts import Backbone, OptionError
from acclimate.models.anomaly.detector import Detector
from acclimate.models.anomaly.parts import PartPreprocessing
from acclimate.models.anomaly.patches import NEIGHBOURHOOD, STRIDES
from acclimate.models.answerer import Answerer, AnswerPreprocessing
from acclimate.models.classifier import feature_width
from acclimate.models.embedder import Embedder
from acclimate.models.entailer import Entailer, EntailPreprocessing
from acclimate.models.image import ImagePreprocessing
from acclimate.models.pixels import PixelPreprocessing
from acclimate.models.resolve import resolve
from acclimate.models.resolved import Resolved
from acclimate.models.segmenter import Segmenter
from acclimate.models.tagger import Tagger, TagPreprocessing, Units
from acclimate.models.text import TextPreprocessing

ResolvedEmbedder = Resolved[Embedder, TextPreprocessing]
ResolvedSegmenter = Resolved[Segmenter, PixelPreprocessing]
ResolvedTagger = Resolved[Tagger, TagPreprocessing]
ResolvedAnswerer = Resolved[Answerer, AnswerPreprocessing]
ResolvedEntailer = Resolved[Entailer, EntailPreprocessing]
ResolvedDetector = Resolved[Detector, PartPreprocessing]


def resolve_embedder(backbone: Backbone, *, max_tokens: int | None = None) -> ResolvedEmbedder:
    """Load pretrained weights in float32 as a sentence encoder; `weights` names them as it does for a classifier.

    Raises:
        AcclimateError: as `resolve`.
    """
    found = resolve(backbone, labels=("",), max_tokens=max_tokens)
    assert isinstance(found.preprocessing, TextPreprocessing)
    return Resolved(
        model=Embedder(found.model.encoder, width=found.model.width, pooling=found.model.pooling).eval(),
        preprocessing=found.preprocessing,
        weights=found.weights,
        spec={**found.spec, "unit_norm": True, "embeds": True},
    )


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
    return Resolved(
        model=Segmenter(found.model.encoder, labels=labels, decoder=decoder).eval(),
        preprocessing=PixelPreprocessing.of(found.preprocessing, longest, tile=tile),
        weights=found.weights,
        spec={**found.spec, "decoder": decoder, "longest": longest},
    )


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
    return Resolved(
        model=Tagger(encoder, width=feature_width(encoder, found.spec["pooling"]), labels=labels).eval(),
        preprocessing=preprocessing,
        weights=found.weights,
        spec={**found.spec, "units": units},
    )


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
    return Resolved(
        model=Answerer(encoder, width=feature_width(encoder, found.spec["pooling"])).eval(),
        preprocessing=preprocessing,
        weights=found.weights,
        spec={**found.spec, "overlap": shared},
    )


def resolve_entailer(
    backbone: Backbone, *, labels: tuple[str, ...], max_tokens: int | None = None
) -> ResolvedEntailer:
    """Load pretrained weights in float32 under a new head for passages and hypotheses, over windows of `max_tokens`.

    Raises:
        AcclimateError: as `resolve`; OptionError for windows of less than eight tokens besides the special ones.
    """
    found = resolve(backbone, labels=("",), max_tokens=max_tokens)
    assert isinstance(found.preprocessing, TextPreprocessing)
    own = found.preprocessing
    preprocessing = EntailPreprocessing(own.tokenizer, max_tokens=own.max_tokens)
    preprocessing.check()
    encoder = found.model.encoder
    return Resolved(
        model=Entailer(encoder, width=feature_width(encoder, found.spec["pooling"]), labels=labels).eval(),
        preprocessing=preprocessing,
        weights=found.weights,
        spec={**found.spec, "asserts": True},
    )


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
    return Resolved(
        model=model.eval(),
        preprocessing=PartPreprocessing.of(found.preprocessing, side, tile),
        weights=found.weights,
        spec={**found.spec, "strides": list(STRIDES), "neighbourhood": NEIGHBOURHOOD},
    )


def with_units(found: ResolvedTagger, units: Units) -> ResolvedTagger:
    """Return a tagger with tags for words, or for pieces of them."""
    own = found.preprocessing
    preprocessing = TagPreprocessing(own.tokenizer, max_tokens=own.max_tokens, units=units)
    return replace(found, preprocessing=preprocessing, spec={**found.spec, "units": units})


def with_overlap(found: ResolvedAnswerer, overlap: int) -> ResolvedAnswerer:
    """Return a model of answers with windows that share so many tokens at least."""
    own = found.preprocessing
    preprocessing = AnswerPreprocessing(own.tokenizer, max_tokens=own.max_tokens, overlap=overlap)
    return replace(found, preprocessing=preprocessing, spec={**found.spec, "overlap": overlap})
