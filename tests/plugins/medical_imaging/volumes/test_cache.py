"""Volumes kept on disk: found again, made again where damaged, and written with little in memory."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate.contracts import DataError, OutputError
from acclimate_medical_imaging.volumes import DamagedCacheWarning, cache, read, read_volume, resample, split_series
from numpy.typing import NDArray
from pydicom.uid import RLELossless

Write = Callable[..., list[Path]]
Grid = NDArray[np.int16]


@pytest.fixture
def decodings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count how often slices are decoded, one entry each."""
    seen: list[int] = []
    decode = read.values_of

    def counted(slices: Any, kind: Any) -> Any:
        seen.append(len(slices))
        return decode(slices, kind)

    monkeypatch.setattr(read, "values_of", counted)
    return seen


@pytest.mark.parametrize("slope", ["1", "0.37"])
def test_a_second_read_is_memory_mapped_and_says_the_same(
    write_series: Write, tmp_path: Path, grid: Grid, decodings: list[int], slope: str
) -> None:
    source, folder = tmp_path / "source", tmp_path / "cache"
    write_series(
        source, grid, change=lambda index, one: setattr(one, "RescaleSlope", slope), orientation=(0, 1, 0, 0, 0, -1)
    )
    plain = read_volume(source)
    decodings.clear()
    first, second = read_volume(source, cache=folder), read_volume(source, cache=folder)
    assert sum(decodings) == len(grid)
    for volume in (first, second):
        assert isinstance(volume.values, np.memmap)
        assert volume.values.dtype == plain.values.dtype
        np.testing.assert_array_equal(volume.values, plain.values)
        np.testing.assert_array_equal(volume.affine, plain.affine)
        for field in ("modality", "units", "sop_instance_uids", "frame_numbers", "frame_of_reference_uid"):
            assert getattr(volume, field) == getattr(plain, field)
    with pytest.raises(ValueError, match="read-only"):
        second.values[0, 0, 0] = 1
    assert [file.suffix for file in folder.iterdir()] == [".volume"]


def test_other_files_another_tolerance_and_another_group_are_other_volumes(
    write_series: Write, tmp_path: Path, grid: Grid, decodings: list[int]
) -> None:
    source, folder = tmp_path / "source", tmp_path / "cache"
    files = write_series(source, grid)
    (group,) = split_series(source).groups
    read_volume(source, cache=folder)
    assert read_volume(files[1:], cache=folder).values.shape[0] == 4
    read_volume(files, cache=folder, spacing_tolerance=0.02)
    read_volume(group, cache=folder)
    assert len(list(folder.iterdir())) == 4
    write_series(source, grid + 1)
    np.testing.assert_array_equal(read_volume(source, cache=folder).values, grid + 1)


def test_a_resampled_volume_is_kept_as_well(
    write_series: Write, tmp_path: Path, grid: Grid, decodings: list[int]
) -> None:
    source, folder = tmp_path / "source", tmp_path / "cache"
    write_series(source, grid)
    expected = resample(read_volume(source), (1.1, 1.2, 1.3))
    decodings.clear()
    for _ in ("first", "second"):
        volume = read_volume(source, spacing_millimetres=(1.1, 1.2, 1.3), cache=folder)
        np.testing.assert_array_equal(volume.values, expected.values)
        np.testing.assert_array_equal(volume.affine, expected.affine)
    assert sum(decodings) == len(grid)
    assert isinstance(volume.values, np.memmap)
    assert (
        read_volume(source, spacing_millimetres=(2.2, 1.2, 1.3), cache=folder).values.shape != expected.values.shape
    )
    plain = read_volume(source, spacing_millimetres=(1.1, 1.2, 1.3))
    np.testing.assert_array_equal(plain.values, expected.values)


def cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-3])


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def with_a_flipped_bit(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[101] ^= 4
    file.write_bytes(data)


def with_another_affine(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"-20.0", b"-21.0"))


def foreign(file: Path) -> None:
    file.write_bytes(b"something else of another program" * 99)


def of_another_volume(file: Path) -> None:
    other = next(each for each in file.parent.iterdir() if each != file)
    file.write_bytes(other.read_bytes())


@pytest.mark.parametrize(
    "damage", [cut_off, emptied, with_a_flipped_bit, with_another_affine, foreign, of_another_volume]
)
def test_a_damaged_or_foreign_file_is_noticed_and_made_again(
    write_series: Write, tmp_path: Path, grid: Grid, damage: Callable[[Path], None]
) -> None:
    folder = tmp_path / "cache"
    source = write_series(tmp_path / "source", grid)
    read_volume(source, cache=folder)
    (file,) = folder.iterdir()
    read_volume(write_series(tmp_path / "other", grid + 1), cache=folder)
    damage(file)
    with pytest.warns(DamagedCacheWarning, match=rf"{file.name} is damaged and is made again"):
        volume = read_volume(source, cache=folder)
    np.testing.assert_array_equal(volume.values, grid)
    np.testing.assert_array_equal(read_volume(source, cache=folder).values, grid)


@pytest.mark.parametrize("syntax", ["", RLELossless], ids=["plain", "RLE"])
def test_a_read_that_fails_leaves_nothing_behind(write_series: Write, tmp_path: Path, syntax: str) -> None:
    pixels = np.random.default_rng(0).integers(-9999, 9999, (5, 40, 30))
    files = write_series(tmp_path / "source", pixels, syntax=syntax)
    files[2].write_bytes(files[2].read_bytes()[:-900])
    with pytest.raises(DataError, match=r"002\.dcm"):
        read_volume(files, cache=tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_cache_that_cannot_be_written_is_an_error(
    write_series: Write, tmp_path: Path, grid: Grid, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = write_series(tmp_path / "source", grid)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match=r"cannot be kept in .*file"):
        read_volume(files, cache=tmp_path / "file")
    monkeypatch.setattr(cache, "disk_usage", lambda folder: type("Usage", (), {"free": 419}))
    with pytest.raises(OutputError, match=r"needs 0\.0 GB in .*Free some space"):
        read_volume(files, cache=tmp_path / "cache")


STUDY = """
import sys
from pathlib import Path
from acclimate_medical_imaging.volumes import read_volume


def resident(which):
    return int(Path("/proc/self/status").read_text().split(which + ":")[1].split()[0]) * 1024


source, *cache = sys.argv[1:]
before = resident("VmRSS")
volume = read_volume(source, cache=cache[0] if cache else None, workers=2)
print(volume.values.nbytes, resident("VmHWM") - before, volume.values[0, 511, 511], volume.values[-1, 511, 511])
"""


def measured(*arguments: Path) -> tuple[int, int]:
    """Return the bytes of a volume, and by how much its reading raised the peak of a process of its own."""
    command = [sys.executable, "-c", STUDY, *map(str, arguments)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    size, grown, *corners = map(int, printed.split())
    assert corners == [77, 77]
    return size, grown


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak from /proc")
@pytest.mark.parametrize("syntax", ["", RLELossless], ids=["plain", "RLE"])
def test_a_study_of_2000_slices_is_read_in_the_memory_of_a_few(
    write_series: Write, tmp_path: Path, syntax: str
) -> None:
    plane = np.random.default_rng(0).integers(0, 3000, (1, 512, 512))
    plane[0, 511, 511] = 77
    origin = (-123.456789, -234.567891, 1234.56789)
    template = write_series(tmp_path / "template", plane, origin=origin, syntax=syntax)[0].read_bytes()
    place = template.index(b"-123.456789\\-234.567891\\1234.56789")
    source, tenth = tmp_path / "source", tmp_path / "tenth"
    source.mkdir(), tenth.mkdir()
    for index in range(2000):
        one = bytearray(template)
        one[place + 24 : place + 34] = f"{index:010}".encode()
        (source / f"{index:x}.dcm").write_bytes(one)
        if index < 200:
            (tenth / f"{index:x}.dcm").hardlink_to(source / f"{index:x}.dcm")
    for _ in ("written", "opened"):
        size, grown = measured(source, tmp_path / "cache")
        assert size == 2000 * 512 * 512 * 2
        assert grown < size / 10
    size, grown = measured(tenth)  # without a cache the same measure sees all of a volume
    assert grown >= size == 200 * 512 * 512 * 2
