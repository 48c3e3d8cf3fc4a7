"""Who made a result."""

import json
from hashlib import sha256

import pytest
from acclimate.contracts import OptionError
from acclimate_medical_imaging.results import Concept, ModelIdentity
from acclimate_medical_imaging.results.identity import label_concept


def test_a_saved_run_is_named_by_its_preset_backbone_release_and_hash() -> None:
    manifest = {
        "preset": "medical-imaging/diagnosis",
        "backbone": {"name": "efficientnet-lite0"},
        "acclimate": "0.1.0",
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    assert ModelIdentity.of(manifest) == ModelIdentity(
        name="medical-imaging/diagnosis (efficientnet-lite0)",
        version="0.1.0",
        bundle_sha256=sha256(text.encode()).hexdigest(),
    )


@pytest.mark.parametrize(
    ("name", "version", "digest", "message"),
    [
        ("", "1", "0" * 64, "name of a model"),
        ("m" * 65, "1", "0" * 64, "name of a model"),
        ("a\\b", "1", "0" * 64, "backslash"),
        ("m", " ", "0" * 64, "version of a model"),
        ("m", "1", "0" * 63, "64 hexadecimal digits"),
    ],
)
def test_what_dicom_cannot_hold_is_refused(name: str, version: str, digest: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        ModelIdentity(name=name, version=version, bundle_sha256=digest)


def test_a_label_has_the_same_private_concept_everywhere_and_no_other_label_has_it() -> None:
    assert label_concept("nodule") == label_concept("nodule")
    assert label_concept("nodule").value != label_concept("Nodule").value
    assert label_concept("nodule").scheme == "99ACCLIMATE"


def test_a_code_is_short() -> None:
    with pytest.raises(OptionError, match="1 to 16 characters"):
        Concept(value="x" * 17, scheme="SCT", meaning="Nodule")
