"""Images that come as bytes instead of files: kept under the cache folder, named by their content."""

import hashlib
import io
from pathlib import Path, PurePath
from typing import Any

from PIL import Image, UnidentifiedImageError

from acclimate.contracts import DataError
from acclimate.data.read.image_folder import IMAGE_SUFFIXES


def image_path(value: Any, *, folder: Path, cache: Path) -> str:
    """Return the absolute path of an image given as a path, bytes, {"bytes", "path"} or a Pillow image.

    Relative paths are resolved against `folder`; bytes are written once to `cache/images/<sha256>.<type>`.

    Raises:
        DataError: the value is something else.
    """
    if isinstance(value, dict) and ("bytes" in value or "path" in value):
        data, value = value.get("bytes"), value.get("path")
        if data is not None:
            return _store(data, PurePath(value or "").suffix, cache)
    if isinstance(value, bytes):
        return _store(value, "", cache)
    if isinstance(value, Image.Image):
        buffer = io.BytesIO()
        value.save(buffer, format="PNG")
        return _store(buffer.getvalue(), ".png", cache)
    if isinstance(value, str | PurePath):
        return str((folder / value).absolute())
    raise DataError(f"An image is given as {type(value).__name__}.", "Give its path, its bytes, or a Pillow image.")


def _store(data: bytes, suffix: str, cache: Path) -> str:
    suffix = suffix.lower()
    if suffix not in IMAGE_SUFFIXES:
        suffix = _suffix(data)
    path = cache / "images" / f"{hashlib.sha256(data).hexdigest()}{suffix}"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(data)
        part.replace(path)
    return str(path.absolute())


def _suffix(data: bytes) -> str:
    try:
        with Image.open(io.BytesIO(data)) as image:
            return f".{(image.format or 'bin').lower()}"
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return ".bin"  # reported with all other unreadable images when they are decoded
