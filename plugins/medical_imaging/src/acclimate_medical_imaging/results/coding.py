"""Concepts as highdicom takes and gives them."""

from typing import Any

from acclimate_medical_imaging.results.identity import SCHEME, Concept
from acclimate_medical_imaging.results.making import highdicom


def coded(concept: Concept) -> Any:
    """Return a concept as highdicom takes it."""
    return highdicom().sr.CodedConcept(value=concept.value, scheme_designator=concept.scheme, meaning=concept.meaning)


def concept_of(code: Any) -> Concept:
    """Return a concept that highdicom read."""
    return Concept(value=str(code.value), scheme=str(code.scheme_designator), meaning=str(code.meaning))


def private_scheme() -> Any:
    """Return what an object says of the private coding scheme that some of its concepts are from."""
    return highdicom().coding_schemes.CodingSchemeIdentificationItem(
        designator=SCHEME, name="Labels of a model, by Acclimate", responsible_organization="Acclimate"
    )
