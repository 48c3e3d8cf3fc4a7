"""A saved run is whole and unchanged, or it is refused; a run that fails leaves nothing behind."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from acclimate.bundle import check_output, read_document, read_manifest, read_tensors, write
from acclimate.contracts import AcclimateError, BundleError, OutputError

TENSORS = {"head.weight": torch.arange(6.0).reshape(2, 3), "count": torch.tensor(7), "view": torch.rand(4, 4).T}
MANIFEST = {"acclimate": "0.1", "labels": ["größer", "b"], "spec": {"pooling": "mean", "unit_norm": True}}


def extra(folder: Path) -> None:
    (folder / "preprocessing").mkdir()
    (folder / "preprocessing" / "tokenizer.json").write_text('{"a": 1}')
    (folder / "preprocessing" / "vocab.txt").write_text("a\nb\n")


def save(folder: Path, **values: Any) -> None:
    given: dict[str, Any] = {
        "manifest": MANIFEST,
        "tensors": TENSORS,
        "documents": {"report.json": {"accuracy": 0.9, "note": "größer"}},
        "extra": extra,
        "prove": lambda written: None,
        **values,
    }
    write(folder, **given)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    save(tmp_path / "run")
    return tmp_path / "run"


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


NAMES = ["manifest.json", "preprocessing/tokenizer.json", "preprocessing/vocab.txt", "report.json"]
NAMES.append("weights.safetensors")


def test_what_was_written_is_read_back(run: Path) -> None:
    manifest = read_manifest(run)
    assert {name: manifest[name] for name in MANIFEST} == MANIFEST
    tensors = read_tensors(run / "weights.safetensors")
    assert set(tensors) == set(TENSORS)
    for name, tensor in TENSORS.items():
        assert torch.equal(tensors[name], tensor)
        assert tensors[name].dtype == tensor.dtype
    assert read_document(run, "report.json") == {"accuracy": 0.9, "note": "größer"}


def test_a_run_is_safetensors_json_and_text_only(run: Path) -> None:
    assert files(run) == NAMES
    assert {Path(name).suffix for name in files(run)} <= {".safetensors", ".json", ".txt"}


def test_a_run_can_be_moved(run: Path, tmp_path: Path) -> None:
    before = read_manifest(run)
    run.rename(tmp_path / "elsewhere")
    assert read_manifest(tmp_path / "elsewhere") == before


@pytest.mark.parametrize("name", NAMES)
def test_one_changed_byte_anywhere_is_refused_with_the_file_named(run: Path, name: str) -> None:
    content = (run / name).read_bytes()
    for place in range(0, len(content), max(1, len(content) // 60)):
        changed = bytearray(content)
        changed[place] ^= 1
        (run / name).write_bytes(changed)
        with pytest.raises(BundleError) as caught:
            read_manifest(run)
        # A manifest whose format number was hit looks like one of another release; it is named by its folder.
        assert str(run / name) in str(caught.value) or (name == "manifest.json" and "format" in str(caught.value))
    (run / name).write_bytes(content)
    read_manifest(run)


@pytest.mark.parametrize("change", [b" ", b"\n", b""], ids=["space added", "line added", "end cut"])
@pytest.mark.parametrize("name", NAMES)
def test_a_longer_or_shorter_file_is_refused(run: Path, name: str, change: bytes) -> None:
    content = (run / name).read_bytes()
    (run / name).write_bytes(content + change if change else content[:-1])
    with pytest.raises(BundleError, match=name):
        read_manifest(run)


def test_a_label_renamed_by_hand_is_refused(run: Path) -> None:
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    manifest["labels"] = ["b", "größer"]
    (run / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False), encoding="utf-8")
    with pytest.raises(BundleError, match=r"manifest\.json was changed after it was written"):
        read_manifest(run)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "manifest.json"])
def test_a_missing_file_is_named(run: Path, name: str) -> None:
    (run / name).unlink()
    with pytest.raises(BundleError, match=rf"{name} is missing"):
        read_manifest(run)


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(BundleError, match=r"is no saved run: it has no manifest\.json.*--output"):
            read_manifest(folder)


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", '{"format": 99, "acclimate": "9.1"}', "{}"])
def test_another_manifest_is_refused(run: Path, text: str) -> None:
    (run / "manifest.json").write_text(text)
    with pytest.raises(BundleError, match=r"is not JSON|has format"):
        read_manifest(run)


FORMATS = [
    (3, "4.0", r"format 3, this release reads 2\. A later release .*pip install 'acclimate>=4\.0'"),
    (1, "0.0.9", r"format 1, this release reads 2\. An earlier release .*pip install 'acclimate==0\.0\.9'"),
    (3, "4.0'; rm -r x", r"pip install 'acclimate>=VERSION'"),
    (2.0, "0.1.0", r"format 2\.0, this release reads 2\. Restore"),
    (True, "0.1.0", r"format True, this release reads 2\. Restore"),
]


@pytest.mark.parametrize(("number", "release", "message"), FORMATS)
def test_another_format_says_which_release_to_install(run: Path, number: object, release: str, message: str) -> None:
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    (run / "manifest.json").write_text(json.dumps({**manifest, "format": number, "acclimate": release}))
    with pytest.raises(BundleError, match=message):
        read_manifest(run)


def test_damaged_weights_are_refused(run: Path) -> None:
    (run / "weights.safetensors").write_bytes(b"\xff" * 64)
    with pytest.raises(BundleError, match=r"weights\.safetensors is damaged"):
        read_tensors(run / "weights.safetensors")


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch], ids=["folder", "file"])
def test_an_existing_output_is_refused_and_untouched(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "run")
    with pytest.raises(OutputError, match=r"run exists\. Choose another --output"):
        check_output(tmp_path / "run")
    with pytest.raises(OutputError, match=r"run exists"):
        save(tmp_path / "run")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_an_earlier_run_survives_a_second_write(run: Path) -> None:
    before = {name: (run / name).read_bytes() for name in files(run)}
    with pytest.raises(OutputError, match="exists"):
        save(run, tensors={"other": torch.zeros(3)})
    assert {name: (run / name).read_bytes() for name in files(run)} == before
    assert [path.name for path in run.parent.iterdir()] == ["run"]


def test_a_parent_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file cannot be written to"):
        check_output(tmp_path / "file" / "run")


def test_parents_are_made(tmp_path: Path) -> None:
    check_output(tmp_path / "a" / "b" / "run")
    save(tmp_path / "a" / "b" / "run")
    read_manifest(tmp_path / "a" / "b" / "run")


def raising(error: BaseException) -> Callable[[Path], None]:
    def fail(folder: Path) -> None:
        assert folder.is_dir()
        raise error

    return fail


@pytest.mark.parametrize("stage", ["extra", "prove"])
@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), OutputError),
        (OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)), OutputError),
        (PermissionError(errno.EACCES, "no"), PermissionError),
        (KeyboardInterrupt(), KeyboardInterrupt),
        (SystemExit(3), SystemExit),
        (BundleError("does not reproduce"), BundleError),
        (RuntimeError("shape"), RuntimeError),
    ],
    ids=lambda value: getattr(value, "__name__", None) or type(value).__name__,
)
def test_a_write_that_fails_leaves_nothing(
    tmp_path: Path, stage: str, error: BaseException, expected: type[BaseException]
) -> None:
    with pytest.raises(expected) as caught:
        save(tmp_path / "run", **{stage: raising(error)})
    assert list(tmp_path.iterdir()) == []
    if expected is OutputError:
        assert "disk is full" in str(caught.value)
        assert str(tmp_path / "run") in str(caught.value)
    else:
        assert caught.value is error


FULL = """
import resource, sys, torch
from pathlib import Path
from acclimate.bundle import write
from acclimate.contracts import OutputError
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
tensors = {"w": torch.zeros(int(sys.argv[2]))}
extra = lambda folder: (folder / "big.txt").write_text("x" * int(sys.argv[3]))
try:
    write(Path(sys.argv[1]), manifest={}, tensors=tensors, documents={}, extra=extra, prove=lambda f: None)
except OutputError as error:
    sys.exit(f"OutputError {error}")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits on file sizes are a POSIX thing")
@pytest.mark.parametrize(
    ("weights", "text"),
    [
        pytest.param(100_000, 1, id="weights"),
        pytest.param(10, 100_000, id="preprocessing", marks=pytest.mark.slow),
    ],
)
def test_a_file_that_the_system_refuses_to_grow_is_an_output_error(tmp_path: Path, weights: int, text: int) -> None:
    command = [sys.executable, "-c", FULL, str(tmp_path / "run"), str(weights), str(text)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith("OutputError The disk is full"), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_proof_sees_the_whole_run_before_it_has_its_name(tmp_path: Path) -> None:
    seen: list[Any] = []

    def prove(written: Path) -> None:
        seen.append((written, files(written), read_manifest(written)["labels"], (tmp_path / "run").exists()))

    save(tmp_path / "run", prove=prove)
    [(folder, names, labels, exists)] = seen
    assert folder != tmp_path / "run"
    assert names == NAMES
    assert labels == MANIFEST["labels"]
    assert not exists
    assert not folder.exists()


def test_an_output_that_appears_during_the_run_is_not_overwritten(tmp_path: Path) -> None:
    def prove(written: Path) -> None:
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "mine.txt").write_text("mine")

    with pytest.raises(AcclimateError, match="exists"):
        save(tmp_path / "run", prove=prove)
    assert files(tmp_path) == ["run/mine.txt"]
