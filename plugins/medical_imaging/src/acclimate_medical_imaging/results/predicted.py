"""Predictions of a run as DICOM objects: from a folder of scans to files that an archive takes, in one call."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acclimate.contracts import STACKS, DataError, OptionError
from pydicom import Dataset

from acclimate_medical_imaging.masks.pictures import contents_of
from acclimate_medical_imaging.results.files import save
from acclimate_medical_imaging.results.identity import ModelIdentity
from acclimate_medical_imaging.results.making import highdicom

SEGMENTATION, REPORT = "seg", "sr"
_KINDS = {"image-segmentation": SEGMENTATION, "image-classification": REPORT, STACKS: REPORT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A result of one series or image, whose pseudonym is `id`: the object, or the `reason` why there is none.

    Without either, nothing was found.
    """

    id: str
    dataset: Dataset | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What was written into `output`: how many objects of a `kind`.

    `empty` are the pseudonyms of series in which nothing was outlined, `left_out` what else has no object, with why.
    """

    output: Path
    kind: str
    written: int
    empty: tuple[str, ...]
    left_out: tuple[Made, ...]


def write_results(
    run: str | Path,
    source: str | Path,
    output: str | Path,
    *,
    kind: str = "",
    reading: Mapping[str, Any] | None = None,
) -> Results:
    """Predict the scans of a source, and write what was found as DICOM objects into a new folder.

    A run that outlines gives a segmentation ("seg") for each series, one that sorts a report ("sr", TID 1500) for
    each image, or for each series where it reads volumes. They are as `write_segmentation` and `write_report` make
    them; files are called by pseudonyms. A series in which nothing was outlined, or of which a slice cannot be read,
    has no segmentation: both are told of. The folder is whole or not there.

    Args:
        run: a saved run of a preset of medical imaging.
        source: a folder, zip archive or file with DICOM images.
        output: a new folder.
        kind: "seg" or "sr"; what the run gives when left out.
        reading: options of the loader, as `predict` takes them.

    Raises:
        OptionError: for a kind that the run does not give.
        DataError: when there is nothing to write.
        OutputError: when `output` exists or cannot be written.
        MissingPackageError: without the extra `results`.
    """
    from acclimate.api.manifest import read_manifest
    from acclimate.bundle import check_output, writing

    highdicom()
    run, source, output = Path(run), Path(source), Path(output)
    check_output(output)
    manifest = read_manifest(run)
    kind = _kind(manifest, kind)
    options = {**(reading or {}), "ids": "pseudonym"}
    written = 0
    empty: list[str] = []
    left_out: list[Made] = []
    with writing(output) as partial:
        for made in _made(run, source, manifest, options):
            if made.dataset is not None:
                save(made.dataset, partial / f"{kind}-{made.id}.dcm")
                written += 1
            elif made.reason:
                left_out.append(made)
            else:
                empty.append(made.id)
        if not written:
            told = f"; the first other says: {left_out[0].reason}" if left_out else ""
            raise DataError(
                f"There is nothing to write: nothing was outlined in {len(empty):,} series, and {len(left_out):,} "
                f"others have no result{told}.",
                "Nothing was written. An empty segmentation is no DICOM object.",
            )
    return Results(output=output, kind=kind, written=written, empty=tuple(empty), left_out=tuple(left_out))


def _kind(manifest: Mapping[str, Any], wanted: str) -> str:
    task = manifest["task"]
    kind = _KINDS.get(task)
    if kind is None:
        raise OptionError(f"A run for {task} gives no DICOM objects.", "Name a run of images or volumes.")
    if wanted not in ("", kind):
        raise OptionError(
            f"A run for {task} is written as {kind!r}, found {wanted!r}.",
            "Runs that outline are written as 'seg', those that sort as 'sr'; leave it out for what fits.",
        )
    return kind


def _made(run: Path, source: Path, manifest: Mapping[str, Any], options: Mapping[str, Any]) -> Iterator[Made]:
    from acclimate_medical_imaging.results.labelled import reports
    from acclimate_medical_imaging.results.outlined import segmentations

    pictures = contents_of(source).pictures
    if not pictures:
        raise DataError(f"There are no DICOM images in {str(source)!r}.", "Name the folder that holds them.")
    model = ModelIdentity.of(manifest)
    if _KINDS[manifest["task"]] == SEGMENTATION:
        return segmentations(run, source, pictures, manifest["labels"], model, options)
    return reports(run, source, pictures, model, options, volumes=manifest["task"] == STACKS)
