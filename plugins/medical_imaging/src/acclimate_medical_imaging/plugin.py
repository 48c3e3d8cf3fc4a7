"""The hooks of acclimate-medical-imaging."""

from collections.abc import Iterator
from pathlib import Path

from acclimate.plugins import Command, Loader, Preset, Ref, hookimpl

from acclimate_medical_imaging import diagnosis, segmentation, volume_series
from acclimate_medical_imaging.masks import options as of_masks
from acclimate_medical_imaging.reading.options import KEPT, OPTIONS, UNLABELLED
from acclimate_medical_imaging.stacks import options as of_stacks

_DICOM = "dicom"
_MASKS = "dicom-masks"
_SERVER = "dicomweb"
_SHIPPED = "package:pydicom-data"
_ENDINGS = (".dcm", ".dicom", ".ima", ".zip")


@hookimpl
def register_presets() -> Iterator[Preset]:
    """Offer the presets of this trade."""
    yield diagnosis
    yield segmentation
    yield volume_series


@hookimpl
def register_loaders() -> Iterator[Loader]:
    """Offer the readers of DICOM files and servers."""
    yield Loader(
        name=_DICOM,
        summary="DICOM files of any folder tree or zip archive, with a table of labels.",
        read=Ref("acclimate_medical_imaging.reading.rows:dicom_rows"),
        suffixes=_ENDINGS,
        options=OPTIONS,
        kept=KEPT,
        unlabelled=UNLABELLED,
    )
    yield Loader(
        name=_SERVER,
        summary="Series of a DICOMweb server, as dicomweb://HOST/PATH?Modality=DX.",
        read=Ref("acclimate_medical_imaging.web.rows:server_rows"),
        scheme=_SERVER,
        options=OPTIONS,
        kept=KEPT,
        unlabelled=UNLABELLED,
    )
    yield Loader(
        name=_MASKS,
        summary="DICOM images with masks: DICOM segmentations, or NIfTI files on the same grid.",
        read=Ref("acclimate_medical_imaging.masks.rows:masked_rows"),
        options=of_masks.OPTIONS,
        kept=of_masks.KEPT,
        takes_classes=True,
    )
    yield Loader(
        name="volumes",
        summary="Series of DICOM slices and NIfTI files of a folder, each a row, with a table of labels.",
        read=Ref("acclimate_medical_imaging.stacks.rows:volume_rows"),
        options=of_stacks.OPTIONS,
        kept=of_stacks.KEPT,
        unlabelled=of_stacks.UNLABELLED,
    )
    yield Loader(
        name="pydicom-files",
        summary="Real scans of the packages pydicom-data and pydicom, the label being their modality.",
        read=Ref("acclimate_medical_imaging.demo.files:read"),
    )


@hookimpl
def choose_loader(source: str, task: str) -> str | None:
    """Take servers, the demo's package and folders that hold DICOM files; core knows tables and folders of images."""
    from acclimate_medical_imaging.reading.files import holds_dicom

    if source.startswith((f"{_SERVER}://", f"{_SERVER}+http://")):
        return _SERVER
    if source == _SHIPPED:
        return "pydicom-files"
    path = Path(source)
    if task == segmentation.task and path.is_file() and path.suffix.lower() in _ENDINGS:
        return _MASKS
    holding = _MASKS if task == segmentation.task else _DICOM
    return holding if path.is_dir() and holds_dicom(path) else None


@hookimpl
def register_commands() -> Iterator[Command]:
    """Offer a look at a folder, copies without the patient, and the ways to and from a DICOMweb server."""
    yield Command(
        name="preview",
        summary="Say what a folder of DICOM files or images holds, and show what a model would see of it.",
        run=Ref("acclimate_medical_imaging.commands.preview:preview"),
    )
    yield Command(
        name="deidentify",
        summary="Copy DICOM files without what tells whom they are of (PS3.15 Basic Profile, with options).",
        run=Ref("acclimate_medical_imaging.commands.deidentify:deidentify"),
    )
    yield Command(
        name="dicom-fetch",
        summary="Fetch series from a DICOMweb server.",
        run=Ref("acclimate_medical_imaging.commands.fetch:fetch"),
    )
    yield Command(
        name="dicom-store",
        summary="Send DICOM files to a DICOMweb server and read them back.",
        run=Ref("acclimate_medical_imaging.commands.store:store"),
    )
