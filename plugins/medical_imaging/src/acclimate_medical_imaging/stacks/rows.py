"""One row for each volume of a folder: the series of DICOM files that stack, and NIfTI files."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acclimate.contracts import DataError
from acclimate.data import UNREADABLE

from acclimate_medical_imaging.reading import headers, labels, subjects
from acclimate_medical_imaging.reading.directory import indexed_files, is_directory
from acclimate_medical_imaging.reading.files import Place, unpacked
from acclimate_medical_imaging.reading.options import check_words
from acclimate_medical_imaging.reading.pseudonyms import Pseudonyms, pseudonyms
from acclimate_medical_imaging.stacks.options import OPTIONS
from acclimate_medical_imaging.stacks.showing import Showing, as_tiff, read_showing, shown
from acclimate_medical_imaging.volumes.files import files_in
from acclimate_medical_imaging.volumes.nifti import read_nifti
from acclimate_medical_imaging.volumes.read import read_volume
from acclimate_medical_imaging.volumes.slices import LeftOut
from acclimate_medical_imaging.volumes.splitting import SliceGroup, split_series
from acclimate_medical_imaging.volumes.volume import Volume

_WORDS = {"unlabelled": ("refuse", "skip"), "patient": ("auto", "study"), "ids": ("pseudonym", "path")}
_NIFTI = (".nii", ".nii.gz")
# Left out of a series, these may be the slices that it then lacks at an end, where no gap tells of them.
_LOST = ("damaged", "unplaced")
_WITHOUT = "are damaged or have no place in the patient"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """What every volume of a source is read with."""

    root: Path
    files: tuple[Path, ...]
    showing: Showing
    study: bool
    paths: bool
    hidden: Pseudonyms
    labelling: labels.Labelling

    def name(self, path: Path) -> str:
        """Return a file or folder by its path in the source."""
        return path.relative_to(self.root).as_posix() if path != self.root else path.name


def volume_rows(source: str, **options: str) -> Iterator[dict[str, Any]]:
    """Yield one row for each volume of a folder, NIfTI files first, then series; one volume is in memory at a time.

    The source may be a zip archive too, or a DICOMDIR, of which the files are read that it names.

    Rows have `id` and `patient` (pseudonyms of series and patient), `image` (the slices that are seen, as pages of a
    TIFF file), `sex`, `age`, `scanner`, `modality`, `body_part`, `view`, `laterality` and `burned_in` as single
    pictures have them, and the columns of the table of labels. NIfTI files are called by their path, and of all this
    have the columns of the table alone. A volume that cannot be read, or is none, is a row that says why. Localizers,
    reports and whatever else is no slice is passed over. A series that holds several volumes is a row for each.

    Options:
        labels: a table with a column of patients, studies, series or paths, and one of labels; `labels.csv` in the
            folder when left out and there; "folders" takes the folder directly inside the source. A path is that of
            a NIfTI file, or of the folder that holds the files of a series.
        unlabelled: "refuse" volumes without a label and labels without a volume, or "skip" them.
        window, slices, plane, spacing: as `showing.read_showing` takes them.
        patient: "auto" is the patient of the header, else its study; "study" is always the study.
        ids: "pseudonym", or "path" where paths tell nothing of a patient.

    Raises:
        DataError: no such folder, no volume in it, labels that do not fit, labelled volumes of one patient alone, or
            series with files that are damaged.
        OptionError: for an option that does not exist.
    """
    with unpacked(Path(source)) as folder:
        job = _job(folder, {**OPTIONS, **options})
        patients: Counter[str] = Counter()
        found = False
        for row in _rows(job):
            found = True
            patients.update([row["patient"]] if "patient" in row else [])
            yield row
    if not found and not (job.labelling.table and job.labelling.table.without):
        raise DataError(f"There are no volumes in {source!r}.", "It needs series of DICOM slices, or NIfTI files.")
    job.labelling.check(patients, "volumes", skip=options.get("unlabelled") == "skip")


def _job(source: Path, options: dict[str, str]) -> _Job:
    showing = read_showing(**{name: options[name] for name in ("window", "slices", "plane", "spacing")})
    check_words(options, _WORDS)
    found = labels.labelling(source, options["labels"])
    if found.table is not None and found.table.key == "SOPInstanceUID":
        raise DataError(
            f"{found.table.name} has labels of single images, and a volume is made of many.",
            "Name a column of patients, studies, series or paths.",
        )
    return _Job(
        root=(source if source.is_dir() else source.parent).resolve(),
        files=tuple(_files(source)),
        showing=showing,
        study=options["patient"] == "study",
        paths=options["ids"] == "path",
        hidden=pseudonyms(),
        labelling=found,
    )


def _files(source: Path) -> list[Path]:
    """Return the files that volumes are read from: those of a folder or an index, or one NIfTI file."""
    if not source.exists():
        raise DataError(f"There is no file or folder {str(source)!r}.", "Check the path.")
    if is_directory(source):
        return sorted(indexed_files(source))
    if source.is_file() and source.name.lower().endswith(_NIFTI):
        return [source.resolve()]
    return files_in((source if source.is_dir() else source.parent).resolve())


def _rows(job: _Job) -> Iterator[dict[str, Any]]:
    nifti = [file for file in job.files if file.name.lower().endswith(_NIFTI)]
    for file in nifti:
        yield from _nifti_row(file, job)
    rest = [file for file in job.files if file not in set(nifti) and file.suffix.lower() != ".csv"]
    if not rest:
        return
    split = split_series(rest)
    lost = [one for one in split.left_out if one.kind in _LOST]
    folders = {file.parent for group in split.groups for file in group.files}
    for folder in sorted({one.path.parent for one in lost} - folders):
        names = [one.name for one in lost if one.path.parent == folder]
        yield {"id": job.name(folder), UNREADABLE: f"{len(names):,} files {_WITHOUT}, such as {names[0]}"}
    counts = Counter(group.slices[0].series_instance_uid for group in split.groups)
    seen: Counter[str] = Counter()
    for group in sorted(split.groups, key=lambda group: min(group.files)):
        series = group.slices[0].series_instance_uid
        seen[series] += 1
        yield from _series_row(group, job, f"#{seen[series]}" if counts[series] > 1 else "", lost)


def _nifti_row(file: Path, job: _Job) -> Iterator[dict[str, Any]]:
    name = job.name(file)
    told = job.labelling.of(name, None, name.partition("/")[0])
    if told is None:
        return
    try:
        yield {"id": name, "image": _pages(read_nifti(file), job), **told}
    except DataError as error:
        yield {"id": name, UNREADABLE: error.message}


def _series_row(group: SliceGroup, job: _Job, number: str, lost: list[LeftOut]) -> Iterator[dict[str, Any]]:
    folder = job.name(min(group.files).parent)
    uid = group.slices[0].series_instance_uid
    id = (folder if job.paths else job.hidden.of("series", uid)) + number
    try:
        dataset = headers.read(Place(name=folder, path=group.files[0]))
        told = job.labelling.of(folder, dataset, folder.partition("/")[0])
        if told is None:
            return
        _check_whole(group, lost)
        described = subjects.described(dataset)
        yield {
            "id": id,
            "image": _pages(read_volume(group), job),
            "patient": subjects.patient(dataset, job.hidden, study=job.study),
            **{name: value for name, value in described.items() if name not in told},
            **told,
        }
    except DataError as error:
        yield {"id": id, UNREADABLE: error.message}


def _check_whole(group: SliceGroup, lost: list[LeftOut]) -> None:
    """Raise DataError where files beside those of a volume are damaged: they may be its first or last slices."""
    folders = {file.parent for file in group.files}
    if beside := [one.name for one in lost if one.path.parent in folders]:
        raise DataError(f"{len(beside):,} files beside its slices {_WITHOUT}, such as {beside[0]}")


def _pages(volume: Volume, job: _Job) -> bytes:
    images, names = shown(volume, job.showing)
    return as_tiff(images, names)
