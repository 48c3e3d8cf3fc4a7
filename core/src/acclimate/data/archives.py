"""Zip archives that a stranger sent."""

import zipfile
import zlib

# What `zipfile` raises, besides OSError, of an archive that is damaged, packed in a way it does not know
# (NotImplementedError) or encrypted (RuntimeError).
UNPACKABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
