"""The hooks of acclimate-medical-imaging."""

from collections.abc import Iterator
from pathlib import Path

from acclimate.plugins import Command, Loader, Preset, Ref, hookimpl

from acclimate_medical_imaging import diagnosis
from acclimate_medical_imaging.reading.options import KEPT, OPTIONS

_DICOM = "dicom"
_ENDINGS = (".dcm", ".dicom", ".ima", ".zip")


@hookimpl
def register_presets() -> Iterator[Preset]:
    """Offer the presets of this trade."""
    yield diagnosis


@hookimpl
def register_loaders() -> Iterator[Loader]:
    """Offer the reader of DICOM files."""
    yield Loader(
        name=_DICOM,
        summary="DICOM files of any folder tree or zip archive, with a table of labels.",
        read=Ref("acclimate_medical_imaging.reading.rows:dicom_rows"),
        suffixes=_ENDINGS,
        options=OPTIONS,
        kept=KEPT,
    )


@hookimpl
def choose_loader(source: str) -> str | None:
    """Take folders that hold DICOM files; core knows tables and folders of images."""
    from acclimate_medical_imaging.reading.files import holds_dicom

    path = Path(source)
    return _DICOM if path.is_dir() and holds_dicom(path) else None


@hookimpl
def register_commands() -> Iterator[Command]:
    """Offer the look at a folder before anything is learned from it, and copies without the patient."""
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
