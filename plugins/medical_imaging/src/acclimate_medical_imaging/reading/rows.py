"""One row for each picture of a DICOM source: decoded in parallel, never more than a few at once."""

import io
import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from acclimate.contracts import DataError
from acclimate.data import UNREADABLE

from acclimate_medical_imaging.reading import headers, labels, pixels, subjects, windows
from acclimate_medical_imaging.reading.files import Place, places
from acclimate_medical_imaging.reading.options import OPTIONS, check_words
from acclimate_medical_imaging.reading.pseudonyms import Pseudonyms, pseudonyms

if TYPE_CHECKING:
    from pydicom import Dataset


_WORDS = {
    "unlabelled": ("refuse", "skip"),
    "frame": ("middle", "first", "all"),
    "patient": ("auto", "study"),
    "ids": ("pseudonym", "path"),
}
WORKERS = os.cpu_count() or 1
_AHEAD = 4  # files that are decoded ahead, for each worker
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What every file of a source is read with."""

    window: str
    frame: str
    patient: str
    ids: str
    hidden: Pseudonyms
    labelling: labels.Labelling


def dicom_rows(source: str, **options: str) -> Iterator[dict[str, Any]]:
    """Yield one row for each picture of a folder, a zip archive or a DICOM file, in the order of their paths.

    Rows have `id` and `patient` (pseudonyms), `image` (a PNG file as bytes, shown by the window), `sex`, `age` (a
    band of ten years), `scanner`, `modality`, `body_part`, `view`, `laterality`, `burned_in` ("yes",
    "perhaps", "no" or ""), and the columns of the table of
    labels. A file that cannot be read is a row that says why. Objects without pixels, such as reports, and
    segmentations, whose pixels are masks, are passed over; `acclimate preview` lists them.

    Options:
        labels: a table with a column of patients, studies, series, images or paths, and one of labels; `labels.csv`
            in the folder when left out and there; "folders" takes the name of the folder that a file lies in.
        unlabelled: "refuse" files without a label and labels without a file, or "skip" them.
        window: as `windows.check_window` describes it.
        frame: "middle", "first" or "all" of several frames; of "all", each is a row.
        patient: "auto" is the patient of the header, else its study; "study" is always the study, for files whose
            patients were all given one id.
        ids: "pseudonym", or "path" where paths tell nothing of a patient.

    Raises:
        DataError: no such source, no picture in it, labels that do not fit the files, labelled files that hold one
            image twice, or that all carry one patient.
        OptionError: for an option that does not exist.
    """
    job = job_of(Path(source), {**OPTIONS, **options})
    if job.labelling.given:
        _check_decoders(Path(source))
    patients: Counter[str] = Counter()
    seen: dict[str, str] = {}
    with ThreadPoolExecutor(WORKERS) as pool:
        for name, rows in ahead(pool, partial(_rows_of, job=job), places(Path(source))):
            patients.update(row.get("patient", "") for row in rows)
            if job.labelling.given:
                _check_once(name, rows, seen)
            yield from rows
    if not patients and not (job.labelling.table and job.labelling.table.without):
        raise DataError(f"There are no pictures in {source!r}.", "Look at it: acclimate preview FOLDER.")
    job.labelling.check(patients, "pictures", skip=options.get("unlabelled") == "skip")


def _check_decoders(source: Path) -> None:
    """Raise one DataError for all transfer syntaxes that nothing here decodes, before the first file is decoded."""
    reasons: Counter[str] = Counter()
    known: dict[str, str] = {}
    for place in places(source):
        syntax = headers.syntax_of(place)
        if syntax and syntax not in known:
            known[syntax] = headers.decoder_problem(syntax)
        reasons.update([known[syntax]] if syntax and known[syntax] else [])
    if reasons:
        told = "; ".join(f"{count:,} files: {problem}" for problem, count in reasons.most_common())
        raise DataError(f"Some files cannot be decoded here. {told}.", "Convert them, or take them away.")


def job_of(source: Path, options: Mapping[str, str]) -> Job:
    """Return what the files of a source are read with; `options` are all that `dicom_rows` has.

    Raises:
        AcclimateError: for an option that does not exist, or a table of labels that cannot be read.
    """
    windows.check_window(options["window"])
    check_words(options, _WORDS)
    return Job(
        window=options["window"],
        frame=options["frame"],
        patient=options["patient"],
        ids=options["ids"],
        hidden=pseudonyms(),
        labelling=labels.labelling(source, options["labels"]),
    )


def _check_once(name: str, rows: list[dict[str, Any]], seen: dict[str, str]) -> None:
    """Raise DataError when a file holds a picture that a file before it holds too."""
    for row in rows:
        if (other := seen.setdefault(row["id"], name)) != name:
            raise DataError(f"{other} and {name} hold the same image (SOP Instance UID).", "Take one of them away.")


def _rows_of(place: Place, job: Job) -> tuple[str, list[dict[str, Any]]]:
    """Return a file's name and rows; none for what is no picture, one with the reason where it cannot be read."""
    try:
        return place.name, _read_rows(place, job)
    except headers.NotDicomError:
        return place.name, []
    except (DataError, OSError) as error:
        message = error.message if isinstance(error, DataError) else str(error)
        return place.name, [{"id": place.name, UNREADABLE: message}]


def _read_rows(place: Place, job: Job) -> list[dict[str, Any]]:
    dataset = headers.read(place)
    if not headers.has_pixels(dataset) or headers.is_segmentation(dataset):
        return []
    told = job.labelling.of(place.name, dataset, Path(place.name).parent.name)
    if told is None:
        return []
    return [picture_row(place, dataset, frame, job, told) for frame in _frames(dataset, job.frame)]


def _frames(dataset: "Dataset", which: str) -> list[int]:
    count = headers.frames(dataset)
    return {"middle": [count // 2], "first": [0], "all": list(range(count))}[which]


def picture_row(place: Place, dataset: "Dataset", frame: int, job: Job, told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of one frame of a data set with pixels, as `dicom_rows` describes it.

    `told` are its further columns, which replace those of the header.

    Raises:
        DataError: as `pixels.picture`.
    """
    image = pixels.picture(dataset, window=job.window, frame=frame)
    file = io.BytesIO()
    image.save(file, format="PNG", compress_level=1)
    number = f"#{frame}" if job.frame == "all" else ""
    patient = subjects.patient(dataset, job.hidden, study=job.patient == "study")
    described = subjects.described(dataset)
    return {
        "id": picture_id(place, dataset, job.ids, job.hidden) + number,
        "image": file.getvalue(),
        "patient": patient,
        **{name: value for name, value in described.items() if name not in told},
        **told,
    }


def picture_id(place: Place, dataset: "Dataset | Mapping[str, str]", ids: str, hidden: Pseudonyms) -> str:
    """Return by what a file is called in predictions and reports: a pseudonym of its UID, or its path."""
    uid = str(dataset.get("SOPInstanceUID") or "")
    return place.name if ids == "path" else hidden.of("image", uid or place.name)


def ahead(pool: ThreadPoolExecutor, work: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
    """Yield the result of each item in order, computed by threads a bounded way ahead."""
    running: deque[Future[_Result]] = deque()
    for item in items:
        running.append(pool.submit(work, item))
        if len(running) > _AHEAD * WORKERS:
            yield running.popleft().result()
    while running:
        yield running.popleft().result()
