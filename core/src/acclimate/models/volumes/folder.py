"""A three-dimensional network in a folder: config.json, preprocessor_config.json and model.safetensors.

config.json has `model_type` "monai", the name of the network as `architecture` and, where they differ from the usual
ones, its `arguments`. preprocessor_config.json has `size` (depth, height and width in voxels), `image_mean` and
`image_std` (one for each channel) or `standardise`, and `value_range`, what black and white become, (0, 1) otherwise.
What the network was trained with besides may stand there too: `spacing` in millimetres and `window`, as the loader of
volumes takes them.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from acclimate.contracts import BackboneError, did_you_mean
from acclimate.models.image import ImagePreprocessing
from acclimate.models.loading import PICKLES
from acclimate.models.shades import of_channels, range_of
from acclimate.models.volumes.encoder import MODEL_TYPE, VolumeConfig, VolumeEncoder
from acclimate.models.volumes.networks import LEAST, NETWORKS
from acclimate.models.volumes.preprocessing import VolumePreprocessing

_CONFIG, _PROCESSOR, _WEIGHTS = "config.json", "preprocessor_config.json", "model.safetensors"
_READING = ("spacing", "window")
_PREFIXES = ("module.", "network.")
_CONVERT = (
    "Convert them where you trust whoever wrote them: safetensors.torch.save_file(torch.load(FILE, "
    "weights_only=True)['state_dict'], 'model.safetensors')."
)


def is_volume_folder(folder: Path) -> bool:
    """Return whether a folder says that it holds a three-dimensional network."""
    return _json(folder / _CONFIG).get("model_type") == MODEL_TYPE


def stated_reading(folder: Path) -> dict[str, str]:
    """Return the options that volumes are to be read with, as far as the folder says them."""
    told = _json(folder / _PROCESSOR)
    return {name: str(told[name]) for name in _READING if told.get(name)}


def read_config(folder: Path) -> VolumeConfig:
    """Return what the network of a folder is built from.

    Raises:
        BackboneError: for a network or an argument that there is not; where its channels are not known.
    """
    told = _json(folder / _CONFIG)
    config = VolumeConfig(
        architecture=str(told.get("architecture")),
        channels=_channels(folder),
        arguments=dict(told.get("arguments") or {}),
    )
    if problem := unfit(config.to_dict()):
        raise BackboneError(f"{folder / _CONFIG}: {problem[0]}", problem[1])
    return config


def unfit(values: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return what is wrong with plain values of a configuration, and what to do; None where nothing is."""
    name, arguments = values.get("architecture"), values.get("arguments")
    if name not in NETWORKS:
        return f"there is no network {name!r}.", did_you_mean(str(name), NETWORKS)
    known = NETWORKS[str(name)].arguments
    for argument, value in (arguments if isinstance(arguments, Mapping) else {"": None}).items():
        if argument not in known:
            return f"{name} has no argument {argument!r}.", did_you_mean(str(argument), known)
        if not _alike(value, known[argument]):
            return f"{argument} of {name} is like {known[argument]!r}, found {value!r}.", "Correct it."
    if values.get("channels") not in (1, 3):
        return f"channels are 1 or 3, found {values.get('channels')!r}.", "Correct it."
    return None


def _alike(value: Any, usual: Any) -> bool:
    """Return whether a value has the type of the usual one; numbers are above 0."""
    if isinstance(usual, list):
        return isinstance(value, list) and len(value) == len(usual) and all(_alike(v, usual[0]) for v in value)
    if isinstance(usual, bool) or isinstance(value, bool) or isinstance(usual, str):
        return type(value) is type(usual)
    return isinstance(value, (int, float) if isinstance(usual, float) else int) and value > 0


def read_preprocessing(folder: Path, config: VolumeConfig, *, placed: bool) -> VolumePreprocessing:
    """Return how a folder's network reads volumes.

    Raises:
        BackboneError: when the folder does not say it, or it cannot be.
    """
    told = _json(folder / _PROCESSOR)
    size, standardised = told.get("size"), bool(told.get("standardise"))
    sides: list[Any] = []
    if isinstance(size, Mapping):
        sides = [size.get(name) for name in ("depth", "height", "width")]
    if (not standardised and ("image_mean" not in told or "image_std" not in told)) or len(sides) != 3:
        raise BackboneError(
            f"{folder / _PROCESSOR} does not say size (depth, height, width), and image_mean with image_std or "
            "standardise.",
            "Write down what the network was trained with.",
        )
    check_size(config.architecture, sides)
    depth, height, width = sides
    slices = ImagePreprocessing(
        size=(height, width),
        mean=of_channels([0.0] if standardised else told["image_mean"], config.channels, "image_mean"),
        std=of_channels([1.0] if standardised else told["image_std"], config.channels, "image_std"),
        interpolation="bilinear",
        values=range_of(told),
    )
    return VolumePreprocessing(slices=slices, depth=depth, placed=placed, standardised=standardised)


def check_size(architecture: str, sides: list[Any]) -> None:
    """Raise BackboneError where a network cannot read so many voxels: depth, height and width."""
    network = NETWORKS[architecture]
    whole = all(isinstance(side, int) and side >= LEAST for side in sides) and max(sides) >= 2 * LEAST
    if not whole or (network.multiple and any(side % LEAST for side in sides)):
        multiples = f"multiples of {LEAST}, " if network.multiple else ""
        raise BackboneError(
            f"{architecture} reads volumes whose sides are {multiples}{LEAST} voxels or more, and the longest "
            f"{2 * LEAST} or more, found {' x '.join(map(str, sides))}.",
            "Such as 64 x 64 x 64.",
        )


def load_weights(folder: Path, encoder: VolumeEncoder) -> None:
    """Give an encoder the weights of a folder, complete; what the folder has besides (a head) is left.

    Names may stand behind "module.", as DataParallel writes them.

    Raises:
        BackboneError: when there are none in safetensors, or they do not fit.
    """
    stored = _tensors(folder)
    own = encoder.network.state_dict()
    missing = sorted(name for name in own if name not in stored)
    if missing:
        raise BackboneError(
            f"{len(missing)} of {len(own)} tensors of {encoder.config.architecture} are not in {folder / _WEIGHTS}: "
            f"{', '.join(missing[:3])}.",
            "The weights are incomplete, or belong to another architecture or other arguments in config.json.",
        )
    for name, tensor in own.items():
        if stored[name].shape != tensor.shape:
            raise BackboneError(
                f"Tensor {name!r} is {tuple(stored[name].shape)} in {folder}, its config.json asks for "
                f"{tuple(tensor.shape)}.",
                "The weights belong to another configuration.",
            )
    encoder.network.load_state_dict({name: stored[name].to(tensor.dtype) for name, tensor in own.items()})


def _tensors(folder: Path) -> dict[str, Tensor]:
    file = folder / _WEIGHTS
    if not file.is_file():
        pickles = sorted(each.name for each in folder.iterdir() if each.suffix in PICKLES)
        found = f", and {', '.join(pickles[:3])} are pickles, which may run code when opened" if pickles else ""
        raise BackboneError(f"{folder} has no {_WEIGHTS}{found}.", _CONVERT if pickles else "Put the weights there.")
    try:
        stored = load_file(file)
    except (OSError, SafetensorError) as error:
        raise BackboneError(f"{file} cannot be read: {error}.", "Copy it again from where it came.") from error
    return {_plain(name): tensor for name, tensor in stored.items()}


def _plain(name: str) -> str:
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    return name


def _channels(folder: Path) -> int:
    told = _json(folder / _PROCESSOR)
    mean = told.get("image_mean")
    return len(mean) if isinstance(mean, list) else 1


def _json(file: Path) -> dict[str, Any]:
    """Return the map in a JSON file; an empty one where there is none, of which what is missing is told."""
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
