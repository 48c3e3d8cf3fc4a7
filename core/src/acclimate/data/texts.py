"""Texts: their fingerprints."""

import hashlib
from collections.abc import Iterable


def text_fingerprints(texts: Iterable[str]) -> list[str]:
    """Return the SHA-256 of each text, encoded as UTF-8, in hexadecimal."""
    return [hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() for text in texts]
