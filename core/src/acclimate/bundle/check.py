"""What a folder must be before a saved run is read from it: plain files, those that are listed, none with code."""

import os
import pickletools
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from acclimate.contracts import BundleError

# JSON opens with one of these, and no opcode of a pickle is one of them.
_JSON = (b"{", b"[", b'"')
_TEXT = (".txt", ".jinja", ".html", ".md")
_KINDS = (".json", ".jsonl", ".safetensors", ".model", *_TEXT)  # .model: a sentencepiece vocabulary, which is data
_HEAD = 1 << 16
_WINDOWS = re.compile(r"[\\:\x00-\x1f]")


def check_names(folder: Path, names: Iterable[str]) -> None:
    """Pass when each name leads to a place inside a run, written as this release writes it: "folder/file".

    Raises:
        BundleError: for an absolute path, a "..", a drive or a backslash.
    """
    for name in names:
        parts = name.split("/")
        if _WINDOWS.search(name) or any(part in ("", ".", "..") for part in parts):
            raise BundleError(
                f"{folder} lists the file {name!r}, which is no path inside it.",
                "It was not written by acclimate; do not use it.",
            )


def check_listing(folder: Path, names: Iterable[str]) -> None:
    """Pass when a folder holds the named files and no others, all of them plain; links are not followed.

    Raises:
        BundleError: for a missing or an unlisted file, a link, a device, or a kind of file that no run holds.
    """
    listed, found = set(names), set(_plain_files(folder))
    for name in sorted(listed - found):
        raise BundleError(f"{folder / name} is missing.", "Restore the run from a copy.")
    for name in sorted(found - listed):
        raise BundleError(
            f"{folder / name} does not belong to the run: its manifest does not list it.",
            "Move it elsewhere; a run holds what was written with it and nothing else.",
        )
    for name in sorted(listed):
        if Path(name).suffix not in _KINDS:
            raise BundleError(
                f"{folder / name} is of a kind that no run holds ({', '.join(_KINDS)}).",
                "Files of other kinds may run code when they are opened; do not use this run.",
            )


def check_plain(path: Path) -> None:
    """Pass when a path is a file itself, not a link to one.

    Raises:
        BundleError: otherwise.
    """
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        raise BundleError(
            f"{path} is a link, and a saved run holds only files of its own.",
            "Copy the run with what it links to (cp -rL).",
        )
    if not stat.S_ISREG(mode):
        raise BundleError(f"{path} is neither a file nor a folder.", "Do not use this run.")


def check_content(path: Path) -> None:
    """Pass when a file's content is what its name says, and no pickle; nothing is unpickled to find out.

    Raises:
        BundleError: otherwise.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    if not _fits(path, head) or _is_pickle(path):
        raise BundleError(
            f"{path} does not hold what its name says, or holds a pickle.",
            "Pickles can run code when they are opened; do not use this run.",
        )


def _plain_files(folder: Path) -> Iterator[str]:
    def refuse(error: OSError) -> None:
        raise BundleError(f"{error.filename} cannot be read: {error.strerror}.", "Restore the run from a copy.")

    for root, folders, files in os.walk(folder, onerror=refuse):
        for name in folders:
            if (Path(root) / name).is_symlink():
                check_plain(Path(root) / name)
        for name in files:
            check_plain(Path(root) / name)
            yield (Path(root) / name).relative_to(folder).as_posix()


def _fits(path: Path, head: bytes) -> bool:
    if path.suffix in (".json", ".jsonl"):
        return head.lstrip().startswith(_JSON)
    if path.suffix == ".safetensors":  # eight bytes with the length of the JSON that follows
        return head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= path.stat().st_size - 8
    if path.suffix in _TEXT:
        return b"\x00" not in head and not head.startswith(b"\x80")
    return not head.startswith((b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ"))


def _is_pickle(path: Path) -> bool:
    """Whether a file reads as the opcodes of a pickle up to its end; they are read and never run."""
    if path.suffix in (".json", ".jsonl", ".safetensors"):
        return False  # neither opens as a pickle does
    with path.open("rb") as stream:
        try:
            count = sum(1 for _ in pickletools.genops(stream))
        except (ValueError, UnicodeDecodeError, EOFError, OverflowError, MemoryError):
            return False
        return count > 1 and not stream.read(1)
