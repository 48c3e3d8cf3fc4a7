"""Folders of tiny three-dimensional networks, as pretrained ones are kept."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from acclimate.testing import tiny

PROCESSOR = {
    "size": dict(zip(("depth", "height", "width"), tiny.VOXELS[1:], strict=True)),
    "image_mean": [0.5],
    "image_std": [0.25],
}


def save_network(architecture: str, folder: Path, **processor: Any) -> Path:
    """Write a tiny network of `tiny.VOLUME` with random weights into a folder, and return it.

    `processor` are further entries of its preprocessor_config.json, or others in place of the usual ones.

    Raises:
        MissingPackageError: without MONAI.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        encoder: Any = tiny.encoder(architecture)
    told = {**PROCESSOR, **processor}
    config = {name: value for name, value in encoder.config.to_dict().items() if name != "channels"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "preprocessor_config.json").write_text(json.dumps(told))
    save_file(
        {f"module.{name}": value for name, value in encoder.network.state_dict().items()},
        folder / "model.safetensors",
    )
    return folder
