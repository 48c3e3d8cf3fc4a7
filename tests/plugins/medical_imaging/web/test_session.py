"""Whom a session trusts."""

import shutil
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acclimate.contracts import OptionError
from acclimate_medical_imaging.web import DicomWeb, ServerError

Connect = Callable[..., DicomWeb]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Return the file of a certificate for this machine that no authority signed, with its key."""
    if not shutil.which("openssl"):
        pytest.skip("the command openssl is not installed")
    file, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(file)]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *name, *files],
        check=True,
        capture_output=True,
    )
    return file


@pytest.fixture
def encrypted(archive: Any, certificate: Path) -> Any:
    """Return an archive that speaks TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    archive.server.socket = context.wrap_socket(archive.server.socket, server_side=True)
    archive.address = archive.address.replace("dicomweb+http", "dicomweb")
    return archive


def test_a_certificate_that_no_authority_signed_is_refused(encrypted: Any, connect: Connect) -> None:
    with pytest.raises(ServerError, match=r"no trusted connection.*ACCLIMATE_DICOMWEB_CA_BUNDLE"):
        connect(encrypted).ping()
    assert encrypted.asked == []


def test_the_certificates_of_the_environment_are_trusted_and_no_others(
    encrypted: Any, connect: Connect, certificate: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "others.pem").write_text(ssl.DER_cert_to_PEM_cert(ssl.PEM_cert_to_DER_cert(certificate.read_text())))
    monkeypatch.setenv("ACCLIMATE_DICOMWEB_CA_BUNDLE", str(certificate))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    connect(encrypted).ping()
    assert len(encrypted.asked) == 1


def test_a_file_of_certificates_that_is_missing_is_named(
    archive: Any, connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ACCLIMATE_DICOMWEB_CA_BUNDLE", str(tmp_path / "missing.pem"))
    with pytest.raises(OptionError, match="ACCLIMATE_DICOMWEB_CA_BUNDLE names no file"):
        connect(archive)


def test_a_plain_server_is_not_asked_over_tls(archive: Any, connect: Connect) -> None:
    archive.address = archive.address.replace("dicomweb+http", "dicomweb")
    with pytest.raises(ServerError, match=r"it speaks no TLS.*dicomweb\+http"):
        connect(archive).ping()
