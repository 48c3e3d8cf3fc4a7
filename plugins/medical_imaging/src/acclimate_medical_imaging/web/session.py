"""One HTTP session: verified, never redirected, with timeouts, and with errors a user can act upon."""

import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from requests import Response, Session
from requests.exceptions import (
    ChunkedEncodingError,
    ConnectionError,
    ConnectTimeout,
    ProxyError,
    RequestException,
    SSLError,
    Timeout,
)
from urllib3.exceptions import ReadTimeoutError

from acclimate_medical_imaging.web import credentials
from acclimate_medical_imaging.web.errors import ServerError

PAUSES_SECONDS = (0.5, 1.0, 2.0)
_CREDENTIALS = (
    f"Set {credentials.USER} and {credentials.PASSWORD}, or {credentials.TOKEN}, to those of an account that may "
    "read (and, to store, write)."
)


class VerifiedSession(Session):
    """A session of requests for one server.

    Connections that fail or break are tried again after `pauses_seconds`; what the server answered, never.

    Raises:
        ServerError: from every request that has no whole, successful answer. It is never chained to the library's
            error, whose text holds the address.
    """

    def __init__(self, pauses_seconds: Sequence[float] = PAUSES_SECONDS) -> None:
        super().__init__()
        self.auth = credentials.authentication()
        self.trusted = credentials.trusted()
        self.pauses_seconds = pauses_seconds

    def request(self, method: str | bytes, url: str | bytes, **options: Any) -> Response:  # type: ignore[override]
        """Return the whole answer to a request."""
        where = _place(str(url))
        # Given here, a proxy's or another program's REQUESTS_CA_BUNDLE does not take its place.
        options |= {"allow_redirects": False, "verify": self.trusted}
        # dicomweb-client names the host without its port; requests names it right.
        (options.get("headers") or {}).pop("Host", None)
        # Wildcards and commas mean what they say only as themselves to servers that decode nothing (Orthanc 1.10.1).
        plain = str(url).replace("%2A", "*").replace("%2C", ",")
        response = self._connected(str(method), plain, where, options)
        _check_status(response, where)
        _check_whole(response, where)
        return response

    def _connected(self, method: str, url: str, where: str, options: dict[str, Any]) -> Response:
        for pause in (*self.pauses_seconds, None):
            try:
                return super().request(method, url, **options)
            except RequestException as error:
                failure = error
            if pause is None or not _may_pass(failure):
                break
            time.sleep(pause)
        raise _explained(failure, where)


def _may_pass(error: RequestException) -> bool:
    """Whether a connection failed or broke, rather than was refused by what it found or took too long."""
    broken = isinstance(error, ConnectionError | ChunkedEncodingError)
    return broken and not isinstance(error, SSLError | ProxyError | ConnectTimeout) and not _is_late(error)


def _is_late(error: RequestException) -> bool:
    return isinstance(error, Timeout) or any(isinstance(cause, ReadTimeoutError) for cause in error.args)


def _explained(error: RequestException, where: str) -> ServerError:
    if isinstance(error, SSLError):
        return ServerError(
            f"There is no trusted connection to {where}: its certificate is not known, or it speaks no TLS.",
            f"Name the file with the certificate of its authority in {credentials.CA_BUNDLE}; for a plain local "
            "server write dicomweb+http://.",
        )
    if _is_late(error):
        return ServerError(f"{where} is slow: it did not answer in time.", "Try later, or allow more seconds.")
    if isinstance(error, ProxyError):
        return ServerError(f"The proxy to {where} does not answer.", "See HTTPS_PROXY and NO_PROXY.")
    if isinstance(error, ChunkedEncodingError):
        return ServerError(f"{where} broke off its answer.", "Try again: what is complete is kept.")
    if isinstance(error, ConnectionError):
        return ServerError(f"{where} does not answer: it is down, or not at this address.", "Check host and port.")
    return ServerError(f"{where} could not be asked: {type(error).__name__}.", "Check the address.")


def _check_status(response: Response, where: str) -> None:
    status = response.status_code
    if 300 <= status < 400:
        target = _place(response.headers.get("Location", "")) or "an address it does not name"
        raise ServerError(
            f"{where} redirects to {target}, which is not followed: credentials stay where they were meant for.",
            "Give the address it redirects to, if you trust it.",
            status=status,
        )
    if status in (401, 403):
        raise ServerError(f"{where} refuses: not authorised (HTTP {status}).", _CREDENTIALS, status=status)
    if status >= 400:
        raise ServerError(f"{where} answers with HTTP status {status}.", "Ask who runs it.", status=status)


def _check_whole(response: Response, where: str) -> None:
    """Pass for an answer with a body that has reached its end."""
    if response.request.method != "GET" or response.status_code == 204:
        return
    if not response.content:
        raise ServerError(
            f"{where} answers without a body (HTTP {response.status_code}).",
            "Check the path: this may be no DICOMweb service.",
            status=response.status_code,
        )
    if not _has_end(response):
        raise ServerError(f"The answer of {where} has no end: it was cut.", "Try again: what is complete is kept.")


def _has_end(response: Response) -> bool:
    """Whether the end of an answer is there; DICOM files do not tell by themselves that they were cut."""
    kind, _, rest = response.headers.get("Content-Type", "").partition("boundary=")
    if kind.lower().startswith("multipart/"):
        boundary = rest.split(";")[0].strip().strip('"')
        return response.content.rstrip().endswith(f"--{boundary}--".encode())
    if kind.lower().startswith("application/dicom") and "+" not in kind:
        return "Content-Length" in response.headers or "chunked" in response.headers.get("Transfer-Encoding", "")
    return True


def _place(url: str) -> str:
    """Return scheme, host and port of an address: the rest can name a patient or hold a secret."""
    parts = urlsplit(url)
    if not parts.hostname:
        return ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
