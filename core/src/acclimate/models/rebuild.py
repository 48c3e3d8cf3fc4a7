"""From a saved run back to its model and its preprocessing."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from acclimate.contracts import BundleError
from acclimate.models.anomaly.detector import Detector
from acclimate.models.anomaly.parts import PartPreprocessing
from acclimate.models.answerer import Answerer, load_answer_preprocessing
from acclimate.models.causal.chat import ChatPreprocessing
from acclimate.models.causal.resolve import WRITES, rebuild_writer
from acclimate.models.classifier import Classifier, feature_width
from acclimate.models.embedder import Embedder
from acclimate.models.entailer import Entailer, load_entail_preprocessing
from acclimate.models.image import ImagePreprocessing
from acclimate.models.pixels import PixelPreprocessing
from acclimate.models.resolve import Preprocessing, classifier
from acclimate.models.segmenter import Segmenter, check_decoder
from acclimate.models.spec import check_spec
from acclimate.models.stacks import StackPreprocessing
from acclimate.models.tagger import Tagger, load_tag_preprocessing
from acclimate.models.text import TextPreprocessing
from acclimate.models.tokens import LanguageModel
from acclimate.models.volumes import VolumePreprocessing, rebuild_volumes

AnyPreprocessing = Preprocessing | PixelPreprocessing | PartPreprocessing
Model = Classifier | Segmenter | LanguageModel | Tagger | Answerer | Entailer | Embedder | Detector


def rebuild(spec: Mapping[str, Any], folder: Path, labels: tuple[str, ...]) -> tuple[Model, AnyPreprocessing]:
    """Return the model that `spec` describes, with random weights, and its saved preprocessing.

    Raises:
        BundleError: when the description would open other files or code, or describes no model.
        MissingPackageError: when the package of a decoder or of a network for volumes is not installed.
    """
    from transformers import AutoConfig, AutoModel

    if WRITES in spec:
        return rebuild_writer(spec, folder)
    if spec["modality"] == "volume":
        return rebuild_volumes(spec, labels), load_preprocessing(spec, folder)
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
    if spec.get("asserts"):
        entailer = Entailer(encoder, width=feature_width(encoder, spec["pooling"]), labels=labels)
        return entailer.eval(), load_preprocessing(spec, folder)
    if spec.get("embeds"):
        embedder = Embedder(encoder, width=feature_width(encoder, spec["pooling"]), pooling=spec["pooling"])
        return embedder.eval(), load_preprocessing(spec, folder)
    if "strides" in spec:
        reading: Any = {"strides": tuple(spec["strides"]), "neighbourhood": spec["neighbourhood"]}
        return Detector(encoder, labels=labels, **reading).eval(), load_preprocessing(spec, folder)
    return classifier(encoder, spec, labels).eval(), load_preprocessing(spec, folder)


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
    if spec.get("asserts"):
        return load_entail_preprocessing(folder, max_tokens=spec["max_tokens"])
    if spec["modality"] == "text":
        return TextPreprocessing.from_folder(folder, max_tokens=spec["max_tokens"])
    values = json.loads((folder / "image.json").read_text())
    if spec["modality"] == "volume":
        return VolumePreprocessing.from_dict(values)
    if "attention_width" in spec:
        return StackPreprocessing.from_dict(values)
    if "strides" in spec:
        return PartPreprocessing.from_dict(values)
    kind = PixelPreprocessing if "decoder" in spec else ImagePreprocessing
    return kind.from_dict(values)
