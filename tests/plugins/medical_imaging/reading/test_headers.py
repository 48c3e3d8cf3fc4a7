"""What is refused before anything is allocated or decoded, and why."""

import io
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate.contracts import DataError
from acclimate_medical_imaging.reading.files import Place, holds_dicom, places
from acclimate_medical_imaging.reading.headers import NotDicomError, has_pixels, read
from acclimate_medical_imaging.reading.pixels import picture, stored_values
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.uid import JPEG2000Lossless, RLELossless

Make = Callable[..., Any]
SEEN = np.random.default_rng(6).integers(0, 256, (64, 64), dtype=np.uint8)


def in_bytes(dataset: Any) -> bytes:
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()


def place_of(path: Path) -> Place:
    return Place(name=path.name, path=path)


def huge(dataset: Any) -> None:
    dataset.Rows = dataset.Columns = 65535


def of_many_frames(dataset: Any) -> None:
    dataset.NumberOfFrames = 2_000_000


def cut_off(dataset: Any) -> None:
    dataset.PixelData = dataset.PixelData[:100]


def without_columns(dataset: Any) -> None:
    del dataset.Columns


def without_syntax(dataset: Any) -> None:
    del dataset.file_meta.TransferSyntaxUID


def of_a_film(dataset: Any) -> None:
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.102"


def empty(dataset: Any) -> None:
    dataset.PixelData = b""


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (huge, r"claims 1 × 65535 × 65535 pixels, 4,294,836,225 bytes, but 4,096 bytes are there"),
        (of_many_frames, r"claims 2000000 × 64 × 64 pixels"),
        (cut_off, "malformed: The number of bytes of pixel data is less than expected"),
        (without_columns, "lacks Columns"),
        (without_syntax, "lacks the transfer syntax"),
        (of_a_film, "nothing decodes its transfer syntax, MPEG-4 AVC/H.264 High Profile"),
        (empty, "pixel data is empty"),
    ],
)
def test_a_spoilt_file_is_refused_with_the_reason(make: Make, spoil: Callable[[Any], None], told: str) -> None:
    dataset = make(SEEN)
    spoil(dataset)
    with pytest.raises(DataError, match=told):
        stored_values(dataset)


def test_a_compressed_header_of_a_hundred_thousand_rows_is_refused(make: Make) -> None:
    dataset = make(SEEN)
    dataset.compress(RLELossless, generate_instance_uid=False)
    huge(dataset)
    with pytest.raises(DataError, match="claims 1 × 65535 × 65535 pixels"):
        stored_values(dataset)


def test_a_file_without_its_preamble_is_read_and_another_file_is_not(make: Make, tmp_path: Path) -> None:
    (tmp_path / "bare").write_bytes(in_bytes(make(SEEN))[132:])
    np.testing.assert_array_equal(np.asarray(picture(read(place_of(tmp_path / "bare")))), SEEN)
    for text in (b"", b"Some notes on the patient.", b"{}", bytes(range(256)) * 3):
        (tmp_path / "notes").write_bytes(text)
        with pytest.raises(NotDicomError):
            read(place_of(tmp_path / "notes"))


def test_files_of_any_depth_and_in_archives_are_found_in_order(make: Make, save: Any, tmp_path: Path) -> None:
    save(make(SEEN), tmp_path / "b" / "c" / "IM0001")
    (tmp_path / ".hidden").write_text("no")
    (tmp_path / "z.txt").write_text("notes")
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner/IM0002", in_bytes(make(SEEN)))
    found = list(places(tmp_path))
    assert [place.name for place in found] == ["a.zip/inner/IM0002", "z.txt", "b/c/IM0001"]
    assert [has_pixels(read(place)) for place in found[::2]] == [True, True]
    assert holds_dicom(tmp_path)
    assert holds_dicom(tmp_path / "a.zip")
    assert not holds_dicom(tmp_path / "z.txt")


def test_an_archive_that_would_fill_the_memory_is_not_unpacked(tmp_path: Path) -> None:
    with (
        zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("zeros", "w", force_zip64=True) as member,
    ):
        for _ in range(64):
            member.write(bytes(2**22))
    (place,) = places(tmp_path)
    with pytest.raises(DataError, match=r"would unpack from .* to 268,435,456 bytes"):
        place.open()


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(DataError, match=r"a\.zip is damaged"):
        list(places(tmp_path))


@pytest.mark.parametrize("syntax", ["", RLELossless, JPEG2000Lossless])
def test_mutated_files_are_read_or_refused_but_never_crash(make: Make, tmp_path: Path, syntax: str) -> None:
    dataset = make(SEEN.astype(np.uint16), RescaleSlope=2, RescaleIntercept=-5, WindowCenter=100, WindowWidth=300)
    if syntax:
        dataset.compress(syntax, generate_instance_uid=False)
    whole = in_bytes(dataset)
    file = tmp_path / "mutated"

    @settings(max_examples=60, deadline=20_000, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(
        st.lists(st.tuples(st.integers(0, len(whole) - 1), st.binary(min_size=1, max_size=6)), max_size=6),
        st.integers(0, len(whole)),
    )
    def mutate(changes: list[tuple[int, bytes]], end: int) -> None:
        spoilt = bytearray(whole)
        for start, new in changes:
            spoilt[start : start + len(new)] = new
        file.write_bytes(bytes(spoilt[: end or None]))
        with suppress(DataError):
            found = read(place_of(file))
            if has_pixels(found):
                picture(found)

    mutate()
