"""Parquet files, folders written by `datasets`, and data sets of the Hugging Face hub."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import datasets
import pyarrow
import pyarrow.parquet

from acclimate.contracts import DataError
from acclimate.data.read.files import existing, filled, some_rows

_BATCH_ROWS = 1000


def parquet_rows(source: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a Parquet file, a thousand in memory at a time.

    Class numbers become class names where the file records them (the `datasets` library does).

    Raises:
        DataError: no such file, an empty or damaged file, or no rows.
    """
    path = filled(source)
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            names = _class_names(datasets.Features.from_arrow_schema(file.schema_arrow))
            batches = file.iter_batches(batch_size=_BATCH_ROWS)
            rows = (row for batch in batches for row in batch.to_pylist())
            yield from some_rows(_named(rows, names), source)
    except pyarrow.ArrowException as error:
        raise DataError(f"{path.name} is not a readable Parquet file: {error}.", "Write it again.") from error


def dataset_folder_rows(source: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a folder written by `Dataset.save_to_disk`; "folder#split" names a split.

    Without a name the split "train" is read.

    Raises:
        DataError: no such folder, a folder of another kind, a split that it does not have, or no rows.
    """
    folder, split = _parts(source)
    path = existing(folder)
    try:
        saved = datasets.load_from_disk(str(path))
    except (OSError, ValueError, KeyError, pyarrow.ArrowException) as error:
        raise DataError(
            f"{folder!r} is not a folder written by datasets.save_to_disk: {error}.",
            "For images give one folder per class.",
        ) from error
    if isinstance(saved, datasets.DatasetDict):
        saved = _split_of(saved, split or "train", folder)
    elif split:
        raise DataError(f"{folder!r} holds one data set without splits.", f"Leave out '#{split}'.")
    yield from some_rows(_features_applied(saved), source)


def hub_rows(source: str) -> Iterator[dict[str, Any]]:
    """Stream a data set of the hub: "hub:owner/name" or "hub:owner/name#split"; "train" is the default split.

    Data sets that need their own code to be loaded are refused. Values of CSV files stay as written.

    Raises:
        DataError: it cannot be reached or found, has no such split, or has no rows.
    """
    name, _, split = source.removeprefix("hub:").partition("#")
    try:
        builder = datasets.load_dataset_builder(name)
        if hasattr(builder.config, "keep_default_na"):
            # pandas would turn a label called "None" or "NA" into a missing value.
            builder.config.keep_default_na = False
        splits = builder.as_streaming_dataset()
        rows = _split_of(splits, split or "train", f"hub:{name}")
        yield from some_rows(_features_applied(rows), source)
    except DataError:
        raise
    except (OSError, ValueError, RuntimeError, pyarrow.ArrowException) as error:
        raise DataError(
            f"The data set {name!r} cannot be read from the hub: {error}.",
            "Check the name and the network, or download its files and give their path.",
        ) from error


def _parts(source: str) -> tuple[str, str]:
    if Path(source).exists():
        return source, ""
    folder, _, split = source.partition("#")
    return folder, split


def _split_of(splits: Any, split: str, name: str) -> Any:
    if split in splits:
        return splits[split]
    raise DataError(
        f"{name!r} has no split {split!r}; it has {', '.join(splits)}.",
        f"Name one: {name}#{next(iter(splits), 'train')}",
    )


def _features_applied(rows: Any) -> Iterator[dict[str, Any]]:
    features = rows.features or {}
    for column, feature in features.items():
        if isinstance(feature, datasets.Image):
            # The bytes as they are, so that nothing is decoded and encoded again.
            rows = rows.cast_column(column, datasets.Image(decode=False))
    return _named(rows, _class_names(features))


def _class_names(features: Any) -> dict[str, list[str]]:
    """Return the names of the classes of each column that holds class numbers, or lists of them."""
    inner = {
        column: feature.feature if isinstance(feature, datasets.List) else feature
        for column, feature in features.items()
    }
    return {
        column: feature.names
        for column, feature in inner.items()
        if isinstance(feature, datasets.ClassLabel) and feature.names
    }


def _named(rows: Iterable[dict[str, Any]], names: dict[str, list[str]]) -> Iterator[dict[str, Any]]:
    """Yield rows with class numbers replaced by names; -1 means "no label" in `datasets`."""
    for row in rows:
        named = {column: _name(row[column], known) for column, known in names.items()}
        yield {**row, **named}


def _name(number: Any, names: list[str]) -> Any:
    if isinstance(number, list):
        return [_name(each, names) for each in number]
    return None if number is None or number < 0 else names[number]
