"""The parts of a DOCX file, opened as what a stranger sent: bounded, and without entities."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from acclimate.contracts import DataError
from acclimate.data.archives import UNPACKABLE
from defusedxml.common import DefusedXmlException

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
# What strict OOXML calls the same.
_STRICT = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
LARGEST_PART = 64_000_000
_MOST_PARTS = 20_000
# What real text compresses to; a bomb goes beyond 1,000.
_RATIO = 200
_SMALL = 1_000_000
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Package:
    """An open DOCX file: `part(name)` gives the root of one of its XML parts, None where it has none."""

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self._archive, self._name = archive, name
        self._names = set(archive.namelist())

    def part(self, name: str) -> Element | None:
        """Return the root of a part, its names those of transitional OOXML.

        Raises:
            DataError: when it is too large, is no XML, or declares entities.
        """
        if name not in self._names:
            return None
        raw = self._bytes(name)
        try:
            root: Element = defusedxml.ElementTree.fromstring(raw, forbid_dtd=True)
        except DefusedXmlException as error:
            raise DataError(
                f"{self._name} declares entities or a document type in {name}, which no word processor does.",
                "It may be an attack. Save it anew from a word processor that you trust.",
            ) from error
        except (ParseError, LookupError, ValueError) as error:
            raise DataError(f"{self._name} is damaged: {name} is no XML ({error}).", _AGAIN) from error
        for node in root.iter():
            if isinstance(node.tag, str) and node.tag.startswith(_STRICT):
                node.tag = WORD + node.tag[len(_STRICT) :]
                node.attrib = {key.replace(_STRICT, WORD): value for key, value in node.attrib.items()}
        return root

    def _bytes(self, name: str) -> bytes:
        """Return a part's bytes; what the archive says of sizes is not believed."""
        packed = self._archive.getinfo(name).compress_size
        most = min(LARGEST_PART, max(_SMALL, packed * _RATIO))
        try:
            with self._archive.open(name) as stream:
                raw = stream.read(most + 1)
        except (OSError, *UNPACKABLE) as error:
            raise DataError(f"{self._name} is damaged: {name} cannot be unpacked ({error}).", _AGAIN) from error
        if len(raw) > most:
            raise DataError(
                f"{self._name} is no contract: {name} unpacks to more than {most:,} bytes from {packed:,}.",
                "It may be an attack (a zip bomb). Save it anew from a word processor that you trust.",
            )
        return raw


_AGAIN = "Open it in a word processor and save it anew."


@contextmanager
def opened(path: Path) -> Iterator[Package]:
    """Open a DOCX file.

    Raises:
        DataError: when it is none: damaged, encrypted, in the older format, or another kind of archive.
    """
    with path.open("rb") as stream:
        if stream.read(len(_OLE)) == _OLE:
            raise _old(path)
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise DataError(f"{path.name} is damaged: it is no archive as DOCX files are ({error}).", _AGAIN) from error
    with archive:
        if len(archive.infolist()) > _MOST_PARTS:
            raise DataError(f"{path.name} is no contract: it has more than {_MOST_PARTS:,} parts.", _AGAIN)
        yield Package(archive, path.name)


def _old(path: Path) -> DataError:
    """Return the error for a compound file, in which an encrypted DOCX lies, or one of Word before 2007."""
    with path.open("rb") as stream:
        head = stream.read(1 << 20)
    if "EncryptedPackage".encode("utf-16-le") in head:
        return DataError(f"{path.name} is encrypted.", "Open it with its password and save a copy without one.")
    return DataError(f"{path.name} is in the format of Word before 2007 (.doc).", "Save it as .docx.")
