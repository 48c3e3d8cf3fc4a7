"""The hooks of acclimate-medical-imaging."""

from collections.abc import Iterator
from pathlib import Path

from acclimate.plugins import Backbone, Command, Loader, Preset, Ref, hookimpl

from acclimate_medical_imaging import diagnosis, segmentation, volume_series
from acclimate_medical_imaging.masks import options as of_masks
from acclimate_medical_imaging.reading.options import KEPT, OPTIONS, UNLABELLED
from acclimate_medical_imaging.stacks import options as of_stacks

_DICOM = "dicom"
_MASKS = "dicom-masks"
_VOLUMES = "volumes"
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
def register_backbones() -> Iterator[Backbone]:
    """Offer models of the trade, and say why others are not used."""
    yield Backbone(
        name="rad-dino",
        summary="Vision transformer (DINOv2 base) of 87 million parameters, self-supervised on chest X-rays; hub.",
        modality="image",
        source="microsoft/rad-dino",
        licence="that of the revision: MSRLA for research, which rules out clinical use, or MIT; read its model card",
        pooling="cls",
    )
    yield Backbone(
        name="torchxrayvision-densenet121",
        summary="Convolutional network pretrained on chest X-rays; refused, since its weights are a pickle.",
        modality="image",
        source="package:torchxrayvision",
        licence="Apache-2.0 (code); weights as the data sets they were trained on",
        refused="its weights are pickles, which run code when they are opened; converted to a folder with "
        "model.safetensors, a timm configuration with one channel, and a preprocessor_config.json with value_range "
        "[-1024, 1024], they can be named as a folder",
    )
    yield Backbone(
        name="biomedclip",
        summary="Vision transformer (CLIP) pretrained on figures of papers; refused, since its weights are a pickle.",
        modality="image",
        source="microsoft/BiomedCLIP-PubMedBERT_256-vit_base_patch16_224",
        licence="MIT",
        refused="its weights are a pickle of open_clip, which runs code when it is opened",
    )


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
        name=f"{_SERVER}-masks",
        summary="Series of a DICOMweb server with the DICOM segmentations that it holds of them.",
        read=Ref("acclimate_medical_imaging.web.rows:server_masked_rows"),
        options=of_masks.OPTIONS,
        kept=of_masks.KEPT,
        takes_classes=True,
    )
    yield Loader(
        name=f"{_SERVER}-volumes",
        summary="Series of a DICOMweb server, each a row.",
        read=Ref("acclimate_medical_imaging.web.rows:server_volume_rows"),
        options=of_stacks.OPTIONS,
        kept=of_stacks.KEPT,
        unlabelled=of_stacks.UNLABELLED,
    )
    yield Loader(
        name=_VOLUMES,
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
        return {segmentation.task: f"{_SERVER}-masks", volume_series.task: f"{_SERVER}-volumes"}.get(task, _SERVER)
    if task == volume_series.task:
        return _VOLUMES
    if source == _SHIPPED:
        return "pydicom-files"
    path = Path(source)
    holding = _MASKS if task == segmentation.task else _DICOM
    if path.is_file():
        return holding if path.suffix.lower() in _ENDINGS or path.name.upper() == "DICOMDIR" else None
    return holding if path.is_dir() and holds_dicom(path) else None


@hookimpl
def register_commands() -> Iterator[Command]:
    """Offer a look at a folder, copies without the patient, results as DICOM objects, and servers of both."""
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
        name="dicom-results",
        summary="Predict scans, and write what was found as DICOM segmentations (SEG) or reports (SR).",
        run=Ref("acclimate_medical_imaging.commands.results:results"),
    )
    yield Command(
        name="dicom-store",
        summary="Send DICOM files to a DICOMweb server and read them back.",
        run=Ref("acclimate_medical_imaging.commands.store:store"),
    )
