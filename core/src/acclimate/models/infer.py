"""Forward passes without gradients: logits, and features that are computed once and kept on disk."""

import os
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from acclimate.models.classifier import Classifier, Inputs
from acclimate.models.embedder import Embedder

Progress = Callable[[int], object]
Encode = Callable[[Inputs], Tensor]


class Examples(Protocol):
    """Rows that can be turned into model inputs."""

    @property
    def ids(self) -> Sequence[str]:
        """The id of each row."""
        ...

    @property
    def fingerprints(self) -> Sequence[str]:
        """The sha256 of each row's content."""
        ...

    def __len__(self) -> int: ...

    @property
    def lengths(self) -> NDArray[np.int64] | None:
        """Tokens of each row, or None where all rows have one size."""
        ...

    def batch(self, rows: Sequence[int], augment: np.random.Generator | None = None) -> dict[str, Tensor]:
        """Return the model inputs of some rows."""
        ...


def batches(examples: Examples, rows: Sequence[int], size: int) -> Iterator[list[int]]:
    """Yield rows in batches, long texts first and together, so that little is padded."""
    ordered = list(rows)
    if examples.lengths is not None:
        lengths = examples.lengths
        ordered.sort(key=lambda row: -int(lengths[row]))
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def logits(
    model: Classifier,
    examples: Examples,
    *,
    precision: str,
    batch_size: int | None = None,
    progress: Progress | None = None,
) -> Iterator[tuple[list[str], NDArray[np.float64]]]:
    """Yield ids and logits [batch, classes] of every row, in no particular order.

    Without `batch_size` as many rows are computed at once as the model says.
    """
    model.eval()
    for rows in batches(examples, range(len(examples)), batch_size or model.rows_at_once):
        outputs = _forward(model, examples, rows, precision, model)
        yield [examples.ids[row] for row in rows], outputs.double().numpy()
        if progress:
            progress(len(rows))


def features(
    model: Classifier | Embedder,
    examples: Examples,
    *,
    cache: Path,
    key: Sequence[str],
    precision: str,
    batch_size: int = 32,
    progress: Progress | None = None,
    encode: Encode | None = None,
) -> NDArray[np.float32]:
    """Return the pooled features [rows, width], computing only rows that `cache` does not hold.

    `key` names weights, preprocessing, layer and pooling exactly; `precision` becomes part of it. Rows are
    found by their fingerprints, so a row that moved to another file or split is found too. `encode` gives the
    features of model inputs where that is not the model's own `features`.
    """
    folder = cache / "features" / sha256("\n".join([*key, precision]).encode()).hexdigest()
    result = np.empty((len(examples), model.width), dtype=np.float32)
    missing = _read(folder, examples.fingerprints, result)
    if missing:
        first = list({examples.fingerprints[row]: row for row in reversed(missing)}.values())
        _compute(model, examples, first, result, precision, batch_size, progress, encode or model.features)
        _write(folder, [examples.fingerprints[row] for row in first], result[first])
        place = {examples.fingerprints[row]: row for row in first}
        for row in missing:
            result[row] = result[place[examples.fingerprints[row]]]
    return result


def current_features(
    model: Classifier | Embedder, examples: Examples, *, precision: str, batch_size: int = 32
) -> NDArray[np.float32]:
    """Return the pooled features [rows, width] of a model as it is now, computing every row and keeping none."""
    result = np.empty((len(examples), model.width), dtype=np.float32)
    _compute(model, examples, range(len(examples)), result, precision, batch_size, None, model.features)
    return result


def _compute(
    model: Classifier | Embedder,
    examples: Examples,
    wanted: Sequence[int],
    result: NDArray[np.float32],
    precision: str,
    batch_size: int,
    progress: Progress | None,
    encode: Encode,
) -> None:
    """Fill the wanted rows of `result`."""
    model.eval()
    for rows in batches(examples, wanted, batch_size):
        result[rows] = _forward(model, examples, rows, precision, encode).numpy()
        if progress:
            progress(len(rows))


def _forward(
    model: Classifier | Embedder,
    examples: Examples,
    rows: Sequence[int],
    precision: str,
    function: Callable[..., Tensor],
) -> Tensor:
    return computed(model, examples.batch(rows), precision, function)


def computed(
    model: Classifier | Embedder, inputs: Inputs, precision: str, function: Callable[..., Tensor] | None = None
) -> Tensor:
    """Return what a model, or a `function` of it that takes inputs as one, makes of inputs, in float32 on the CPU."""
    device = next(model.parameters()).device
    inputs = {name: value.to(device) for name, value in inputs.items()}
    bfloat16 = precision == "bfloat16"
    with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
        outputs: Tensor = model(**inputs) if function in (None, model) else function(inputs)
    return outputs.float().cpu()


def _read(folder: Path, fingerprints: Sequence[str], result: NDArray[np.float32]) -> list[int]:
    """Fill `result` from the shards in `folder`; return the rows that none of them holds."""
    wanted: dict[bytes, list[int]] = {}
    for row, fingerprint in enumerate(fingerprints):
        wanted.setdefault(bytes.fromhex(fingerprint), []).append(row)
    for index in sorted(folder.glob("*.rows.npy")):
        values = np.load(index.with_name(index.name.replace(".rows.", ".values.")), mmap_mode="r")
        for position, name in enumerate(np.load(index, allow_pickle=False)):
            for row in wanted.pop(name.tobytes(), ()):
                result[row] = values[position]
    return sorted(row for rows in wanted.values() for row in rows)


def _write(folder: Path, fingerprints: Sequence[str], values: NDArray[np.float32]) -> None:
    """Add a shard; its list of rows is renamed into place last, so a broken write is never read."""
    folder.mkdir(parents=True, exist_ok=True)
    name = uuid4().hex
    np.save(folder / f"{name}.values.npy", values, allow_pickle=False)
    rows = np.frombuffer(b"".join(map(bytes.fromhex, fingerprints)), dtype=np.uint8).reshape(-1, 32)
    partial = folder / f"{name}.partial.npy"
    np.save(partial, rows, allow_pickle=False)
    os.replace(partial, folder / f"{name}.rows.npy")  # noqa: PTH105 - atomic on every platform
