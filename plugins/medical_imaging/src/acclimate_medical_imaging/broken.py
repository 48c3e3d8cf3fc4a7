"""What is raised on files that are not as the standard says. The messages may hold values: only the kind is told."""

import struct
import zlib

from pydicom.errors import BytesLengthException, InvalidDicomError

BROKEN = (
    *(AttributeError, EOFError, LookupError, OverflowError, RuntimeError),
    *(TypeError, ValueError, BytesLengthException, InvalidDicomError, struct.error, zlib.error),
)
