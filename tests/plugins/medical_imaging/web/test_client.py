"""What is made of the answers of a server that misbehaves."""

import logging
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acclimate.contracts import AcclimateError, MissingPackageError, OptionError
from acclimate_medical_imaging.web import DicomWeb, ServerError
from pydicom import Dataset

Make = Callable[..., list[Dataset]]
Connect = Callable[..., DicomWeb]
HTML = {"Content-Type": "text/html"}
JSON = {"Content-Type": "application/dicom+json"}


def test_series_and_instances_come_page_by_page(archive: Any, connect: Connect, make_series: Make) -> None:
    archive.held = [image for number in range(5) for image in make_series(1 + number)]
    server = connect(archive, page=2)
    assert len({series.series_uid for series in server.iter_series()}) == 5
    assert [image.SOPInstanceUID for image in server.iter_instances()] == [
        image.SOPInstanceUID for image in archive.held
    ]
    assert sum("/series?" in path for _, path, _ in archive.asked) >= 3


def test_only_one_instance_is_asked_for_at_a_time(archive: Any, connect: Connect, make_series: Make) -> None:
    archive.held = make_series(4)
    instances = connect(archive).iter_instances()
    next(instances)
    assert sum("/instances/" in path for _, path, _ in archive.asked) == 1


def test_what_a_server_should_have_left_out_is_left_out_here(
    archive: Any, connect: Connect, make_series: Make
) -> None:
    archive.held = [*make_series(2, patient="p1"), *make_series(1, patient="p2")]
    found = list(connect(archive, "?PatientID=p2").iter_instances())
    assert [image.PatientID for image in found] == ["p2"]
    assert all("includefield=PatientID" in path for _, path, _ in archive.asked if "/series?" in path)


def test_a_server_that_is_down_is_asked_again_and_then_named(connect: Connect, archive: Any) -> None:
    archive.server.shutdown()
    archive.server.server_close()
    with pytest.raises(ServerError, match=r"http://127\.0\.0\.1:\d+ does not answer: it is down"):
        connect(archive).ping()


def test_a_connection_that_breaks_is_tried_again(archive: Any, connect: Connect) -> None:
    breaks = iter([True, True, False])
    archive.answer = lambda *asked: None if next(breaks) else archive.usual(*asked)
    connect(archive).ping()
    assert len(archive.asked) == 3


def test_a_connection_that_keeps_breaking_is_an_error(archive: Any, connect: Connect) -> None:
    archive.answer = lambda *_: None
    with pytest.raises(ServerError, match="does not answer"):
        connect(archive).ping()
    assert len(archive.asked) == 3


@pytest.mark.parametrize("status", [408, 429, 500, 503, 504])
def test_what_a_server_answers_is_not_asked_again(archive: Any, connect: Connect, status: int) -> None:
    archive.answer = lambda *_: (status, {}, b"sesame")
    with pytest.raises(ServerError, match=f"HTTP status {status}") as caught:
        connect(archive).ping()
    assert len(archive.asked) == 1
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(
    "late",
    [lambda *_: time.sleep(1), lambda *_: (200, {**JSON, "Content-Length": "1000"}, b"[")],
    ids=["all", "rest"],
)
def test_a_slow_server_is_called_slow_and_asked_once(archive: Any, connect: Connect, late: Any) -> None:
    archive.answer = late
    with pytest.raises(ServerError, match="is slow"):
        connect(archive, read_seconds=0.1).ping()
    assert len(archive.asked) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_are_said_to_be_refused(archive: Any, connect: Connect, status: int) -> None:
    archive.answer = lambda *_: (status, {}, b"")
    with pytest.raises(ServerError, match=r"not authorised.*ACCLIMATE_DICOMWEB_USER"):
        connect(archive).ping()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((404, {}, b"no"), "no DICOMweb root: HTTP status 404.*often /dicom-web"),
        ((200, HTML, b"<html>Welcome, sesame</html>"), "no DICOM JSON"),
        ((200, JSON, b'{"status": "sesame"}'), "no DICOM JSON"),
        ((200, JSON, b'["sesame"]'), "no DICOM JSON"),
        ((200, JSON, b'"sesame"'), "no DICOM JSON"),
        ((200, JSON, b"[{"), "no DICOM JSON"),
        ((200, JSON, b"null"), "no DICOM JSON"),
        ((200, JSON, b'[{"0020000D": "sesame"}]'), "no DICOM JSON"),
        ((200, JSON, b'[{"0020000D": {"Value": "sesame"}}]'), "no DICOM JSON"),
        ((200, JSON, b""), "answers without a body"),
    ],
)
def test_what_is_no_dicomweb_service_is_said_to_be_none(
    archive: Any, connect: Connect, answer: Any, message: str
) -> None:
    archive.answer = lambda *_: answer
    with pytest.raises(ServerError, match=message) as caught:
        connect(archive).ping()
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize("answer", [(204, {}, b""), (200, JSON, b"[]")])
def test_an_empty_archive_is_a_service_too(archive: Any, connect: Connect, answer: Any) -> None:
    archive.answer = lambda *_: answer
    connect(archive).ping()
    assert list(connect(archive).iter_series()) == []


def _once_found(archive: Any, answer: Any) -> Callable[..., Any]:
    """Return an answerer that finds what it holds, and gives `answer` to whoever asks for an instance."""

    def answered(*asked: Any) -> Any:
        return answer(*asked) if "/instances/" in asked[1] else archive.usual(*asked)

    return answered


def test_an_instance_comes_without_negotiation_where_that_is_not_understood(
    archive: Any, connect: Connect, make_series: Make
) -> None:
    def strict(method: str, path: str, headers: dict[str, str], body: bytes) -> Any:
        if "transfer-syntax" in headers["accept"]:
            return 406, {}, b""
        return archive.usual(method, path, headers, body)

    archive.held = make_series(1)
    archive.answer = _once_found(archive, strict)
    [image] = connect(archive).iter_instances()
    assert (image.pixel_array == archive.held[0].pixel_array).all()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((200, HTML, b"<html>sesame</html>"), "comes as no DICOM file"),
        ((200, {"Content-Type": "multipart/related; boundary=cut"}, b"--cut\r\n\r\nsesame\r\n--cut--"), "no DICOM"),
        ((200, {"Content-Type": "multipart/related; boundary=cut"}, b"--cut--"), "comes as no DICOM file"),
        ((200, {}, b""), "answers without a body"),
    ],
)
def test_an_instance_that_is_none_is_refused(
    archive: Any, connect: Connect, make_series: Make, answer: Any, message: str
) -> None:
    archive.held = make_series(1)
    archive.answer = _once_found(archive, lambda *_: answer)
    with pytest.raises(ServerError, match=message) as caught:
        list(connect(archive).iter_instances())
    assert "sesame" not in str(caught.value)
    assert archive.held[0].SOPInstanceUID not in str(caught.value)


@pytest.mark.parametrize("kind", ["", "application/dicom"])
def test_an_answer_that_was_cut_is_refused(archive: Any, connect: Connect, make_series: Make, kind: str) -> None:
    archive.held = make_series(1)

    def cut(*asked: Any) -> Any:
        status, headers, body = archive.usual(*asked)
        headers = {"Content-Type": kind or headers["Content-Type"], "Content-Length": ""}
        return status, headers, body[len(body) // 8 if kind else 0 : len(body) // 2]

    archive.answer = _once_found(archive, cut)
    with pytest.raises(ServerError, match="it was cut"):
        list(connect(archive).iter_instances())


def test_another_instance_than_the_one_asked_for_is_refused(
    archive: Any, connect: Connect, make_series: Make
) -> None:
    archive.held = make_series(2)
    first, second = (image.SOPInstanceUID for image in archive.held)
    archive.answer = _once_found(
        archive, lambda method, path, *rest: archive.usual(method, path.replace(first, second), *rest)
    )
    with pytest.raises(ServerError, match="the server sent another"):
        list(connect(archive).iter_instances())


def test_credentials_do_not_follow_a_redirect(
    archive: Any, connect: Connect, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    elsewhere = type(archive)()
    request.addfinalizer(elsewhere.server.shutdown)
    monkeypatch.setenv("ACCLIMATE_DICOMWEB_TOKEN", "sesame")
    target = f"http://127.0.0.1:{elsewhere.server.server_port}"
    archive.answer = lambda *_: (302, {"Location": f"{target}/dicom-web/studies?key=signed"}, b"moved")
    with pytest.raises(ServerError, match=f"redirects to {target}, which is not followed") as caught:
        connect(archive).ping()
    assert archive.asked[0][2]["authorization"] == "Bearer sesame"
    assert elsewhere.asked == []
    assert "signed" not in str(caught.value)


def test_user_and_password_are_sent_and_nothing_else_is(
    archive: Any, connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    connect(archive).ping()
    monkeypatch.setenv("ACCLIMATE_DICOMWEB_USER", "me")
    monkeypatch.setenv("ACCLIMATE_DICOMWEB_PASSWORD", "secret")
    connect(archive).ping()
    assert [headers.get("authorization") for _, _, headers in archive.asked] == [None, "Basic bWU6c2VjcmV0"]


@pytest.mark.parametrize("names", [["USER"], ["PASSWORD"], ["USER", "PASSWORD", "TOKEN"]])
def test_half_credentials_are_refused(
    archive: Any, connect: Connect, monkeypatch: pytest.MonkeyPatch, names: list[str]
) -> None:
    for name in names:
        monkeypatch.setenv(f"ACCLIMATE_DICOMWEB_{name}", "sesame")
    with pytest.raises(OptionError, match="incomplete, or two kinds") as caught:
        connect(archive)
    assert "sesame" not in str(caught.value)


def test_patients_are_named_neither_in_logs_nor_in_errors(
    archive: Any, connect: Connect, make_series: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    archive.held = make_series(1, patient="sesame")
    server = connect(archive, "?PatientID=sesame")
    [series] = server.iter_series()
    list(server.iter_instances())
    uid = archive.held[0].SOPInstanceUID
    said = [caplog.text, repr(server.address)]
    for answer in (None, (503, {}, b"sesame"), (200, HTML, b"sesame"), (302, {"Location": "/sesame"}, b"")):
        archive.answer = lambda *_, answer=answer: answer
        for ask in (lambda: list(server.iter_series()), lambda: server.retrieve(series, uid)):
            with pytest.raises(AcclimateError) as caught:
                ask()
            said.append("".join(traceback.format_exception_only(caught.value)))
            assert caught.value.__suppress_context__ or caught.value.__context__ is None
    said.append(caplog.text)
    assert not any("sesame" in text or uid in text for text in said)


def test_without_dicomweb_client_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dicomweb_client", None)
    with pytest.raises(MissingPackageError, match=r"acclimate-medical-imaging\[web\]"):
        DicomWeb("dicomweb://pacs.example/dicom-web")
