"""NIfTI files as volumes, and back."""

from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import numpy as np
from acclimate.contracts import DataError, MissingPackageError, OutputError
from numpy.typing import NDArray

from acclimate_medical_imaging.volumes.errors import CineError, GantryTiltError, MissingGeometryError
from acclimate_medical_imaging.volumes.volume import Affine, Values, Volume

_TOLERANCE = 1e-3  # of each element of an affine; TorchIO's readers met differences of 1e-4 in sound files
# NIfTI has x to the right and y to the front (RAS), DICOM to the left and to the back (LPS).
_TURN = np.diag([-1.0, -1.0, 1.0, 1.0])
_REVERSED = [2, 1, 0, 3]  # NIfTI counts columns, rows, slices; volumes count slices, rows, columns
_LARGEST_WHOLE = 2**24  # the whole numbers up to which float32 holds each of


def read_nifti(file: str | Path, *, modality: str = "") -> Volume:
    """Return the volume in a NIfTI file, in the conventions of `Volume`.

    The first index of the file becomes the column, the second the row, the third the slice. Values are int16 where
    the file has whole numbers that fit and no scaling, float32 otherwise.

    Raises:
        MissingPackageError: nibabel is not installed.
        DataError: the file is no NIfTI file, or its values do not fit float32.
        MissingGeometryError: the file does not say where it lies (both codes are 0), the two ways in which it says so
            (qform, sform) differ by more than 1e-3 in an element, or lengths are not in millimetres.
        GantryTiltError: the axes are not at right angles.
        CineError: there are several volumes, over time or otherwise.
    """
    path = Path(file)
    image = _loaded(path)
    if any(size != 1 for size in image.shape[3:]) or len(image.shape) < 3:
        raise CineError(
            f"A volume has three axes, but the array has {image.shape}:",
            "Save one volume per file (fslsplit does, for instance).",
            [path.name],
        )
    affine = _TURN @ _affine(image, path.name)[:, _REVERSED]
    _check_right_angles(affine, path.name)
    values = _values(image, path.name).reshape(image.shape[:3]).transpose(2, 1, 0)
    return Volume(values=np.ascontiguousarray(values), affine=affine, modality=modality)


def write_nifti(volume: Volume, file: str | Path) -> None:
    """Write a volume as a NIfTI-1 file (`.nii`, `.nii.gz`), with qform and sform alike (code 1, scanner).

    Values are written as they are. The affine is rounded to float32, as the format has it, which moves no voxel by
    more than a ten-thousandth of a millimetre; what is read back is written again without any change. UIDs are lost.

    Raises:
        MissingPackageError: nibabel is not installed.
        OutputError: the name ends otherwise, or the file cannot be written.
    """
    path = Path(file)
    suffix = next((end for end in (".nii.gz", ".nii") if path.name.endswith(end)), None)
    if suffix is None:
        raise OutputError(f"The file {path.name!r} is not named as NIfTI.", "End its name in .nii or .nii.gz.")
    image = _nibabel().Nifti1Image(volume.values.transpose(2, 1, 0), _TURN @ volume.affine[:, _REVERSED])
    image.set_sform(image.affine, code=1)
    image.set_qform(image.affine, code=1, strip_shears=False)
    image.header.set_xyzt_units("mm")
    part = path.with_name(f".{uuid4().hex}{suffix}")
    try:
        image.to_filename(part)
        part.replace(path)
    except OSError as error:
        raise OutputError(f"The file {str(path)!r} cannot be written: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)


def _nibabel() -> ModuleType:
    try:
        import nibabel
    except ImportError as error:
        raise MissingPackageError(
            "NIfTI files need the package 'nibabel'.",
            "Install it: pip install 'acclimate-medical-imaging[nifti]'.",
        ) from error
    module: ModuleType = nibabel
    return module


def _loaded(path: Path) -> Any:
    nibabel = _nibabel()
    try:
        image = nibabel.load(path)
    except (OSError, nibabel.filebasedimages.ImageFileError) as error:
        raise DataError(f"The file {path.name!r} is not a NIfTI file, or is damaged: {error}.") from error
    if not isinstance(image, nibabel.Nifti1Pair):
        raise DataError(f"The file {path.name!r} is not a NIfTI file but {type(image).__name__}.")
    return image


def _affine(image: Any, name: str) -> Affine:
    """Return the affine [4, 4] of a file, in its own convention, where it says one thing only."""
    units = image.header.get_xyzt_units()[0]
    sform, qform = image.get_sform(coded=True)[0], image.get_qform(coded=True)[0]
    if units not in ("mm", "unknown") or (sform is None and qform is None):
        raise MissingGeometryError(
            f"The file does not say in millimetres where it lies (units {units}, sform and qform "
            f"{'missing' if sform is None and qform is None else 'given'}):",
            "Convert it from its source again.",
            [name],
        )
    if sform is not None and qform is not None and not np.allclose(sform, qform, rtol=0, atol=_TOLERANCE):
        raise MissingGeometryError(
            f"sform and qform differ by up to {np.abs(sform - qform).max():.3g}, so that there are two places:",
            "Find out which is right (the other was left behind by a registration) and set both to it.",
            [name],
        )
    affine: Affine = sform if sform is not None else qform
    return affine


def _check_right_angles(affine: Affine, name: str) -> None:
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    leaning = np.abs(axes.T @ axes - np.eye(3)).max()
    if not leaning < _TOLERANCE:
        raise GantryTiltError(
            f"The axes are not at right angles (the largest cosine between two is {leaning:.3g}):",
            "Resample the volume onto a grid without shear with a tool made for it.",
            [name],
        )


def _values(image: Any, name: str) -> Values:
    scaled = (image.dataobj.slope, image.dataobj.inter) != (1, 0)  # nibabel clears those of the header
    if not scaled and np.can_cast(image.get_data_dtype(), np.int16):
        whole: NDArray[np.int16] = np.asanyarray(image.dataobj).astype(np.int16, copy=False)
        return whole
    stored = np.asanyarray(image.dataobj)
    if stored.dtype.kind in "iu" and np.abs(stored.astype(np.float64)).max() > _LARGEST_WHOLE:
        raise DataError(f"Values of {name!r} go beyond {_LARGEST_WHOLE:,}, where float32 skips whole numbers.")
    values: NDArray[np.float32] = stored.astype(np.float32)
    return values
