"""Saved runs: a folder that is either whole or not there."""

import errno
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from acclimate import __version__
from acclimate.contracts import OutputError

FORMAT = 2
MANIFEST = "manifest.json"
SEAL = "sha256"
WEIGHTS = "weights.safetensors"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


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
        with full_disk_named(folder, "Nothing was left behind; free some space."):
            yield partial
            check_output(folder)
            partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def writing_file(file: Path) -> Iterator[Path]:
    """Give a new file beside `file` to write, and rename it into place when the block succeeds; see `writing`.

    Raises:
        OutputError: when the disk is full, or `file` has appeared meanwhile.
    """
    file.absolute().parent.mkdir(parents=True, exist_ok=True)
    partial = file.absolute().parent / f".{file.name}.{uuid4().hex[:8]}.partial"
    try:
        with full_disk_named(file, "Nothing was left behind; free some space."):
            yield partial
            check_output(file)
            partial.rename(file)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def full_disk_named(output: Path, hint: str) -> Iterator[None]:
    """Say that the disk is full, where it is, instead of giving the system's error.

    Raises:
        OutputError: then.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise OutputError(
                f"The disk is full: {output} could not be written ({os.strerror(error.errno)}).", hint
            ) from error
        raise


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

    `documents` are files by name, text or what is written as JSON; `extra` writes preprocessing files into the
    folder it is given.
    The manifest lists the sha256 of every other file, and its own.
    """
    with writing(folder) as partial:
        save_tensors(tensors, partial / WEIGHTS)
        for name, document in documents.items():
            text = document if isinstance(document, str) else _json(document)
            (partial / name).write_text(text, encoding="utf-8")
        extra(partial)
        files = {path.relative_to(partial).as_posix(): digest(path) for path in _files(partial)}
        whole = {"format": FORMAT, "acclimate": __version__, **manifest, "files": files}
        (partial / MANIFEST).write_text(sealed(whole), encoding="utf-8")
        prove(partial)


def sealed(manifest: Mapping[str, Any]) -> str:
    """Return the text of a manifest, with the sha256 of all that it says as its last entry."""
    return _json({**manifest, SEAL: seal_of(manifest)})


def seal_of(manifest: Mapping[str, Any]) -> str:
    """Return the sha256 of all that a manifest says, which names the saved run: the last entry of its file."""
    return sha256(_json({name: value for name, value in manifest.items() if name != SEAL}).encode()).hexdigest()


def digest(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def save_tensors(tensors: Mapping[str, Tensor], file: Path) -> None:
    """Write tensors as safetensors.

    Raises:
        OSError: when the system refuses to, as for any other file.
    """
    try:
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, file)
    except SafetensorError as error:  # the system's error is only in its text: "... (os error 28)"
        number = re.search(r"os error (\d+)", str(error))
        raise OSError(int(number[1]) if number else errno.EIO, str(error)) from error


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
