"""A real archive (Orthanc) where its binary is installed, and a small one in a thread that misbehaves on demand."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from acclimate_medical_imaging.web import DicomWeb
from pydicom import Dataset, dcmread, examples
from pydicom.uid import generate_uid

ORTHANC = shutil.which("Orthanc", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
USER, PASSWORD = "reader", "pässword"
CREDENTIALS = (
    "ACCLIMATE_DICOMWEB_USER",
    "ACCLIMATE_DICOMWEB_PASSWORD",
    "ACCLIMATE_DICOMWEB_TOKEN",
    "ACCLIMATE_DICOMWEB_CA_BUNDLE",
)
Answer = tuple[int, dict[str, str], bytes]
JSON = {"Content-Type": "application/dicom+json"}


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start without credentials, and reach this machine without a proxy."""
    for name in CREDENTIALS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")


@pytest.fixture
def make_series() -> Callable[..., list[Dataset]]:
    """Return what makes a CT series of a patient: `make_series(slices, patient="p1", study=UID)`."""

    def make(slices: int, patient: str = "p1", study: str = "") -> list[Dataset]:
        study, series = study or generate_uid(), generate_uid()
        found = []
        for number in range(slices):
            image = deepcopy(examples.ct)
            image.PatientID, image.StudyInstanceUID, image.SeriesInstanceUID = patient, study, series
            image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = generate_uid()
            image.ImagePositionPatient = [-158.1, -179.0, -75.7 + 5 * number]
            found.append(image)
        return found

    return make


class Orthanc:
    """An Orthanc of its own port and folder, with one account."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        self.address = f"dicomweb+http://127.0.0.1:{self.port}/dicom-web"
        self._folder = folder
        self._configuration = folder / "orthanc.json"
        settings = {
            "StorageDirectory": str(folder / "data"),
            "IndexDirectory": str(folder / "data"),
            "HttpPort": self.port,
            "DicomServerEnabled": False,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": True,
            "RegisteredUsers": {USER: PASSWORD},
            "Plugins": [str(PLUGIN)],
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        }
        self._configuration.write_text(json.dumps(settings), encoding="utf-8")

    def start(self) -> None:
        """Return when it listens."""
        assert ORTHANC
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen([ORTHANC, str(self._configuration)], stdout=log, stderr=log)
        for _ in range(300):
            assert self._process.poll() is None, (self._folder / "log").read_text()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise AssertionError((self._folder / "log").read_text())

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait()


@pytest.fixture(scope="session")
def _orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    if not ORTHANC or not PLUGIN.exists():
        pytest.skip("Orthanc is not installed: apt-get install orthanc orthanc-dicomweb")
    server = Orthanc(tmp_path_factory.mktemp("orthanc"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def orthanc(_orthanc: Orthanc, monkeypatch: pytest.MonkeyPatch) -> Orthanc:
    """Return an archive that runs, with the credentials of its account in the environment."""
    monkeypatch.setenv("ACCLIMATE_DICOMWEB_USER", USER)
    monkeypatch.setenv("ACCLIMATE_DICOMWEB_PASSWORD", PASSWORD)
    return _orthanc


class Archive:
    """A DICOMweb service in a thread: what it holds, what it was asked, and `answer`, which a test may replace."""

    def __init__(self) -> None:
        self.held: list[Dataset] = []
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.answer: Callable[[str, str, dict[str, str], bytes], Answer | None] = self.usual
        archive = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                archive.asked.append((self.command, self.path, headers))
                given = archive.answer(self.command, self.path, headers, body)
                if given is None:  # hang up
                    self.close_connection = True
                    return
                status, answered, content = given
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **answered}.items():
                    if value:
                        self.send_header(name, value)
                if not {"Content-Length": "0", **answered}["Content-Length"]:
                    self.close_connection = True
                self.end_headers()
                self.wfile.write(content)

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, *_: Any) -> None:
                """Stay silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"dicomweb+http://127.0.0.1:{self.server.server_port}/dicom-web"
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def usual(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer | None:
        """Return what an archive answers that matches nothing but pages well."""
        where, query = urlsplit(path).path.removeprefix("/dicom-web/").split("/"), parse_qs(urlsplit(path).query)
        if method == "POST":
            self.held.append(dcmread(BytesIO(body.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--", 1)[0])))
            return 200, JSON, b"{}"
        if where[-2:-1] == ["instances"]:
            found = [held for held in self.held if held.SOPInstanceUID == where[-1]]
            return (200, *multipart(found[0])) if found else (404, {}, b"")
        held = self.held
        if len(where) > 3:
            held = [item for item in held if item.SeriesInstanceUID == where[3]]
        level = "SOPInstanceUID" if where[-1] == "instances" else "SeriesInstanceUID"
        once = list({item[level].value: item for item in held}.values())
        limit, offset = int(query.get("limit", ["1000"])[0]), int(query.get("offset", ["0"])[0])
        return 200, JSON, json.dumps([described(item) for item in once[offset : offset + limit]]).encode()


def described(dataset: Dataset) -> dict[str, Any]:
    """Return what a search says of an instance."""
    names = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "Modality", "PatientID", "PatientName")
    told = Dataset()
    for name in names:
        setattr(told, name, dataset[name].value)
    return told.to_json_dict()


def multipart(dataset: Dataset) -> tuple[dict[str, str], bytes]:
    """Return headers and body of an answer that holds one instance."""
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    head = b"--cut\r\nContent-Type: application/dicom\r\n\r\n"
    return (
        {"Content-Type": 'multipart/related; type="application/dicom"; boundary=cut'},
        head + buffer.getvalue() + b"\r\n--cut--",
    )


@pytest.fixture
def archive() -> Iterator[Archive]:
    """Return an archive in a thread."""
    found = Archive()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def connect() -> Callable[..., DicomWeb]:
    """Return what connects to a server without long pauses."""

    def connected(server: Archive | Orthanc, query: str = "", **options: Any) -> DicomWeb:
        return DicomWeb(server.address + query, **{"pauses_seconds": (0.01, 0.01), **options})

    return connected
