"""Saved runs: a folder that is either whole or not there."""

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path
from typing import Any
from uuid import uuid4

from safetensors.torch import save_file
from torch import Tensor

from acclimate.contracts import OutputError

FORMAT = 1
MANIFEST = "manifest.json"
WEIGHTS = "weights.safetensors"


def check_output(folder: Path) -> None:
    """Raise OutputError when `folder` exists or its parent cannot be written. Called before any compute."""
    if folder.exists():
        raise OutputError(
            f"The output folder {folder} exists.", "Choose another --output, or remove it yourself first."
        )
    parent = next(path for path in folder.absolute().parents if path.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise OutputError(f"{parent} cannot be written to.", "Choose an --output in a folder of yours.")


@contextmanager
def writing(folder: Path) -> Iterator[Path]:
    """Give a new folder beside `folder` to write into, and rename it into place when the block succeeds.

    On any error or interrupt it is removed, and nothing is left under either name.

    Raises:
        OutputError: when the disk is full, or `folder` has appeared meanwhile.
    """
    folder.absolute().parent.mkdir(parents=True, exist_ok=True)
    partial = folder.absolute().parent / f".{folder.name}.{uuid4().hex[:8]}.partial"
    partial.mkdir()
    try:
        yield partial
        check_output(folder)
        partial.rename(folder)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OutputError(
                f"The disk is full: {folder} could not be written.",
                "Nothing was left behind; free some space.",
            ) from error
        raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write(
    folder: Path,
    *,
    manifest: Mapping[str, Any],
    tensors: Mapping[str, Tensor],
    documents: Mapping[str, Any],
    extra: Callable[[Path], None],
    prove: Callable[[Path], None],
) -> None:
    """Write a run and prove it: `prove` is given the written folder and raises when it does not reproduce.

    `documents` are JSON files by name, `extra` writes preprocessing files into the folder it is given.
    The manifest lists the sha256 of every other file.
    """
    with writing(folder) as partial:
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, partial / WEIGHTS)
        for name, document in documents.items():
            (partial / name).write_text(json.dumps(document, indent=2, ensure_ascii=False))
        extra(partial)
        files = {path.relative_to(partial).as_posix(): digest(path) for path in _files(partial)}
        whole = {"format": FORMAT, **manifest, "files": files}
        (partial / MANIFEST).write_text(json.dumps(whole, indent=2, ensure_ascii=False))
        prove(partial)


def digest(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
