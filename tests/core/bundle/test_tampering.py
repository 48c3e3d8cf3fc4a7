"""What a stranger may have done to a run, with hashes and seal that fit: it is refused before it is read."""

import builtins
import gzip
import io
import json
import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from acclimate.bundle import read_manifest, write
from acclimate.bundle.write import MANIFEST, SEAL, digest, sealed
from acclimate.contracts import BundleError

Run = Path
PAYLOAD = {"weights": [1.0, 2.0], "name": "innocent"}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def extra(folder: Path) -> None:
        (folder / "preprocessing").mkdir()
        (folder / "preprocessing" / "tokenizer.json").write_text('{"a": 1}')
        (folder / "preprocessing" / "vocab.txt").write_text(".\nI\n(\nd\n[PAD]\n")

    write(
        tmp_path / "run",
        manifest={"labels": ["a", "b"]},
        tensors={"head.weight": torch.rand(2, 3)},
        documents={"report.json": {"accuracy": 0.9}},
        extra=extra,
        prove=lambda written: None,
    )
    return tmp_path / "run"


def seal(run: Run, change: Callable[[dict[str, Any]], object] = lambda manifest: None) -> None:
    """Write the manifest anew, as a stranger would, with a seal that fits."""
    manifest = json.loads((run / MANIFEST).read_text("utf-8"))
    manifest.pop(SEAL)
    change(manifest)
    (run / MANIFEST).write_text(sealed(manifest), "utf-8")


def add(run: Run, name: str, content: bytes) -> None:
    """Put a file into a run and list it with its hash."""
    (run / name).parent.mkdir(parents=True, exist_ok=True)
    (run / name).write_bytes(content)
    seal(run, lambda manifest: manifest["files"].update({name: digest(run / name)}))


def test_a_run_that_is_sealed_anew_is_read(run: Run) -> None:
    seal(run)
    assert read_manifest(run)["labels"] == ["a", "b"]
    for name in ("note.txt", "report.html", "card.md", "preprocessing/chat_template.jinja", "preprocessing/a.model"):
        add(run, name, b"{{ message }} plain text\n")
    assert "note.txt" in read_manifest(run)["files"]


def test_a_folder_that_is_itself_reached_by_a_link_is_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "latest").symlink_to(run)
    assert read_manifest(tmp_path / "latest") == read_manifest(run)


@pytest.mark.parametrize("name", ["new.json", "preprocessing/added_tokens.json", ".hidden", "a/b/c.txt", "x.py"])
def test_a_file_that_is_not_listed_is_refused(run: Run, name: str) -> None:
    (run / name).parent.mkdir(parents=True, exist_ok=True)
    (run / name).write_text("{}")
    with pytest.raises(BundleError) as caught:
        read_manifest(run)
    assert caught.value.message == f"{run / name} does not belong to the run: its manifest does not list it."


OUTSIDE = [
    "/etc/hostname",
    "../secret.json",
    "preprocessing/../../secret.json",
    "a//b",
    "./report.json",
    "",
    "..",
    "/",
]
OUTSIDE += ["..", "/", "C:/secret.json", "preprocessing\\vocab.txt", "a\x00b", "report.json/"]


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_path_that_leads_elsewhere_is_refused_unopened(run: Run, name: str, opened: list[str]) -> None:
    (run.parent / "secret.json").write_text("{}")
    secret = digest(run.parent / "secret.json")
    seal(run, lambda manifest: manifest["files"].update({name: secret}))
    opened.clear()
    with pytest.raises(BundleError, match="which is no path inside it"):
        read_manifest(run)
    assert set(opened) == {str(run / MANIFEST)}


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the files that were opened so far by Path.open and open."""
    names: list[str] = []
    real = io.open

    def recorded(file: Any, *arguments: Any, **options: Any) -> Any:
        names.append(str(file))
        return real(file, *arguments, **options)

    monkeypatch.setattr(io, "open", recorded)
    monkeypatch.setattr(builtins, "open", recorded)
    return names


@pytest.mark.parametrize("name", ["report.json", "weights.safetensors", "preprocessing/vocab.txt", MANIFEST])
@pytest.mark.parametrize("inside", [False, True], ids=["out of the run", "inside the run"])
def test_a_file_behind_a_link_is_refused_unopened(run: Run, name: str, inside: bool, opened: list[str]) -> None:
    target = (run / "kept.json") if inside else (run.parent / "elsewhere")
    (run / name).rename(target)
    if inside and name != MANIFEST:
        seal(run, lambda manifest: manifest["files"].update({"kept.json": digest(target)}))
    (run / name).symlink_to(target)
    opened.clear()
    with pytest.raises(BundleError, match=r"is a link, and a saved run holds only files of its own\. Copy .*cp -rL"):
        read_manifest(run)
    assert set(opened) <= {str(run / MANIFEST)} - ({str(run / MANIFEST)} if name == MANIFEST else set())


def test_a_folder_behind_a_link_is_refused_unopened(run: Run, opened: list[str]) -> None:
    (run / "preprocessing").rename(run.parent / "elsewhere")
    (run / "preprocessing").symlink_to(run.parent / "elsewhere")
    opened.clear()
    with pytest.raises(BundleError, match=r"run/preprocessing is a link"):
        read_manifest(run)
    assert opened == [str(run / MANIFEST)]


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes are files on POSIX only")
def test_a_pipe_is_refused_and_not_waited_for(run: Run) -> None:
    (run / "report.json").unlink()
    os.mkfifo(run / "report.json")
    with pytest.raises(BundleError, match=r"report\.json is neither a file nor a folder"):
        read_manifest(run)


def torch_file() -> bytes:
    buffer = io.BytesIO()
    torch.save({"weight": torch.zeros(2)}, buffer)
    return buffer.getvalue()


PICKLES = {f"protocol {number}": pickle.dumps(PAYLOAD, protocol=number) for number in range(6)}
CONTENTS = {**PICKLES, "torch": torch_file(), "gzip": gzip.compress(PICKLES["protocol 4"])}
KINDS = ["model.pkl", "model.pickle", "weights.bin", "model.pt", "model.pth", "model.ckpt", "model.joblib", "m.npy"]


@pytest.mark.parametrize("name", [*KINDS, "code.py", "library.so", "noname", "preprocessing/weights.bin"])
def test_a_kind_of_file_that_may_hold_code_is_refused_unopened(run: Run, name: str, opened: list[str]) -> None:
    add(run, name, PICKLES["protocol 4"])
    opened.clear()
    with pytest.raises(BundleError, match=rf"{name} is of a kind that no run holds .*may run code"):
        read_manifest(run)
    assert set(opened) == {str(run / MANIFEST)}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize("name", ["report.json", "weights.safetensors", "preprocessing/vocab.txt", "a.model"])
def test_a_pickle_under_another_name_is_refused(
    run: Run, name: str, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pickle, "Unpickler", None)
    add(run, name, content)
    with pytest.raises(BundleError, match=rf"{name} does not hold what its name says, or holds a pickle"):
        read_manifest(run)


FORMS: list[tuple[str, Callable[[dict[str, Any]], object], str]] = [
    ("no files", lambda m: m.pop("files"), "has no field 'files', which is an object with a sha256"),
    ("a list of files", lambda m: m.update(files=["report.json"]), "'files' .* is an object .*found"),
    ("no hash", lambda m: m["files"].update({"report.json": None}), "'files' .* sha256"),
    ("a short hash", lambda m: m["files"].update({"report.json": "ab"}), "'files' .* sha256"),
]


@pytest.mark.parametrize(("change", "message"), [row[1:] for row in FORMS], ids=[row[0] for row in FORMS])
def test_a_malformed_list_of_files_is_refused(
    run: Run, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    seal(run, change)
    with pytest.raises(BundleError, match=message):
        read_manifest(run)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"format": 2, "a": ' + "[" * 100_000])
def test_a_manifest_nested_without_end_is_refused(run: Run, text: str) -> None:
    (run / MANIFEST).write_text(text)
    with pytest.raises(BundleError, match="is not JSON"):
        read_manifest(run)


def test_a_manifest_of_bytes_that_are_no_text_is_refused(run: Run) -> None:
    (run / MANIFEST).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BundleError, match="is not JSON"):
        read_manifest(run)


def test_a_huge_manifest_is_refused_unread(run: Run) -> None:
    with (run / MANIFEST).open("r+b") as stream:
        stream.truncate(1 << 27)  # a hole: it takes no room on disk
    with pytest.raises(BundleError, match="longer than any manifest"):
        read_manifest(run)
