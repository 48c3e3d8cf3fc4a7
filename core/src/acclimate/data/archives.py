"""Zip archives that a stranger sent."""

import zipfile
import zlib

# What `zipfile` raises, besides OSError, of an archive that is damaged, encrypted or packed in a way it does not know
# (both RuntimeError, or derived from it).
UNPACKABLE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)
