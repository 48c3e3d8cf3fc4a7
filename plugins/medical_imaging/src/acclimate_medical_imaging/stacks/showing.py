"""The slices of a volume that are seen: its plane, evenly chosen along it, through a window."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from acclimate.contracts import DataError, OptionError, did_you_mean
from numpy.typing import NDArray
from PIL import Image

from acclimate_medical_imaging.reading import windows
from acclimate_medical_imaging.reading.windows import Window
from acclimate_medical_imaging.volumes.resampling import resample
from acclimate_medical_imaging.volumes.volume import Volume

# The axes of the patient (x to the left, y to the back, z to the head) along slices, rows and columns, and which way
# each index grows: pictures are as radiologists hang them, the head up and the patient's right at the left.
_PLANES = {
    "axial": ((2, 1), (1, 1), (0, 1)),
    "coronal": ((1, 1), (2, -1), (0, 1)),
    "sagittal": ((0, 1), (2, -1), (1, 1)),
}
_ACQUIRED = "acquired"
_MOST_SLICES = 512
_PAGE_NAME = 285


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """How volumes are shown.

    `window` is as `check_window` takes it, without the windows of files; `count` slices are seen at most;
    `plane` is "acquired", "axial", "coronal" or "sagittal"; `spacing_millimetres` of the grid that they are resampled
    to, between slices, rows and columns of the plane, is None for that of the volume.
    """

    window: str
    count: int
    plane: str
    spacing_millimetres: tuple[float, float, float] | None


def read_showing(*, window: str, slices: str, plane: str, spacing: str) -> Showing:
    """Return how volumes are shown by options as users write them.

    Raises:
        OptionError: for what is none.
    """
    windows.check_window(window)
    if not window or any(part.partition(":")[0] == "file" for part in window.split(",")):
        raise OptionError(
            f"A volume is seen through one window for all of its slices, found {window!r}.",
            "Such as percentile, full, lung, or -600/1500.",
        )
    if not (str(slices).isdigit() and 0 < int(slices) <= _MOST_SLICES):
        raise OptionError(
            f"slices is a whole number from 1 to {_MOST_SLICES}, found {slices!r}.", "Such as slices=24."
        )
    if plane not in (_ACQUIRED, *_PLANES):
        raise OptionError(f"There is no plane {plane!r}.", did_you_mean(plane, (_ACQUIRED, *_PLANES)))
    return Showing(window=window, count=int(slices), plane=plane, spacing_millimetres=_spacing(str(spacing)))


def _spacing(text: str) -> tuple[float, float, float] | None:
    if not text:
        return None
    try:
        numbers = [float(part) for part in text.split("x")]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 3) or not all(0 < number < np.inf for number in numbers):
        raise OptionError(
            f"spacing is millimetres above 0, one number or three (slices x rows x columns), found {text!r}.",
            "Such as spacing=1, or spacing=5x1x1.",
        )
    first, second, third = numbers * 3 if len(numbers) == 1 else numbers
    return first, second, third


def shown(volume: Volume, showing: Showing) -> tuple[tuple[Image.Image, ...], tuple[str, ...]]:
    """Return the slices that are seen, 8-bit grey, or RGB of three windows, and their names.

    Slices are chosen at the middles of as many equal parts of the volume. A name is the number of the slice in the
    volume (as it is turned and resampled), from 1.

    Raises:
        DataError: for a window of Hounsfield units where the volume is no CT.
    """
    turned = in_plane(volume, showing.plane)
    if showing.spacing_millimetres is not None:
        turned = resample(turned, showing.spacing_millimetres)
    ranges = [_window(turned, each) for each in showing.window.split(",")]
    images, names = [], []
    for index in chosen(len(turned.values), showing.count):
        values = np.asarray(turned.values[index], dtype=np.float64)
        grey = [_eight_bits(window.apply(values)) for window in ranges]
        images.append(Image.fromarray(grey[0] if len(grey) == 1 else np.stack(grey, axis=-1)))
        names.append(str(index + 1))
    return tuple(images), tuple(names)


def chosen(slices: int, count: int) -> list[int]:
    """Return the indices of at most `count` slices, spread evenly: the middles of as many equal parts."""
    if slices <= count:
        return list(range(slices))
    return [int((part + 0.5) * slices / count) for part in range(count)]


def in_plane(volume: Volume, plane: str) -> Volume:
    """Return a volume with its axes in the order and direction of a plane, by those that lie nearest to them.

    No value is changed, and each stays where it is in the patient.
    """
    if plane == _ACQUIRED:
        return volume
    directions = volume.affine[:3, :3] / np.linalg.norm(volume.affine[:3, :3], axis=0)  # [patient axis, array axis]
    nearest = _nearest(np.abs(directions))
    order = [nearest[axis] for axis, _ in _PLANES[plane]]
    values, affine = volume.values.transpose(order), volume.affine[:, [*order, 3]].copy()
    for place, (axis, way) in enumerate(_PLANES[plane]):
        if np.sign(affine[axis, place]) != way:
            values = np.flip(values, axis=place)
            affine[:3, 3] += affine[:3, place] * (values.shape[place] - 1)
            affine[:3, place] *= -1
    return replace(volume, values=values, affine=affine, sop_instance_uids=(), frame_numbers=())


def _nearest(cosines: NDArray[np.float64]) -> dict[int, int]:
    """Return by axis of the patient the axis of the array that lies nearest, each given once, the surest first."""
    left = cosines.copy()
    found: dict[int, int] = {}
    for _ in range(3):
        patient, array = divmod(int(left.argmax()), 3)
        found[patient] = array
        left[patient, :] = -1
        left[:, array] = -1
    return found


def _window(volume: Volume, window: str) -> Window:
    if window in windows.ANATOMY:
        if volume.modality not in ("CT", ""):
            raise DataError(f"the window {window!r} is for CT, and it is {volume.modality}")
        return windows.ANATOMY[window]
    if window in ("percentile", "full"):
        values = np.asarray(volume.values, dtype=np.float64)
        everywhere = np.ones(values.shape, dtype=np.bool_)
        return (windows.percentiles if window == "percentile" else windows.full)(values, everywhere)
    return windows.read_numbers(window)


def _eight_bits(shown: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.floor(shown * 255 + 0.5).astype(np.uint8)


def as_tiff(images: Sequence[Image.Image], names: Sequence[str]) -> bytes:
    """Return slices as the pages of a TIFF file, each with its name."""
    pages = [image.copy() for image in images]
    for page, name in zip(pages, names, strict=True):
        page.encoderinfo = {"tiffinfo": {_PAGE_NAME: name}}
    file = io.BytesIO()
    first = {_PAGE_NAME: names[0]}
    pages[0].save(
        file, format="TIFF", save_all=True, append_images=pages[1:], compression="tiff_adobe_deflate", tiffinfo=first
    )
    return file.getvalue()
