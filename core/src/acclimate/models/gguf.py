"""GGUF files, whose weights are packed in few bits, unpacked into folders in the hub's layout."""

from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import nn

from acclimate.contracts import BackboneError, MissingPackageError


def unpack(file: Path, folder: Path) -> None:
    """Write the causal language model of a GGUF file to `folder`: config, tokenizer and float32 safetensors.

    The folder appears when it is complete, also where two processes write it at once.

    Raises:
        MissingPackageError: without the package `gguf`.
        BackboneError: when transformers does not give plain layers in float32.
    """
    if find_spec("gguf") is None:
        raise MissingPackageError(f"Reading {file.name} needs the package 'gguf'.", "Install it: pip install gguf.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent) as name:
        made = Path(name) / folder.name
        model, tokenizer = _read(file)
        check_plain(model, file)
        model.save_pretrained(made)
        tokenizer.save_pretrained(made)
        try:
            made.rename(folder)
        except OSError:
            if not folder.is_dir():  # another process was faster
                raise


def check_plain(model: nn.Module, file: Path) -> None:
    """Check that every linear layer is torch's own and every weight is in float32: packed ones cannot be trained.

    Raises:
        BackboneError: which one is not.
    """
    for name, module in model.named_modules():
        if hasattr(module, "in_features") and type(module) is not nn.Linear:
            raise _packed(file, name, type(module).__name__)
    for name, tensor in model.state_dict().items():
        if tensor.dtype != torch.float32:
            raise _packed(file, name, str(tensor.dtype))


def _read(file: Path) -> tuple[Any, Any]:
    import transformers

    arguments: dict[str, Any] = {"gguf_file": file.name, "local_files_only": True, "trust_remote_code": False}
    tokenizer = transformers.AutoTokenizer.from_pretrained(file.parent, **arguments)
    # transformers without this class always unpacks; with it, weights stay packed unless it is asked.
    if hasattr(transformers, "GgufConfig"):
        arguments["quantization_config"] = transformers.GgufConfig(dequantize=True)
    model, loading = transformers.AutoModelForCausalLM.from_pretrained(
        file.parent, dtype=torch.float32, output_loading_info=True, **arguments
    )
    if loading["missing_keys"]:
        raise BackboneError(
            f"{file} lacks {len(loading['missing_keys'])} tensors of {type(model).__name__}: "
            f"{', '.join(sorted(loading['missing_keys'])[:3])}.",
            "Use a complete file.",
        )
    return model, tokenizer


def _packed(file: Path, name: str, found: str) -> BackboneError:
    return BackboneError(
        f"{name!r} of {file.name} was read as {found}; plain linear layers in float32 were expected.",
        "Install a release of transformers that this version of Acclimate was tested with.",
    )
