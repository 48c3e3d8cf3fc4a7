"""A DICOMweb server at the other end: its series and instances, one after the other."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from acclimate.contracts import MissingPackageError
from pydicom import Dataset
from pydicom.errors import InvalidDicomError

from acclimate_medical_imaging.web.address import Address, parse
from acclimate_medical_imaging.web.errors import ServerError, UnreadableAnswerError, hashed
from acclimate_medical_imaging.web.matching import Filter, asked_for
from acclimate_medical_imaging.web.paging import PAGE, paged
from acclimate_medical_imaging.web.unlogged import unlogged

Answer = TypeVar("Answer")
CONNECT_SECONDS, READ_SECONDS = 10.0, 60.0
_STUDY, _SERIES, _INSTANCE, _MODALITY = "0020000D", "0020000E", "00080018", "00080060"
_WITHOUT_NEGOTIATION = (400, 406, 415, 500, 501)
_NO_ROOT = "Give the root of its DICOMweb service: often /dicom-web, /dicomweb or /wado-rs after the host."


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A series on a server."""

    study_uid: str
    series_uid: str
    modality: str


class DicomWeb:
    """A DICOMweb service: what `dicomweb://HOST[:PORT]/PATH?ATTRIBUTE=VALUE` names.

    Credentials are read from the environment when it is made (ACCLIMATE_DICOMWEB_USER and _PASSWORD, or _TOKEN), and
    so is the file of certificates to trust (ACCLIMATE_DICOMWEB_CA_BUNDLE). The server is asked nothing yet.

    Args:
        source: the address, with the attributes that choose series.
        read_seconds: how long the server may be silent.
        pauses_seconds: the pauses before failed connections are tried again.
        page: how many results are asked for at once.

    Raises:
        OptionError: when the address or the credentials of the environment are malformed.
        MissingPackageError: without the extra `web`.
    """

    def __init__(
        self,
        source: str,
        *,
        read_seconds: float = READ_SECONDS,
        pauses_seconds: Sequence[float] | None = None,
        page: int = PAGE,
    ) -> None:
        self.address: Address = parse(source)
        self.page = page
        self._client = _library_client(self.address.root, read_seconds, pauses_seconds)

    def ping(self) -> None:
        """Pass when a DICOMweb service answers at the address.

        Raises:
            ServerError: otherwise; it says whether it is down, slow, refuses, or is no DICOMweb service.
        """
        self._results("search_for_studies", limit=1)

    def iter_series(self) -> Iterator[Series]:
        """Yield the series that match the address, page by page, each once.

        What the server returns is matched again here: servers may ignore attributes they do not know.

        Raises:
            ServerError: when the server does not answer, or does not tell an attribute that series are chosen by.
        """
        wanted = Filter(self.address.filters)
        study = self.address.filters.get("StudyInstanceUID", "")
        within = {"study_instance_uid": study} if study.replace(".", "").isdigit() else {}

        def page_at(limit: int, offset: int) -> list[dict[str, Any]]:
            return self._results(
                "search_for_series",
                **within,
                limit=limit,
                offset=offset,
                fields=list(self.address.filters) or None,
                search_filters=asked_for(self.address.filters) or None,
            )

        for found in paged(page_at, _SERIES, self.page):
            if wanted.matches(found):
                yield Series(
                    study_uid=_value(found, _STUDY),
                    series_uid=_value(found, _SERIES),
                    modality=_value(found, _MODALITY),
                )
        wanted.check_told()

    def instance_uids(self, series: Series, only: str = "") -> Iterator[str]:
        """Yield the SOP Instance UIDs of a series, page by page, each once; with `only`, that one if it is there."""

        def page_at(limit: int, offset: int) -> list[dict[str, Any]]:
            return self._results(
                "search_for_instances",
                study_instance_uid=series.study_uid,
                series_instance_uid=series.series_uid,
                limit=limit,
                offset=offset,
                search_filters={"SOPInstanceUID": only} if only else None,
            )

        for found in paged(page_at, _INSTANCE, self.page):
            uid = _value(found, _INSTANCE)
            if uid == (only or uid):
                yield uid

    def iter_instances(self) -> Iterator[Dataset]:
        """Yield the instances of all matching series; only one of them is held at a time.

        Raises:
            ServerError: when the server does not answer, or answers what is no whole DICOM instance.
        """
        for series in self.iter_series():
            for uid in self.instance_uids(series):
                yield self.retrieve(series, uid)

    def retrieve(self, series: Series, uid: str) -> Dataset:
        """Return one instance in the transfer syntax it is stored in, or that of the server's choice.

        Raises:
            ServerError: when the answer is not that instance.
        """
        try:
            dataset = self._retrieved(series, uid, (("application/dicom", "*"),))
        except ServerError as error:
            if error.status not in _WITHOUT_NEGOTIATION:
                raise
            dataset = self._retrieved(series, uid, ("application/dicom",))
        if dataset.get("SOPInstanceUID") != uid:
            raise ServerError(f"Asked for instance {hashed(uid)}, the server sent another.", "Ask who runs it.")
        return dataset

    def send(self, dataset: Dataset) -> Dataset:
        """Return what the server answers to a data set that is stored (STOW-RS); `store` verifies that it is.

        An answer that cannot be read says nothing, and is returned as an empty data set.
        """
        try:
            answer: Dataset = self._ask(lambda: self._client.store_instances([dataset]), "its answer is malformed")
        except UnreadableAnswerError:
            return Dataset()
        return answer

    def _retrieved(self, series: Series, uid: str, media_types: tuple[Any, ...]) -> Dataset:
        dataset: Dataset = self._ask(
            lambda: self._client.retrieve_instance(series.study_uid, series.series_uid, uid, media_types=media_types),
            f"instance {hashed(uid)} comes as no DICOM file with a preamble",
        )
        return dataset

    def _results(self, search: str, **arguments: Any) -> list[dict[str, Any]]:
        try:
            results = self._ask(lambda: getattr(self._client, search)(**arguments), "its answer is no DICOM JSON")
        except ServerError as error:
            if error.status in (400, 404, 405):
                raise ServerError(
                    f"{self.address.root} is no DICOMweb root: HTTP status {error.status}.",
                    _NO_ROOT,
                    status=error.status,
                ) from None
            raise
        if not isinstance(results, list) or not all(_is_described(found) for found in results):
            raise ServerError(f"{self.address.root} is no DICOMweb root: its answer is no DICOM JSON.", _NO_ROOT)
        return results

    def _ask(self, question: Callable[[], Answer], otherwise: str) -> Answer:
        """Return what the library makes of an answer; what it cannot read is `otherwise`."""
        try:
            with unlogged():
                return question()
        # What json, pydicom and the library's decoder of multipart messages raise for what is none of theirs.
        except (ValueError, TypeError, LookupError, AttributeError, EOFError, InvalidDicomError):
            failure = f"{self.address.root}: {otherwise}."
        # Not chained: the library's error quotes the answer, which can name a patient.
        raise UnreadableAnswerError(failure, _NO_ROOT if "JSON" in otherwise else "Ask who runs it.")


def _library_client(root: str, read_seconds: float, pauses_seconds: Sequence[float] | None) -> Any:
    try:
        from dicomweb_client import DICOMwebClient
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            f"DICOMweb needs the package {error.name!r}, which is not installed.",
            "Install it: pip install 'acclimate-medical-imaging[web]'.",
        ) from error
    from acclimate_medical_imaging.web.session import PAUSES_SECONDS, VerifiedSession

    session = VerifiedSession(PAUSES_SECONDS if pauses_seconds is None else pauses_seconds)
    client = DICOMwebClient(root, session=session, permissive_uid=True, timeout=(CONNECT_SECONDS, read_seconds))
    client.set_http_retry_params(retry=False)  # it would repeat what the server refused; the session repeats the rest
    client.set_chunk_size(2**40)  # else it posts from a generator, of which a repeated request would send the rest
    return client


def _is_described(found: Any) -> bool:
    """Whether a result is an object of DICOM JSON (PS3.18, F.2) that says which study it is of."""
    return (
        isinstance(found, dict)
        and _STUDY in found
        and all(isinstance(element, dict) for element in found.values())
        and all(isinstance(element.get("Value", []), list) for element in found.values())
    )


def _value(found: Mapping[str, Any], tag: str) -> str:
    values = found.get(tag, {}).get("Value") or [""]
    return str(values[0])
