"""Addresses of DICOMweb servers: dicomweb://HOST[:PORT]/PATH?ATTRIBUTE=VALUE."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qsl, urlsplit

from acclimate.contracts import OptionError, UnknownNameError, did_you_mean
from pydicom.datadict import tag_for_keyword

ENCRYPTED, PLAIN = "dicomweb", "dicomweb+http"
# What servers must match by (PS3.18, tables 10.6.1-5 and 10.6.1-5a), and what is asked for most besides.
COMMON = (
    "AccessionNumber",
    "BodyPartExamined",
    "Modality",
    "PatientID",
    "PatientName",
    "SeriesDescription",
    "SeriesInstanceUID",
    "SeriesNumber",
    "StudyDate",
    "StudyDescription",
    "StudyID",
    "StudyInstanceUID",
    "StudyTime",
)
_FORM = (
    "It reads dicomweb://HOST[:PORT]/PATH?ATTRIBUTE=VALUE, for example dicomweb://pacs.example/dicom-web?Modality=CT."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """The root of a DICOMweb service, and the attributes by which its series are chosen.

    `filters` are left out of `repr`, which may be printed: they can name a patient.
    """

    root: str
    filters: Mapping[str, str] = field(default_factory=dict, repr=False)


def parse(source: str) -> Address:
    """Return the address that a text names: HTTPS for `dicomweb://`, plain HTTP for `dicomweb+http://`.

    Raises:
        OptionError: when it is malformed, holds credentials, or asks for plain HTTP to a server that is not local.
        UnknownNameError: when the query names no DICOM attribute.
    """
    try:
        parts = urlsplit(source)
        port = parts.port
    except ValueError:
        raise OptionError("The address of the DICOMweb server is malformed.", _FORM) from None
    if "@" in parts.netloc:
        raise OptionError(
            "The address of the DICOMweb server holds credentials, which end up in histories and logs.",
            "Set ACCLIMATE_DICOMWEB_USER and ACCLIMATE_DICOMWEB_PASSWORD, or ACCLIMATE_DICOMWEB_TOKEN, instead.",
        )
    if parts.scheme not in (ENCRYPTED, PLAIN) or not parts.hostname or parts.fragment:
        raise OptionError(f"Expected the address of a DICOMweb server, found one with {_found(parts)}.", _FORM)
    if parts.scheme == PLAIN and not _is_local(parts.hostname):
        raise OptionError(
            f"{PLAIN}:// is for servers of this machine or network; {parts.hostname} is neither.",
            f"Use {ENCRYPTED}://, which is encrypted.",
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    scheme = "https" if parts.scheme == ENCRYPTED else "http"
    root = f"{scheme}://{host}{f':{port}' if port else ''}{parts.path.rstrip('/')}"
    return Address(root=root, filters=_filters(parts.query))


def _found(parts: SplitResult) -> str:
    if parts.fragment:
        return "a fragment (#)"
    return f"the scheme {parts.scheme!r}" if parts.hostname else "no host"


def _is_local(host: str) -> bool:
    """Whether a host is this machine or of a private network: a private address, or a name without a domain."""
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".internal"))


def _filters(query: str) -> dict[str, str]:
    filters: dict[str, str] = {}
    for keyword, value in parse_qsl(query, keep_blank_values=True):
        if tag_for_keyword(keyword) is None:
            raise UnknownNameError(f"{keyword!r} is no DICOM attribute.", did_you_mean(keyword, COMMON))
        if keyword in filters or not value:
            raise OptionError(f"{keyword} is given without a value, or twice.", f"Write {keyword}=VALUE once.")
        filters[keyword] = value
    return filters
