"""Predictions for sources of any size: rows are read, prepared and predicted in chunks, in order."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import Tensor

from acclimate import data, models
from acclimate.api import inputs
from acclimate.api.flows import flow_of_run
from acclimate.api.manifest import read_with
from acclimate.api.predictor import Predictor, load_classifier
from acclimate.api.request import find_preset, split_options
from acclimate.api.stacks import stack_opener
from acclimate.contracts import STACKS, Columns, DataError, Prediction
from acclimate.plugins import Host, default_host

# What is in memory at once: texts of so many rows and characters, or the prepared pixels of so many images.
_ROWS = {"text": 512, "image": 64, STACKS: 4}
_CHARACTERS = 2_000_000
NO_LABEL = "out of scope"


def predict_rows(
    folder: str | Path, source: str | Path, *, host: Host | None = None, **options: Any
) -> Iterator[dict[str, Any]]:
    """Return `{id, label, probabilities}` of every row of `source`, labelled or not, one after the other.

    Where rows may carry several labels it is `{id, labels, probabilities}`, of masks `{id, shares}`, of spans
    `{id, spans}`, each with start, end, label, text and probability, of parts that are inspected
    `{id, score, threshold, rejected, regions}`. A run with an operating point adds `flagged`, one that knows what
    wrong calls cost the `cheapest` label, one that leaves rows to a person `answered`, one with sets of labels
    `label_set`. One that tells rows out of scope adds `out_of_scope` and, whatever that says, the `likeliest` of its
    labels; the `label` of a row out of scope is that of such rows in the data, or "out of scope". One that reads
    stacks adds `slice_weights`, the share of each slice by its name.
    Where the loader tells more of its rows (`Loader.told`), such as path, page and offsets of a clause, that stands
    beside the id. A row that cannot be read or opened is `{id, error}`, and does not stop the others. Only a chunk
    of rows is ever in memory.

    Args:
        folder: a saved run.
        source: rows, read as in `adapt`.
        host: the plugins to use; those installed when left out.
        options: column names (`text`, `image`, `id`), and `reading`, options of the loader.

    Raises:
        AcclimateError: for a run or a source that cannot be used.
    """
    folder = Path(folder)
    return flow_of_run(folder, options).predict_rows(host or default_host(), folder, str(source), options)


def label_rows(host: Host, folder: Path, source: str, options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Return what a run that sorts rows into labels says of every row."""
    columns, settings = split_options(dict(options))
    return chain.from_iterable(chunks(host, load_classifier(folder, host), source, columns, settings.reading))


def chunks(
    host: Host, predictor: Predictor, source: str, columns: Columns, reading: Mapping[str, Any], *, skip: int = 0
) -> Iterator[list[dict[str, Any]]]:
    """Return the rows of `predict_rows` in the chunks in which they are predicted, without the first `skip` rows.

    Where `skip` is the sum of some first chunks, the others are what they would have been with them.
    """
    preset, owner, _ = find_preset(host, predictor.manifest["preset"])
    loader = inputs.loader_of(host, owner, preset, source)
    read = inputs.reader_of(host, loader, reading, read_with(predictor.manifest))
    rows = data.stream(source, read=read, columns=columns, modality=preset.modality, told=tuple(loader.told))
    return _chunks(predictor, islice(rows, skip, None), _ROWS.get(preset.task) or _ROWS[preset.modality])


def _chunks(predictor: Predictor, rows: Iterator[data.Row], size: int) -> Iterator[list[dict[str, Any]]]:
    while taken := take(rows, size):
        known: list[Prediction | str] = [row.error for row in taken]
        whole = [place for place, row in enumerate(taken) if not row.error]
        for place, found in zip(whole, _predict(predictor, [taken[place].content for place in whole]), strict=True):
            known[place] = found
        yield [_as_dict(row, found, predictor) for row, found in zip(taken, known, strict=True)]


def take(rows: Iterator[data.Row], size: int) -> list[data.Row]:
    """Return the next rows, at most `size` of them, and fewer where their texts are long."""
    taken: list[data.Row] = []
    characters = 0
    for row in rows:
        taken.append(row)
        characters += len(row.content) if isinstance(row.content, str) else 0
        if len(taken) == size or characters > _CHARACTERS:
            break
    return taken


def _predict(predictor: Predictor, items: Sequence[Any]) -> Sequence[Prediction | str]:
    """Return the prediction of each item, or the reason why an image cannot be opened."""
    if isinstance(predictor.preprocessing, models.TextPreprocessing):
        return predictor.predict(items)
    pixels: list[Tensor] = []
    names: list[Sequence[str]] = []
    found: list[Prediction | str] = []
    prepared = _preparing(predictor)
    for item in items:
        with TemporaryDirectory(prefix="acclimate-") as folder:
            try:
                path = data.image_path(item, folder=Path(), cache=Path(folder))
                pixels.append(prepared(path))
                names.append(data.slice_names(path) if predictor.reads_stacks else ())
                found.append("")
            except DataError as error:
                found.append(error.message)
    if pixels:
        examples = models.PreparedStacks(pixels, names) if predictor.reads_stacks else _Pixels(pixels)
        predictions = iter(predictor.predictions_of(examples))
        found = [each or next(predictions) for each in found]
    return found


def _preparing(predictor: Predictor) -> Callable[[str], Tensor]:
    """Return what opens an image, or a stack of them, and gives its pixels as the model takes them."""
    preprocessing = predictor.preprocessing
    if isinstance(preprocessing, models.StackPreprocessing):
        stacks, open_stack = preprocessing, stack_opener(predictor.prepare)
        return lambda path: stacks(open_stack(path))
    if isinstance(preprocessing, models.VolumePreprocessing):
        volumes, open_slices = preprocessing, stack_opener(predictor.prepare)
        return lambda path: volumes(open_slices(path))
    assert isinstance(preprocessing, models.ImagePreprocessing)
    images, open_image = preprocessing, inputs.opener(predictor.prepare)
    return lambda path: images(open_image(path))


class _Pixels:
    """Images or volumes that are prepared already, [channels, height, width] or [channels, depth, height, width]."""

    lengths = None

    def __init__(self, pixels: Sequence[Tensor]) -> None:
        self.pixels = pixels
        self.ids = self.fingerprints = [str(number) for number in range(len(pixels))]

    def __len__(self) -> int:
        return len(self.pixels)

    def batch(self, rows: Sequence[int], augment: np.random.Generator | None = None) -> dict[str, Tensor]:
        """Return `pixel_values` of some rows."""
        del augment
        values = torch.stack([self.pixels[row] for row in rows])
        return {"pixel_values": values.contiguous(memory_format=torch.channels_last) if values.ndim == 4 else values}


def _as_dict(row: data.Row, found: Prediction | str, predictor: Predictor) -> dict[str, Any]:
    where = {"id": row.id, **row.told}
    if isinstance(found, str):
        return {**where, "error": found}
    several = predictor.thresholds is not None
    told: dict[str, Any] = {"labels": list(found.labels)} if several else {"label": found.label}
    if found.out_of_scope is not None:
        told = {"label": (predictor.decisions.outside or NO_LABEL) if found.out_of_scope else found.label}
        told["likeliest"] = found.label
    decided = {name: getattr(found, name) for name in predictor.decisions.told}
    sets = {} if found.label_set is None else {"label_set": list(found.label_set)}
    weighed = {} if found.slice_weights is None else {"slice_weights": dict(found.slice_weights)}
    return {**where, **told, "probabilities": dict(found.probabilities), **decided, **sets, **weighed}
