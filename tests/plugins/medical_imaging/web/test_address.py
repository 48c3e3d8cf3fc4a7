"""Addresses of DICOMweb servers."""

import pytest
from acclimate.contracts import OptionError, UnknownNameError
from acclimate_medical_imaging.web.address import Address, parse


@pytest.mark.parametrize(
    ("source", "root", "filters"),
    [
        ("dicomweb://pacs.example/dicom-web", "https://pacs.example/dicom-web", {}),
        ("dicomweb://pacs.example:8443/a/b/?Modality=CT", "https://pacs.example:8443/a/b", {"Modality": "CT"}),
        ("dicomweb+http://127.0.0.1:8042/dicom-web", "http://127.0.0.1:8042/dicom-web", {}),
        ("dicomweb+http://orthanc:8042", "http://orthanc:8042", {}),
        ("dicomweb+http://192.168.3.4/x", "http://192.168.3.4/x", {}),
        ("dicomweb+http://[::1]:8042/x", "http://[::1]:8042/x", {}),
        (
            "dicomweb://pacs.example?PatientName=A%2A&StudyDate=2020-2021",
            "https://pacs.example",
            {"PatientName": "A*", "StudyDate": "2020-2021"},
        ),
    ],
)
def test_an_address_names_a_root_and_attributes(source: str, root: str, filters: dict[str, str]) -> None:
    assert parse(source) == Address(root=root, filters=filters)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("dicomweb://me:sesame@pacs.example/x", "holds credentials.*ACCLIMATE_DICOMWEB_TOKEN"),
        ("dicomweb://sesame@pacs.example/x", "holds credentials"),
        ("https://pacs.example/x", "scheme 'https'"),
        ("dicomweb:///x", "no host"),
        ("dicomweb://pacs.example/x#sesame", "a fragment"),
        ("dicomweb://pacs.example:port/x", "malformed"),
        ("dicomweb+http://pacs.example/x", "pacs.example is neither.*dicomweb://"),
        ("dicomweb+http://8.8.8.8/x", "8.8.8.8 is neither"),
        ("dicomweb://pacs.example?PatientID=", "PatientID is given without a value"),
        ("dicomweb://pacs.example?PatientID=sesame&PatientID=b", "or twice"),
    ],
)
def test_what_is_no_address_is_refused_without_being_repeated(source: str, message: str) -> None:
    with pytest.raises(OptionError, match=message) as caught:
        parse(source)
    assert "sesame" not in str(caught.value)


def test_an_unknown_attribute_is_told_apart_from_a_misspelt_one() -> None:
    with pytest.raises(UnknownNameError, match=r"'PatientId' is no DICOM attribute.*'PatientID'") as caught:
        parse("dicomweb://pacs.example?PatientId=sesame")
    assert "sesame" not in str(caught.value)


def test_what_is_printed_of_an_address_does_not_name_the_patient() -> None:
    assert "sesame" not in repr(parse("dicomweb://pacs.example?PatientID=sesame"))
