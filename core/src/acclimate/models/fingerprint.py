"""Hashes that name weights and preprocessing exactly."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from torch import Tensor


def weights_hash(state: Mapping[str, Tensor]) -> str:
    """Return the sha256 of names, shapes, types and bytes of a state."""
    digest = sha256()
    for name, tensor in state.items():
        value = tensor.detach().cpu().contiguous()
        digest.update(f"{name} {tuple(value.shape)} {value.dtype}".encode())
        digest.update(value.flatten().view(value.dtype).numpy().tobytes())
    return digest.hexdigest()


def json_hash(value: Any) -> str:
    """Return the sha256 of a value's canonical JSON."""
    return sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
