"""A run on disk is whole or not there, and one changed byte is noticed."""

import errno
import json
import shutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from acclimate.api import Run, adapt, load
from acclimate.contracts import BundleError, OutputError
from safetensors import SafetensorError

WRITING = import_module("acclimate.bundle.write")  # the attribute of that name is the function
TEXT = "general/text-classification"
FULL = "No space left on device"
FAILURES: list[tuple[str, BaseException, type[BaseException], str]] = [
    (
        "disk full",
        OSError(errno.ENOSPC, FULL),
        OutputError,
        r"The disk is full: .*run could not be written.*free some",
    ),
    # What the Rust code of safetensors 0.8 raises when it meets the same error of the operating system.
    (
        "disk full in safetensors",
        SafetensorError(f"Error while serializing: I/O error: {FULL} (os error 28)"),
        OutputError,
        r"run could not be written",
    ),
    ("interrupt", KeyboardInterrupt(), KeyboardInterrupt, "^$"),
]


@pytest.mark.parametrize(
    ("failure", "kind", "message"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES]
)
def test_a_write_that_fails_leaves_nothing_behind(
    texts: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failure: BaseException,
    kind: type[BaseException],
    message: str,
) -> None:
    def half(_tensors: Any, path: Path) -> None:
        Path(path).write_bytes(b"half of the weights")
        raise failure

    monkeypatch.setattr(WRITING, "save_file", half)
    with pytest.raises(kind, match=message):
        adapt(TEXT, texts, method="frozen", max_rows=40, precision="float32", output=tmp_path / "run", shown=False)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_does_not_reproduce_its_model_is_not_written(
    texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors.torch import save_file

    def rounded(tensors: dict[str, Any], path: Path) -> None:
        save_file({name: (tensor * 8).round() / 8 for name, tensor in tensors.items()}, path)

    monkeypatch.setattr(WRITING, "save_file", rounded)
    with pytest.raises(BundleError, match=r"does not reproduce the trained model: logits differ by \d"):
        adapt(TEXT, texts, method="frozen", max_rows=40, precision="float32", output=tmp_path / "run", shown=False)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def copied(finished: Callable[[str, str], Run], tmp_path: Path) -> Callable[[str], Path]:
    """Copy a finished run."""
    return lambda modality: shutil.copytree(finished(modality, "frozen").output, tmp_path / "run")


FILES = [
    ("text", "weights.safetensors"),
    ("text", "results.safetensors"),
    ("image", "results.safetensors"),
    ("text", "report.json"),
    ("text", "rows.json"),
    ("text", "preprocessing/tokenizer.json"),
    ("text", "preprocessing/tokenizer_config.json"),
    ("image", "weights.safetensors"),
    ("image", "preprocessing/image.json"),
]


@pytest.mark.parametrize(("modality", "name"), FILES)
def test_a_changed_byte_is_named_by_its_file(copied: Callable[[str], Path], modality: str, name: str) -> None:
    folder = copied(modality)
    file = folder / name
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(BundleError) as caught:
        load(folder)
    assert caught.value.message == f"{file} was changed after it was written."


def test_each_file_of_a_run_is_in_the_table_above(copied: Callable[[str], Path], tmp_path: Path) -> None:
    for modality in ("text", "image"):
        folder = copied(modality)
        found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        assert found - {name for each, name in FILES if each == modality} <= {
            "README.md",
            "manifest.json",
            "report.html",
            "report.json",
            "rows.json",
        }
        assert not {Path(name).suffix for name in found} - {".html", ".json", ".md", ".safetensors", ".txt"}
        shutil.rmtree(folder)


def test_a_missing_file_is_named(copied: Callable[[str], Path]) -> None:
    folder = copied("text")
    (folder / "rows.json").unlink()
    with pytest.raises(BundleError, match=r"run/rows\.json is missing"):
        load(folder)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"format": 99}'])
def test_a_damaged_manifest_is_refused(copied: Callable[[str], Path], content: str) -> None:
    folder = copied("text")
    (folder / "manifest.json").write_text(content)
    with pytest.raises(BundleError, match=r"manifest\.json|format"):
        load(folder)


@pytest.mark.parametrize("key", ["labels", "spec", "precision", "files"])
def test_a_manifest_that_lost_a_key_is_refused(copied: Callable[[str], Path], key: str, document: Any) -> None:
    folder = copied("text")
    manifest = document(folder, "manifest.json")
    del manifest[key]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match=r"manifest\.json"):
        load(folder)


@pytest.mark.parametrize("old", ['"garden"', "384", '"mean"'])
def test_a_changed_byte_of_the_manifest_is_refused(copied: Callable[[str], Path], old: str) -> None:
    folder = copied("text")
    text = (folder / "manifest.json").read_text()
    assert old in text
    changed = old.replace("garden", "gardem").replace("384", "385").replace("mean", "meam")
    (folder / "manifest.json").write_text(text.replace(old, changed, 1))
    with pytest.raises(BundleError, match=r"manifest\.json"):
        load(folder)


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"is no saved run: it has no manifest\.json"):
        load(tmp_path)
