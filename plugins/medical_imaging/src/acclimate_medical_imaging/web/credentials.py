"""Who we are to a server, and whom we trust: both from the environment."""

import os
from collections.abc import Callable
from pathlib import Path

from acclimate.contracts import OptionError
from requests import PreparedRequest
from requests.auth import HTTPBasicAuth

USER, PASSWORD, TOKEN = "ACCLIMATE_DICOMWEB_USER", "ACCLIMATE_DICOMWEB_PASSWORD", "ACCLIMATE_DICOMWEB_TOKEN"
CA_BUNDLE = "ACCLIMATE_DICOMWEB_CA_BUNDLE"
Authentication = Callable[[PreparedRequest], PreparedRequest]


def authentication() -> Authentication:
    """Return what adds the credentials of the environment to a request, or nothing where there are none.

    Raises:
        OptionError: when a user comes without a password, a password without a user, or either with a token.
    """
    user, password, token = (os.environ.get(name) for name in (USER, PASSWORD, TOKEN))
    if bool(user) != bool(password) or (user and token):
        raise OptionError(
            "The credentials of the DICOMweb server are incomplete, or two kinds are set.",
            f"Set {USER} and {PASSWORD}, or {TOKEN} alone.",
        )
    if token:
        return _Bearer(token)
    if user and password:
        return HTTPBasicAuth(user.encode(), password.encode())
    # requests would look into ~/.netrc if it were given nothing.
    return _unchanged


def trusted() -> str | bool:
    """Return the file of certificates that servers are verified by: that of the environment, else the usual ones.

    Raises:
        OptionError: when the environment names a file that does not exist.
    """
    bundle = os.environ.get(CA_BUNDLE)
    if not bundle:
        return True
    if not Path(bundle).is_file():
        raise OptionError(f"{CA_BUNDLE} names no file.", "Name a file of certificates in PEM form, or unset it.")
    return bundle


class _Bearer:
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _unchanged(request: PreparedRequest) -> PreparedRequest:
    return request
