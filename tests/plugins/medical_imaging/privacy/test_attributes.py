"""Each attribute becomes what the table says; what it does not list stays only where it cannot name anybody."""

from typing import Any

import pytest
from acclimate_medical_imaging.privacy.attributes import Rules, clean
from acclimate_medical_imaging.privacy.keyed import Keyed, Secret
from acclimate_medical_imaging.privacy.table import DEVICE, PATIENT, read_table
from pydicom.datadict import DicomDictionary
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from .conftest import item

KEYED = Keyed(Secret(key=b"sixteen or more letters"))
GONE = object()


def cleaned(dataset: Dataset, kept: frozenset[int] = frozenset(), days: int | None = None) -> Dataset:
    clean(dataset, Rules(table=read_table(), kept=kept, keyed=KEYED, days_earlier=days))
    return dataset


def value(dataset: Dataset, keyword: str) -> Any:
    return dataset[keyword].value if keyword in dataset else GONE


@pytest.mark.parametrize(
    ("keyword", "before", "after"),
    [
        ("StudyDescription", "knee of Jane", GONE),  # X
        ("PatientBirthDate", "19610723", ""),  # Z
        ("AcquisitionDate", "20200101", ""),  # X/Z
        ("SeriesDate", "20200101", "19000101"),  # X/D
        ("AcquisitionDateTime", "20200101101112", "19000101000000"),  # X/Z/D
        ("InstitutionName", "Hospital", "REMOVED"),  # X/Z/D
        ("SpecimenPreparationSequence", [item(ContentTime="101112")], []),  # Z
        ("PersonIdentificationCodeSequence", [item(CodeMeaning="Jane")], GONE),  # D
        ("ManufacturerModelName", "Model", "Model"),  # not listed from here on
        ("KVP", 120, 120),
        ("SegmentDescription", "drawn by Jane", GONE),
        ("ContentDescription", "drawn by Jane", ""),
        ("AcquisitionProtocolName", "knee of Jane", ""),
        ("SecondaryReviewerName", "Jane", ""),
        ("DateOfGainCalibration", "20200101", "19000101"),
        ("SourceApplicationEntityTitle", "AE", GONE),
        ("PatientBirthDateInAlternativeCalendar", "1961", GONE),
        ("LongCodeValue", "621566751000087104", "621566751000087104"),
        ("EncryptedAttributesSequence", [item(EncryptedContent=b"Jane")], GONE),
    ],
)
def test_an_attribute_becomes_what_the_table_says(keyword: str, before: Any, after: Any) -> None:
    assert value(cleaned(item(**{keyword: before})), keyword) == after


@pytest.mark.parametrize("keyword", ["SOPClassUID", "ReferencedSOPClassUID", "AvailableTransferSyntaxUID"])
def test_classes_stay_even_of_makers(keyword: str) -> None:
    assert value(cleaned(item(**{keyword: "1.3.12.2.1107.5.9.1"})), keyword) == "1.3.12.2.1107.5.9.1"


def test_registers_of_codes_stay_and_those_of_a_hospital_do_not() -> None:
    assert cleaned(item(CodingSchemeUID="2.16.840.1.113883.6.96")).CodingSchemeUID == "2.16.840.1.113883.6.96"
    assert cleaned(item(CodingSchemeUID="1.2.3.4")).CodingSchemeUID == KEYED.uid("1.2.3.4")


def test_each_of_several_uids_is_mapped_and_none_stays_none() -> None:
    many = cleaned(item(IrradiationEventUID=["1.2.3", "1.2.4"], DeviceUID=""))
    assert list(many.IrradiationEventUID) == [KEYED.uid("1.2.3"), KEYED.uid("1.2.4")]
    assert not many.DeviceUID


def test_a_uid_of_the_wrong_type_is_removed() -> None:
    dataset = Dataset()
    dataset.add(DataElement(0x00080018, "LO", "Jane Roe"))
    assert len(cleaned(dataset)) == 0


def test_a_sequence_that_is_written_as_bytes_is_removed() -> None:
    dataset = Dataset()
    dataset.add(DataElement(0x00081115, "OB", b"Jane Roe"))  # Referenced Series Sequence
    dataset.add(DataElement(0x0018100A, "OB", b"Jane Roe"))  # UDI Sequence
    assert len(cleaned(dataset, kept=DEVICE)) == 0


def test_rules_hold_at_every_depth() -> None:
    depth = item(ReferencedSOPInstanceUID="1.2.3", PatientName="Jane", StudyDescription="knee")
    for _ in range(5):
        depth = item(ReferencedSeriesSequence=[depth])
    inside = cleaned(depth)
    for _ in range(5):
        (inside,) = inside.ReferencedSeriesSequence
    assert (inside.ReferencedSOPInstanceUID, str(inside.PatientName)) == (KEYED.uid("1.2.3"), "")
    assert "StudyDescription" not in inside


def test_the_device_is_kept_where_that_is_asked_for() -> None:
    device = {
        "StationName": "CT01",
        "DeviceSerialNumber": "4711",
        "DeviceUID": "1.2.3",
        "InstitutionName": "Hospital",
        "UDISequence": [item(UniqueDeviceIdentifier="(01)123", DeviceDescription="CT", PatientName="Jane")],
    }
    kept = cleaned(item(**device), kept=DEVICE)
    assert (kept.StationName, kept.DeviceSerialNumber, kept.DeviceUID) == ("CT01", "4711", "1.2.3")
    assert kept.InstitutionName == "REMOVED"
    (udi,) = kept.UDISequence
    assert (udi.UniqueDeviceIdentifier, udi.DeviceDescription, udi.PatientName) == ("(01)123", "CT", "")


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
@pytest.mark.parametrize(
    ("age", "kept"),
    [("089Y", "089Y"), ("090Y", "090Y"), ("104Y", "090Y"), ("018M", "018M"), ("004D", "004D"), ("Jane", GONE)],
)
def test_ages_above_89_are_one_group(age: str, kept: Any) -> None:
    assert value(cleaned(item(PatientAge=age), kept=PATIENT), "PatientAge") == kept


@pytest.mark.parametrize(
    ("keyword", "before", "after"),
    [
        ("StudyDate", "20200301", "20200220"),
        ("AdmittingDate", "20200301", "20200220"),  # X: the option wins over the profile
        ("DateOfSecondaryCapture", ["20200301", "20200302"], ["20200220", "20200221"]),
        ("AcquisitionDateTime", "20200301101112.5+0100", "20200220101112.5+0100"),
        ("StudyTime", "101112", "101112"),
        ("PatientBirthDate", "19610723", ""),
        ("PatientBirthTime", "101112", GONE),
        ("StudyDate", "Jane", ""),  # no date: as without the option
        ("SeriesDate", "Jane", "19000101"),
        ("AdmittingDate", "Jane", GONE),
        ("StudyDate", "", ""),
        ("TimezoneOffsetFromUTC", "+0100", GONE),
    ],
)
@pytest.mark.filterwarnings("ignore:Invalid value for VR")
def test_dates_move_where_that_is_asked_for(keyword: str, before: Any, after: Any) -> None:
    assert value(cleaned(item(**{keyword: before}), days=10), keyword) == after


def test_private_dates_go_even_where_dates_are_kept() -> None:
    dataset = item(StudyDate="20200301")
    dataset.private_block(0x0009, "MAKER", create=True).add_new(1, "DA", "20200301")
    dataset.add_new(0x60000022, "LO", "overlay")
    assert [element.keyword for element in cleaned(dataset, days=10)] == ["StudyDate"]


@pytest.mark.parametrize("tag", [0x00091001, 0x60004000, 0x50002500])
def test_private_attributes_overlays_and_curves_go_even_where_a_dictionary_knows_them(
    monkeypatch: pytest.MonkeyPatch, tag: int
) -> None:
    monkeypatch.setitem(DicomDictionary, tag, ("LO", "1", "Known", "", "Known"))
    dataset = Dataset()
    dataset.add_new(tag, "LO", "Jane")
    assert len(cleaned(dataset)) == 0
