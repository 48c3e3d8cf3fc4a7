"""Series as files in a folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acclimate.contracts import OutputError
from acclimate_medical_imaging.web import DicomWeb, ServerError, download
from pydicom import Dataset, dcmread

Make = Callable[..., list[Dataset]]
Connect = Callable[..., DicomWeb]


def _fetched(archive: Any) -> int:
    return sum("/instances/" in path for _, path, _ in archive.asked)


def test_files_are_what_the_server_holds(archive: Any, connect: Connect, make_series: Make, tmp_path: Path) -> None:
    archive.held = [*make_series(2), *make_series(1)]
    done = download(connect(archive), tmp_path)
    assert (done.fetched, done.kept) == (3, 0)
    assert sorted(done.files) == sorted(file for file in tmp_path.rglob("*") if file.is_file())
    assert [dcmread(file) for file in done.files] == archive.held
    assert all(file.read_bytes()[128:132] == b"DICM" for file in done.files)


def test_an_interrupted_download_goes_on_with_what_is_missing(
    archive: Any, connect: Connect, make_series: Make, tmp_path: Path
) -> None:
    archive.held = make_series(5)

    def breaks(*asked: Any) -> Any:
        return None if "/instances/" in asked[1] and _fetched(archive) > 2 else archive.usual(*asked)

    archive.answer = breaks
    with pytest.raises(ServerError, match="does not answer"):
        download(connect(archive), tmp_path)
    assert sorted(file.suffix for file in tmp_path.rglob("*") if file.is_file()) == [".dcm", ".dcm"]
    archive.answer, archive.asked = archive.usual, []
    done = download(connect(archive), tmp_path)
    assert (done.fetched, done.kept, _fetched(archive)) == (3, 2, 3)
    assert [dcmread(file) for file in done.files] == archive.held


def test_nothing_is_fetched_twice(archive: Any, connect: Connect, make_series: Make, tmp_path: Path) -> None:
    archive.held = make_series(3)
    first = download(connect(archive), tmp_path)
    again = download(connect(archive), tmp_path)
    assert (again.fetched, again.kept, again.files) == (0, 3, first.files)
    assert _fetched(archive) == 3


def test_what_a_killed_download_left_is_replaced(
    archive: Any, connect: Connect, make_series: Make, tmp_path: Path
) -> None:
    archive.held = make_series(2)
    [damaged, other] = download(connect(archive), tmp_path).files
    damaged.write_bytes(damaged.read_bytes()[:100])
    (other.parent / "1.2.3.part").write_bytes(b"half")
    done = download(connect(archive), tmp_path)
    assert (done.fetched, done.kept) == (1, 1)
    assert dcmread(damaged) == archive.held[0]
    assert not list(tmp_path.rglob("*.part"))


def test_a_folder_that_is_a_file_is_named(archive: Any, connect: Connect, make_series: Make, tmp_path: Path) -> None:
    archive.held = make_series(1)
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(OutputError, match=r"taken cannot be written") as caught:
        download(connect(archive), tmp_path / "taken")
    assert archive.held[0].SeriesInstanceUID not in str(caught.value)


def test_a_full_disk_leaves_nothing_half_written(
    archive: Any, connect: Connect, make_series: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.held = make_series(1)

    def full(dataset: Dataset, file: Path, **_: Any) -> None:
        file.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Dataset, "save_as", full)
    monkeypatch.setattr(type(connect(archive)), "retrieve", lambda self, series, uid: archive.held[0])
    with pytest.raises(OutputError, match="No space left"):
        download(connect(archive), tmp_path)
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]
