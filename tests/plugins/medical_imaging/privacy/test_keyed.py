"""UIDs, pseudonyms and shifts come from the secret alone."""

import hashlib
import hmac
from pathlib import Path

import pytest
from acclimate.contracts import OptionError, OutputError
from acclimate_medical_imaging.privacy.keyed import Keyed, Secret, secret_from
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

KEY = b"sixteen or more letters"
UIDS = st.lists(st.integers(1, 10**9), min_size=3, max_size=6).map(lambda parts: ".".join(map(str, (1, 2, *parts))))


def keyed(key: bytes = KEY) -> Keyed:
    return Keyed(Secret(key=key))


def test_a_uid_is_the_first_128_bits_of_the_hmac() -> None:
    digest = hmac.new(KEY, b"1.2.826.0.1.3680043.1", hashlib.sha256).hexdigest()
    assert keyed().uid("1.2.826.0.1.3680043.1") == f"2.25.{int(digest[:32], 16)}"


@given(UIDS, UIDS)
def test_a_uid_maps_to_one_valid_uid_and_two_to_two(one: str, other: str) -> None:
    new = keyed().uid(one)
    assert UID(new).is_valid
    assert len(new) <= 44
    assert new == keyed().uid(one) != keyed(KEY + b"!").uid(one)
    assert (new == keyed().uid(other)) == (one == other)


@pytest.mark.parametrize("uid", ["", CTImageStorage, ExplicitVRLittleEndian, "1.2.840.10008.1.4.1.1"])
def test_uids_of_the_standard_stay(uid: str) -> None:
    mapping = keyed()
    assert mapping.uid(uid) == uid
    assert mapping.uids == {}


def test_patients_get_names_and_shifts_of_their_own() -> None:
    patients = [keyed().patient(f"MRN-{number}") for number in range(500)]
    assert len({patient.name for patient in patients}) == 500
    assert all(1 <= patient.days_earlier <= 3652 for patient in patients)
    assert len({patient.days_earlier for patient in patients}) > 400
    assert keyed().patient("MRN-1") == patients[1] != keyed(KEY + b"!").patient("MRN-1")


def test_secrets_are_checked_and_made(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="has 15 characters, of at least 16"):
        secret_from("fifteen letters", None)
    with pytest.raises(OptionError, match="Give one of them"):
        secret_from("sixteen letters.", tmp_path / "secret")
    (tmp_path / "short").write_text("short\n")
    with pytest.raises(OptionError, match="has 5 characters"):
        secret_from(None, tmp_path / "short")
    (tmp_path / "binary").write_bytes(b"\xff" * 20)
    with pytest.raises(OptionError, match=r"binary cannot be read\. Give a text file"):
        secret_from(None, tmp_path / "binary")
    with pytest.raises(OutputError, match=r"secret cannot be written \(No such file or directory\)"):
        secret_from(None, tmp_path / "nowhere" / "secret")
    assert secret_from(None, None).key != secret_from(None, None).key
    assert "letters" not in repr(secret_from("sixteen letters.", None))
