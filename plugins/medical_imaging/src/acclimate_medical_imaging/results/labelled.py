"""Labels that a run predicts, as one report for each image, or for each series where it reads volumes."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from acclimate.contracts import DataError, Prediction
from pydicom import Dataset

from acclimate_medical_imaging.masks.pictures import Picture
from acclimate_medical_imaging.reading import headers
from acclimate_medical_imaging.reading.files import Place
from acclimate_medical_imaging.reading.pseudonyms import pseudonyms
from acclimate_medical_imaging.reading.rows import picture_id
from acclimate_medical_imaging.results.identity import ModelIdentity
from acclimate_medical_imaging.results.predicted import Made
from acclimate_medical_imaging.results.report import write_report


def reports(
    run: Path,
    source: Path,
    pictures: Sequence[Picture],
    model: ModelIdentity,
    options: Mapping[str, Any],
    *,
    volumes: bool,
) -> Iterator[Made]:
    """Yield the report of each row that is predicted of `source`, in order."""
    from acclimate.api import predict_rows

    hidden = pseudonyms()
    files: dict[str, dict[Place, None]] = {}
    for picture in pictures:
        id = (
            hidden.of("series", picture.series)
            if volumes
            else picture_id(picture.place, {"SOPInstanceUID": picture.uid}, "pseudonym", hidden)
        )
        files.setdefault(id, {})[picture.place] = None
    for row in predict_rows(run, source, reading=dict(options)):
        yield _report(row, list(files.get(row["id"], ())), model)


def _report(row: Mapping[str, Any], places: Sequence[Place], model: ModelIdentity) -> Made:
    id = str(row["id"])
    if "error" in row:
        return Made(id=id.replace("/", "-"), reason=row["error"])
    if not places:
        reason = "it is a frame, or one of several volumes, of what has one report" if "#" in id else "it is no DICOM"
        return Made(id=id.replace("/", "-"), reason=reason)
    try:
        sources: list[Dataset] = [headers.read(place, pixels=False) for place in places]
        return Made(id=id, dataset=write_report(sources, _prediction(row), model=model))
    except DataError as error:
        return Made(id=id, reason=error.message)


def _prediction(row: Mapping[str, Any]) -> Prediction:
    probabilities = dict(row["probabilities"])
    label = row.get("label") or max(probabilities, key=lambda name: probabilities[name])
    return Prediction(
        label=label,
        probabilities=probabilities,
        labels=tuple(row["labels"]) if "labels" in row else (label,),
        answered=row.get("answered"),
    )
