"""The order in which the modules of an encoder run, seen by running it once on a small input."""

from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn

_SIDE = 64  # pixels of the image where an encoder reads images of any size


def calls(encoder: nn.Module) -> list[str]:
    """Return the name of each module that runs, in the order in which the calls begin, for one small input."""
    found: list[str] = []
    with ExitStack() as stack:
        for name, module in encoder.named_modules():
            # The name is bound now; `append` returns None, which leaves the module's inputs as they are.
            handle = module.register_forward_pre_hook(lambda _module, _args, name=name: found.append(name))
            stack.callback(handle.remove)
        run_once(encoder)
    return found


def run_once(encoder: nn.Module) -> Any:
    """Return the encoder's outputs for one small input, in evaluation mode and without gradients."""
    modes = {module: module.training for module in encoder.modules()}
    try:
        encoder.eval()
        with torch.no_grad():
            return encoder(**probe_inputs(encoder))
    finally:
        for module, mode in modes.items():
            module.training = mode


def probe_inputs(encoder: nn.Module) -> dict[str, Tensor]:
    """Return one short text, one black image or one black volume as the encoder's input."""
    weight = next(parameter for parameter in encoder.parameters() if parameter.is_floating_point())
    if getattr(encoder, "main_input_name", "input_ids") == "input_ids":
        return {"input_ids": torch.arange(1, 5, device=weight.device)[None]}
    if (shape := getattr(encoder, "input_shape", None)) is not None:  # of volumes
        return {"pixel_values": torch.zeros(1, *shape, device=weight.device, dtype=weight.dtype)}
    height, width = _image_size(encoder)
    return {"pixel_values": torch.zeros(1, 3, height, width, device=weight.device, dtype=weight.dtype)}


def _image_size(encoder: nn.Module) -> tuple[int, int]:
    inner: Any = getattr(encoder, "timm_model", None)
    if inner is not None:
        size = (
            getattr(getattr(inner, "patch_embed", None), "img_size", None) or inner.pretrained_cfg["input_size"][1:]
        )
    else:
        size = getattr(getattr(encoder, "config", None), "image_size", None) or _SIDE
    height, width = (size, size) if isinstance(size, int) else size
    return int(height), int(width)
