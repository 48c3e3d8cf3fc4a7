"""A search for names, numbers, dates and UIDs that still stand in files."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acclimate.contracts import DataError, OptionError

from acclimate_medical_imaging.quiet import quiet

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

SHORTEST_TOKEN = 4
PREAMBLE = 128
_DATES = ("%Y%m%d", "%Y-%m-%d", "%Y.%m.%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y")
_ENCODINGS = ("utf-8", "latin-1", "utf-16-le", "utf-16-be")

Token = str | bytes | date


@dataclass(frozen=True, kw_only=True)
class Leak:
    """A token that still stands: in which file, and where in it.

    `place` is "name of the file", "preamble", a path of attributes such as
    "RequestAttributesSequence[0].ScheduledProcedureStepID", or "byte 1024" where no attribute holds it.
    """

    file: Path
    token: Token
    place: str


def scan(source: Path | str, tokens: Iterable[Token]) -> tuple[Leak, ...]:
    """Return where tokens still stand in a file, or in all files of a folder, DICOM or not.

    Text is found in any case and in the usual encodings, in names of files and folders too; dates, given as `date` or
    as YYYYMMDD, in ten ways of writing them. Every byte is searched as it lies, and every attribute once more as it
    is decoded, which also finds text in deflated files and numbers in binary form. Text drawn in pixels is not found.

    Raises:
        OptionError: for tokens of fewer than 4 characters, which stand everywhere by chance.
        DataError: when the source does not exist.
    """
    wanted = [_forms(token) for token in tokens]
    source = Path(source)
    if not source.exists():
        raise DataError(f"{source} does not exist.", "Give a file or a folder.")
    files = [file for file in sorted(source.rglob("*")) if file.is_file()] if source.is_dir() else [source]
    return tuple(leak for file in files for leak in _leaks(file, source, wanted))


@dataclass(frozen=True, kw_only=True)
class _Forms:
    """The ways a token may be written: as text in small letters, and as bytes in small letters."""

    token: Token
    texts: tuple[str, ...]
    raw: tuple[bytes, ...]

    def among(self, value: str | bytes) -> bool:
        if isinstance(value, bytes):
            return any(form in value for form in self.raw)
        return any(form in value for form in self.texts)


def _forms(token: Token) -> _Forms:
    if not isinstance(token, date) and len(token) < SHORTEST_TOKEN:
        raise OptionError(
            f"A token has {len(token)} characters.", f"Give {SHORTEST_TOKEN} or more: shorter ones stand everywhere."
        )
    if isinstance(token, bytes):
        return _Forms(token=token, texts=(), raw=(token.lower(),))
    texts = tuple(dict.fromkeys(_written(token)))
    raw = {one for text in texts for case in (text, text.lower(), text.upper()) for one in _encoded(case)}
    return _Forms(token=token, texts=tuple(text.casefold() for text in texts), raw=tuple(raw))


def _written(token: str | date) -> Iterator[str]:
    if isinstance(token, str):
        yield token
        if len(token) != 8 or not token.isdigit():
            return
        try:
            token = date(int(token[:4]), int(token[4:6]), int(token[6:]))
        except ValueError:  # eight digits that are no date
            return
    yield from (token.strftime(form) for form in _DATES)


def _encoded(text: str) -> Iterator[bytes]:
    for encoding in _ENCODINGS:
        try:
            yield text.encode(encoding).lower()
        except UnicodeEncodeError:  # no such letter in Latin-1
            continue


def _leaks(file: Path, source: Path, wanted: Iterable[_Forms]) -> Iterator[Leak]:
    data = file.read_bytes().lower()
    attributes = list(_attributes(file))
    name = file.relative_to(source).as_posix() if file != source else file.name
    for forms in wanted:
        places = [place for place, value in attributes if forms.among(value)]
        if forms.among(name.casefold()):
            places.append("name of the file")
        if data[PREAMBLE : PREAMBLE + 4] == b"dicm" and forms.among(data[:PREAMBLE]):
            places.append("preamble")
        if not places and forms.among(data):
            places.append(f"byte {min(data.find(form) for form in forms.raw if form in data)}")
        yield from (Leak(file=file, token=forms.token, place=place) for place in places)


def _attributes(file: Path) -> Iterator[tuple[str, str | bytes]]:
    """Yield the path and the value, in small letters, of each attribute that can be read."""
    from pydicom import dcmread

    from acclimate_medical_imaging.broken import BROKEN

    with quiet():
        try:
            dataset = dcmread(file)
        except (OSError, *BROKEN):  # not a DICOM file, or a damaged one: its bytes are searched all the same
            return
        for root in (dataset.file_meta, dataset):
            yield from _values(root, "")


def _values(dataset: "Dataset", path: str) -> Iterator[tuple[str, str | bytes]]:
    from acclimate_medical_imaging.broken import BROKEN

    for tag in list(dataset.keys()):
        try:
            element = dataset[tag]
            value: Any = element.value
        except BROKEN:  # its bytes are searched all the same
            continue
        place = path + (element.keyword or str(tag))
        if element.VR == "SQ":
            for number, item in enumerate(value):
                yield from _values(item, f"{place}[{number}].")
        elif isinstance(value, bytes):
            yield place, value.lower()
        else:
            yield place, str(value).casefold()
