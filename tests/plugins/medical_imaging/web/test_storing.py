"""Results sent to a server."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
from acclimate.contracts import DataError
from acclimate_medical_imaging.web import DicomWeb, ServerError, Stored, store
from pydicom import Dataset
from pydicom.uid import generate_uid

Make = Callable[..., list[Dataset]]
Connect = Callable[..., DicomWeb]
JSON = {"Content-Type": "application/dicom+json"}


@pytest.fixture(autouse=True)
def _no_indexing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acclimate_medical_imaging.web.storing.INDEXING_SECONDS", (0.01, 0.01))


def _posts(archive: Any) -> int:
    return sum(method == "POST" for method, _, _ in archive.asked)


def test_what_is_stored_can_be_read_by_others(archive: Any, connect: Connect, make_series: Make) -> None:
    series = make_series(2)
    for image in series:
        image.preamble = None
    assert store(connect(archive), series) == Stored(sent=2, already=0)
    assert [held.preamble for held in archive.held] == [bytes(128)] * 2
    assert archive.held == series
    assert all(image.preamble is None for image in series)


def test_storing_again_sends_only_what_is_missing(archive: Any, connect: Connect, make_series: Make) -> None:
    series = make_series(3)
    store(connect(archive), series[:2])
    assert store(connect(archive), [*series, series[2]]) == Stored(sent=1, already=3)
    assert len(archive.held) == 3


def test_a_server_that_accepts_and_stores_nothing_is_an_error(
    archive: Any, connect: Connect, make_series: Make
) -> None:
    [image] = make_series(1)
    archive.answer = lambda *asked: (200, JSON, b"{}") if asked[0] == "POST" else archive.usual(*asked)
    with pytest.raises(ServerError, match=r"accepted instance [0-9a-f]{8} but does not list it: nothing was stored"):
        store(connect(archive), [image])
    assert _posts(archive) == 1


@pytest.mark.parametrize("answer", [(200, JSON, b"[]"), (200, JSON, b"{"), (200, {}, b"stored"), (202, {}, b"")])
def test_what_a_server_says_of_storing_matters_less_than_what_it_holds(
    archive: Any, connect: Connect, make_series: Make, answer: Any
) -> None:
    def says(*asked: Any) -> Any:
        usual = archive.usual(*asked)
        return answer if asked[0] == "POST" else usual

    archive.answer = says
    assert store(connect(archive), make_series(1)) == Stored(sent=1, already=0)


def test_an_archive_may_list_a_moment_later(archive: Any, connect: Connect, make_series: Make) -> None:
    def hidden_once(*asked: Any) -> Any:
        if asked[0] == "GET" and archive.held and not seen:
            seen.append(asked)
            return 200, JSON, b"[]"
        return archive.usual(*asked)

    seen: list[Any] = []
    archive.answer = hidden_once
    assert store(connect(archive), make_series(1)) == Stored(sent=1, already=0)
    assert seen


def test_an_instance_that_is_listed_but_cannot_be_read_is_an_error(
    archive: Any, connect: Connect, make_series: Make
) -> None:
    unreadable = (200, {"Content-Type": "multipart/related; boundary=cut"}, b"--cut\r\n\r\nnothing\r\n--cut--")
    archive.answer = lambda *asked: unreadable if "/instances/" in asked[1] else archive.usual(*asked)
    with pytest.raises(ServerError, match="comes as no DICOM file with a preamble"):
        store(connect(archive), make_series(1))


def test_another_object_under_the_same_uid_is_an_error(archive: Any, connect: Connect, make_series: Make) -> None:
    [image] = make_series(1)
    other = deepcopy(image)
    other.PixelData = bytes(len(image.PixelData))
    archive.held = [other]
    with pytest.raises(ServerError, match="differs from what was given in PixelData"):
        store(connect(archive), [image])
    assert _posts(archive) == 0


def test_a_refusal_is_told_with_its_reason(archive: Any, connect: Connect, make_series: Make) -> None:
    [image] = make_series(1)
    refusal = Dataset()
    refusal.FailedSOPSequence = [Dataset()]
    refusal.FailedSOPSequence[0].ReferencedSOPInstanceUID = image.SOPInstanceUID
    refusal.FailedSOPSequence[0].FailureReason = 0xA700
    archive.answer = lambda *asked: (
        (200, JSON, refusal.to_json().encode()) if asked[0] == "POST" else archive.usual(*asked)
    )
    with pytest.raises(ServerError, match=r"did not store instance [0-9a-f]{8}: failure reason A700") as caught:
        store(connect(archive), [image])
    assert image.SOPInstanceUID not in str(caught.value)


def test_a_connection_that_breaks_while_storing_sends_the_whole_again(
    archive: Any, connect: Connect, make_series: Make
) -> None:
    [image] = make_series(1)
    image.PixelData = image.PixelData * 64  # more than a megabyte: a stream of chunks would be half spent
    image.Rows, image.Columns = image.Rows * 8, image.Columns * 8

    def breaks(*asked: Any) -> Any:
        return None if asked[0] == "POST" and _posts(archive) == 1 else archive.usual(*asked)

    archive.answer = breaks
    assert store(connect(archive), [image]) == Stored(sent=1, already=0)
    assert _posts(archive) == 2
    assert archive.held == [image]


def test_data_sets_are_taken_one_by_one(archive: Any, connect: Connect, make_series: Make) -> None:
    series = make_series(3)

    def given() -> Iterator[Dataset]:
        for number, image in enumerate(series):
            assert len(archive.held) == number
            yield image

    assert store(connect(archive), given()).sent == 3


@pytest.mark.parametrize("name", ["SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "SOPClassUID"])
def test_a_data_set_without_its_uids_is_refused(archive: Any, connect: Connect, make_series: Make, name: str) -> None:
    [image] = make_series(1)
    del image[name]
    with pytest.raises(DataError, match=f"has no {name}"):
        store(connect(archive), [image])
    assert archive.asked == []


def test_a_data_set_without_a_transfer_syntax_is_refused(archive: Any, connect: Connect) -> None:
    bare = Dataset()
    bare.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    bare.SOPInstanceUID, bare.SeriesInstanceUID, bare.StudyInstanceUID = (generate_uid() for _ in range(3))
    with pytest.raises(DataError, match="cannot be written as a DICOM file"):
        store(connect(archive), [bare])
    assert archive.asked == []
