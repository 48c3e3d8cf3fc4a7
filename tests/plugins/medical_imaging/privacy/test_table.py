"""The table is the newest that dicom-anonymizer has, and says so where it is not installed."""

import sys

import pytest
from acclimate.contracts import MissingPackageError
from acclimate_medical_imaging.privacy.table import DEVICE, PATIENT, Action, read_table
from pydicom.datadict import dictionary_VR, keyword_for_tag


def test_the_edition_is_2026c_and_no_attribute_of_its_lists_is_lost() -> None:
    from dicomanonymizer.dicom_anonymization_databases import dicomfields_2026c

    table = read_table()
    single = {tag for tag in dicomfields_2026c.ALL_TAGS if len(tag) == 2}
    assert table.edition == "2026c"
    assert set(table.actions) == {group << 16 | element for group, element in single}


@pytest.mark.parametrize(
    ("tag", "action"),
    [
        (0x00081030, Action.REMOVE),  # Study Description: X
        (0x00100030, Action.EMPTY),  # Patient's Birth Date: Z
        (0x00080022, Action.EMPTY),  # Acquisition Date: X/Z
        (0x00080080, Action.DUMMY),  # Institution Name: X/Z/D
        (0x0020000D, Action.NEW_UID),  # Study Instance UID: U
        (0x00082112, Action.REFERENCES),  # Source Image Sequence: X/Z/U*
    ],
)
def test_actions_are_those_of_table_e_1_1(tag: int, action: Action) -> None:
    assert read_table().actions[tag] is action


def test_what_the_options_keep_is_in_the_table() -> None:
    assert set(read_table().actions) >= DEVICE | PATIENT
    assert {keyword_for_tag(tag) for tag in PATIENT} == {
        *("PatientSex", "PatientAge", "PatientSize", "PatientWeight"),
        *("SmokingStatus", "PregnancyStatus", "PatientSexNeutered"),
    }
    assert not {dictionary_VR(tag) for tag in DEVICE} & {"DA", "DT", "TM", "PN"}


def test_the_extra_is_named_where_the_package_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dicomanonymizer.dicom_anonymization_databases", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'acclimate-medical-imaging\[deidentify\]'"):
        read_table()
