"""What cannot be chosen is refused before a file is read, and the codes are those of the standard."""

from typing import Any

import pytest
from acclimate.contracts import AcclimateError
from acclimate_medical_imaging.privacy.choices import CLEAN_PIXELS_CODE, OPTION_CODES, PROFILE_CODE, choose
from pydicom.sr._cid_dict import cid_concepts
from pydicom.sr.codedict import codes

RIGHT: dict[str, Any] = {"profile": "basic", "options": [], "burned_in": "quarantine", "clean_pixels": []}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"profile": "basi"}, "There is no profile 'basi'. Did you mean 'basic'?"),
        ({"options": ["retain_devices"]}, "There is no option 'retain_devices'. Did you mean 'retain_device'?"),
        ({"burned_in": "kept"}, "There is no burned_in 'kept'. Did you mean 'keep'?"),
        ({"clean_pixels": [(0, 0, 0, 5)]}, "clean_pixels has the rectangle 0,0,0,5."),
        ({"clean_pixels": [(-1, 0, 5, 5)]}, "clean_pixels has the rectangle -1,0,5,5."),
    ],
)
def test_a_wrong_choice_is_named(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(AcclimateError) as error:
        choose(**{**RIGHT, **wrong})
    assert str(error.value).startswith(message)


def test_the_codes_are_those_of_context_group_7050() -> None:
    group = {getattr(codes.DCM, name) for name in cid_concepts[7050]["DCM"]}
    known = {(code.value, code.meaning) for code in group}
    assert {PROFILE_CODE, CLEAN_PIXELS_CODE, *OPTION_CODES.values()} <= known
