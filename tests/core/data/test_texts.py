from hashlib import sha256

from acclimate.data import text_fingerprints


def test_the_fingerprint_is_the_digest_of_the_text() -> None:
    assert text_fingerprints(["a", "Müll", "a"]) == [sha256(text.encode()).hexdigest() for text in ("a", "Müll", "a")]
