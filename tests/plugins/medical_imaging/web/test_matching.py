"""Attributes matched on this side."""

from typing import Any

import pytest
from acclimate_medical_imaging.web import ServerError
from acclimate_medical_imaging.web.matching import Filter, asked_for
from pydicom import Dataset


def _result(**values: Any) -> dict[str, Any]:
    dataset = Dataset()
    for name, value in values.items():
        setattr(dataset, name, value)
    return dataset.to_json_dict()


@pytest.mark.parametrize(
    ("keyword", "wanted", "value", "expected"),
    [
        ("Modality", "CT", "CT", True),
        ("SeriesDescription", "CT", "ct", False),
        ("Modality", "CT", "CTA", False),
        ("PatientID", "a.c", "abc", False),
        ("PatientID", "a?c", "abc", True),
        ("PatientID", "a[b]c", "a[b]c", True),
        ("SeriesDescription", "*lung*", "CT lung 1 mm", True),
        ("PatientName", "müller*", "MÜLLER^Jörg", True),
        ("StudyInstanceUID", "1.2.3,1.2.4", "1.2.4", True),
        ("StudyInstanceUID", "1.2.*", "1.2.4", False),
        ("StudyDate", "20200101-20201231", "20201231", True),
        ("StudyDate", "20200101-20201231", "20210101", False),
        ("StudyDate", "20200101-", "20260101", True),
        ("StudyDate", "-20200101", "20260101", False),
        ("StudyTime", "10-11", "115959", True),
        ("StudyTime", "10-11", "120000", False),
        ("SeriesNumber", "0", "0", True),
        ("SeriesNumber", "3", "13", False),
    ],
)
def test_values_match_as_the_standard_says(keyword: str, wanted: str, value: str, expected: bool) -> None:
    assert Filter({keyword: wanted}).matches(_result(**{keyword: value})) is expected


@pytest.mark.parametrize(
    ("keyword", "wanted", "asked"),
    [
        ("PatientID", "a b", "a*b"),
        ("PatientName", "Müller^J?rg*", "M*ller*J*rg*"),
        ("StudyInstanceUID", "1.2\\1.3", "1.2,1.3"),
        ("StudyDate", "20200101-20201231", "20200101-20201231"),
        ("SeriesDescription", "a,b&c", "a*b*c"),
    ],
)
def test_servers_are_asked_for_at_least_what_is_wanted(keyword: str, wanted: str, asked: str) -> None:
    assert asked_for({keyword: wanted}) == {keyword: asked}


def test_one_of_several_values_is_enough_and_every_attribute_must_match() -> None:
    both = Filter({"ModalitiesInStudy": "SEG", "PatientID": "a"})
    assert both.matches(_result(ModalitiesInStudy=["CT", "SEG"], PatientID="a"))
    assert not both.matches(_result(ModalitiesInStudy=["CT", "SEG"], PatientID="b"))


def test_a_server_that_tells_an_attribute_of_no_result_is_not_believed() -> None:
    wanted = Filter({"PatientID": "a"})
    assert not wanted.matches(_result(Modality="CT"))
    with pytest.raises(ServerError, match="does not tell PatientID"):
        wanted.check_told()


def test_an_attribute_without_a_value_was_told() -> None:
    wanted = Filter({"BodyPartExamined": "CHEST"})
    assert not wanted.matches(_result(BodyPartExamined=None))
    assert not wanted.matches(_result(Modality="CT"))
    wanted.check_told()


def test_without_results_nothing_was_kept_back() -> None:
    Filter({"PatientID": "a"}).check_told()
