"""Structured reports: a prediction written as a DICOM measurement report (TID 1500), and read back.

There is one measurement group (TID 1501) for each label, the likeliest first:

| content | concept | value |
|---|---|---|
| finding | (121071, DCM, "Finding") | the label: a concept given by the caller, else (L-…, 99ACCLIMATE, label) |
| probability | (122157, DCM, "Probability") | 0 to 1, units (1, UCUM, "no units") |
| given | (GIVEN, 99ACCLIMATE, "Label given by the model") | Yes, No or Undetermined of SCT (CID 230) |
| algorithm | TID 4019 | name, version, and the sha256 of the saved run as a parameter |

"Undetermined" is what a label gets that the model would give but is not sure enough of.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from acclimate.contracts import OptionError, Prediction
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

from acclimate_medical_imaging.results.coding import coded, private_scheme
from acclimate_medical_imaging.results.files import save
from acclimate_medical_imaging.results.identity import (
    NOT_FOR_DIAGNOSTIC_USE,
    SCHEME,
    UTF_8,
    Concept,
    ModelIdentity,
    label_concept,
)
from acclimate_medical_imaging.results.making import highdicom, making
from acclimate_medical_imaging.results.regions import region_groups
from acclimate_medical_imaging.results.sources import checked_sources

SERIES_NUMBER = 9002
GIVEN = Concept(value="GIVEN", scheme=SCHEME, meaning="Label given by the model")


def write_report(
    source_datasets: Sequence[Dataset],
    prediction: Prediction,
    *,
    model: ModelIdentity,
    concepts: Mapping[str, Concept] | None = None,
    segmentation: Dataset | None = None,
    output: str | Path | None = None,
) -> Dataset:
    """Return a prediction as a DICOM structured report (Comprehensive SR, TID 1500) in a new series of the study.

    Its observer is a device, the model; it is complete but neither final nor verified, is qualified as RESEARCH, and
    says in a comment and in its series description that it is not for diagnostic use.

    Args:
        source_datasets: the images that were read, of one series.
        prediction: the label and the probabilities.
        model: what predicted them.
        concepts: the concept of a terminology for some labels or all; the others get a private one.
        segmentation: what `write_segmentation` wrote for the same images, to be referred to, one group a segment.
        output: a new file to write as well.

    Raises:
        DataError: when the images are not of one series, or the segmentation is not of them.
        OptionError: when a concept is given for no label, or two labels share one.
        OutputError: when `output` exists or cannot be written.
        MissingPackageError: without the extra `results`.
    """
    hd = highdicom()
    sources = checked_sources(source_datasets)
    named = _named(prediction, concepts or {})
    with making("A report"):
        groups = [_group(sources, prediction, label, named[label], model) for label in named]
        if segmentation is not None:
            groups.extend(region_groups(sources, segmentation, algorithm(model)))
        report = hd.sr.ComprehensiveSR(
            evidence=[*sources, *([] if segmentation is None else [segmentation])],
            content=_content(groups, model),
            series_instance_uid=generate_uid(),
            series_number=SERIES_NUMBER,
            sop_instance_uid=generate_uid(),
            instance_number=1,
            manufacturer="Acclimate",
            is_complete=True,
            is_final=False,
            is_verified=False,
            manufacturer_model_name=model.name,
            software_versions=model.version,
            device_serial_number=model.bundle_sha256,
            series_description="Prediction of a model, not for diagnostic use",
            content_qualification="RESEARCH",
            coding_schemes=[private_scheme()],
        )
    report.SpecificCharacterSet = UTF_8
    if output is not None:
        save(report, output)
    return report  # type: ignore[no-any-return]


def algorithm(model: ModelIdentity) -> Any:
    """Return the identification of a model (TID 4019)."""
    return highdicom().sr.AlgorithmIdentification(
        name=model.name,
        version=model.version,
        parameters=[f"bundle_sha256={model.bundle_sha256}"],
        family=codes.DCM.ArtificialIntelligence,
    )


def _content(groups: Sequence[Any], model: ModelIdentity) -> Any:
    """Return the content tree of a report."""
    hd = highdicom()
    content = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(observer_device_context=_observer(model)),
        procedure_reported=codes.SCT.ImagingProcedure,
        imaging_measurements=groups,
    )
    content[0].ContentSequence.append(
        hd.sr.TextContentItem(
            name=codes.DCM.Comment,
            value=NOT_FOR_DIAGNOSTIC_USE,
            relationship_type=hd.sr.RelationshipTypeValues.CONTAINS,
        )
    )
    return content


def _named(prediction: Prediction, concepts: Mapping[str, Concept]) -> dict[str, Concept]:
    """Return the concept of each label, the likeliest first; of equally likely ones the predicted first."""
    unknown = sorted(set(concepts) - set(prediction.probabilities))
    if unknown:
        raise OptionError(
            f"Concepts are given for {', '.join(map(repr, unknown))}, which the model does not predict.",
            f"Its labels: {', '.join(map(repr, prediction.probabilities))}.",
        )
    labels = sorted(
        prediction.probabilities, key=lambda label: (-prediction.probabilities[label], label != prediction.label)
    )
    named = {label: concepts.get(label) or label_concept(label) for label in labels}
    if len({(concept.scheme, concept.value) for concept in named.values()}) < len(named):
        raise OptionError("Two labels have the same concept.", "Give each label a concept of its own.")
    return named


def _group(
    sources: Sequence[Dataset], prediction: Prediction, label: str, concept: Concept, model: ModelIdentity
) -> Any:
    hd = highdicom()
    return hd.sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(uid=generate_uid(), identifier=label),
        finding_type=coded(concept),
        algorithm_id=algorithm(model),
        measurements=[
            hd.sr.Measurement(
                name=codes.DCM.Probability, value=float(prediction.probabilities[label]), unit=codes.UCUM.NoUnits
            )
        ],
        qualitative_evaluations=[hd.sr.QualitativeEvaluation(name=coded(GIVEN), value=_given(prediction, label))],
        source_images=[
            hd.sr.SourceImageForMeasurementGroup(
                referenced_sop_class_uid=source.SOPClassUID, referenced_sop_instance_uid=source.SOPInstanceUID
            )
            for source in sources
        ],
    )


def _given(prediction: Prediction, label: str) -> Any:
    if label not in prediction.labels:
        return codes.SCT.No
    return codes.SCT.Undetermined if prediction.answered is False else codes.SCT.Yes


def _observer(model: ModelIdentity) -> Any:
    hd = highdicom()
    # The same model is the same device wherever it reports: a UID of its hash (PS3.5, B.2).
    uid = f"2.25.{int(model.bundle_sha256[:32], 16)}"
    return hd.sr.ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=hd.sr.DeviceObserverIdentifyingAttributes(
            uid=uid,
            name=model.name,
            manufacturer_name="Acclimate",
            model_name=model.name,
            serial_number=model.bundle_sha256,
        ),
    )
