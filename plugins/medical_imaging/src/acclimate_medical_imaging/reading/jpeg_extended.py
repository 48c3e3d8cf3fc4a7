"""Twelve-bit JPEG by GDCM, whose own decoder pydicom does not ask for it.

pydicom refuses this one use of GDCM, since older builds had no twelve-bit codec. The other decoder that it knows,
pylibjpeg-libjpeg, is under the GPL.
"""

from typing import TYPE_CHECKING, Any

from acclimate.contracts import DataError

if TYPE_CHECKING:
    from pydicom.pixels.decoders.base import DecodeRunner

LABEL = "gdcm-12-bit"
DECODER_DEPENDENCIES: dict[Any, tuple[str, ...]] = {}
_SEQUENTIAL = (0, 63, 0)  # first and last coefficient of a scan, and its bit positions (ITU-T T.81, B.2.3)
_SOF1, _SOS = b"\xff\xc1", b"\xff\xda"


def is_available(uid: str) -> bool:
    """Say whether a transfer syntax is decoded here."""
    from pydicom.uid import JPEGExtended12Bit

    return uid == JPEGExtended12Bit


def register() -> None:
    """Let pydicom ask this decoder for JPEG Extended after its own."""
    from pydicom.pixels.decoders.base import JPEGExtended12BitDecoder

    if LABEL not in (*JPEGExtended12BitDecoder.available_plugins, *JPEGExtended12BitDecoder.missing_dependencies):
        JPEGExtended12BitDecoder.add_plugin(LABEL, (__name__, "decode_frame"))


def decode_frame(src: bytes, runner: "DecodeRunner") -> bytes:
    """Return the pixels of one encoded frame as little-endian 16-bit numbers.

    Raises:
        DataError: when the frame is malformed, not of twelve bits, or not of the size that the header says.
    """
    import gdcm

    _check(src)
    fragment, fragments = gdcm.Fragment(), gdcm.SequenceOfFragments.New()
    fragment.SetByteStringValue(src)
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((runner.columns, runner.rows, 1))
    image.SetDataElement(element)
    kind = gdcm.PhotometricInterpretation.GetPIType(str(runner.photometric_interpretation))
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(kind))
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(str.__str__(runner.transfer_syntax))))
    bits = runner.bits_stored
    image.SetPixelFormat(gdcm.PixelFormat(1, 16, bits, bits - 1, runner.pixel_representation))
    found = image.GetBuffer().encode("utf-8", "surrogateescape")
    if len(found) != 2 * runner.rows * runner.columns:
        raise DataError("GDCM decodes its twelve-bit JPEG to another size than its header says")
    return bytes(found)


def _check(src: bytes) -> None:
    frame, scan = src.find(_SOF1), src.find(_SOS)
    if frame < 0 or scan < 0 or src[frame + 4] != 12:
        raise DataError("its JPEG is not of twelve bits")
    length = int.from_bytes(src[scan + 2 : scan + 4], "big")
    if tuple(src[scan + length - 1 : scan + length + 2]) != _SEQUENTIAL:
        raise DataError("the header of its JPEG scan is malformed")
