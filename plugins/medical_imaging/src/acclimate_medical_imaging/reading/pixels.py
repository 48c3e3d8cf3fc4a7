"""Pixels in the order of the standard: decode, modality, window, polarity, colour (DICOM PS3.4, N.2)."""

from typing import TYPE_CHECKING, Any

import numpy as np
from acclimate.contracts import DataError
from numpy.typing import NDArray
from PIL import Image

from acclimate_medical_imaging.reading import jpeg_extended, windows
from acclimate_medical_imaging.reading.elements import Frame
from acclimate_medical_imaging.reading.headers import check_size, damage_named, frames
from acclimate_medical_imaging.reading.windows import Values, Window

if TYPE_CHECKING:
    from pydicom import Dataset

_GREY = ("MONOCHROME1", "MONOCHROME2")
_EIGHT = 8


def stored_values(dataset: "Dataset", frame: int | None = None) -> NDArray[Any]:
    """Return pixels as they are stored: [rows, columns], with a last axis of 3 for colours.

    Of several frames it is the one with that number, or with None all, [frames, rows, columns, …]. Colours that are
    kept as luminance and chrominance are returned as red, green and blue.

    Raises:
        DataError: for pixels that are cut off or malformed, whose size is not safe, or that nothing here decodes.
    """
    from pydicom.pixels.utils import pixel_array

    check_size(dataset)
    jpeg_extended.register()
    with damage_named():
        found: NDArray[Any] = pixel_array(dataset, index=frame if frames(dataset) > 1 else None)
    return found


def modality_values(dataset: "Dataset", stored: NDArray[Any] | None = None) -> NDArray[np.float32]:
    """Return grey pixels in the unit of their modality (Hounsfield units of CT), in float32 and of the same shape.

    The modality LUT or rescale slope and intercept of the file is applied to the `stored` values, which are decoded
    when they are not given.

    Raises:
        DataError: as `stored_values`, or for a malformed LUT.
    """
    return _modality(dataset, stored_values(dataset) if stored is None else stored).astype(np.float32)


def picture(dataset: "Dataset", *, window: str = "", frame: int | None = None) -> Image.Image:
    """Return a file as it is meant to be seen: 8-bit grey ("L"), or "RGB" of colours and of three windows.

    Args:
        dataset: a data set with pixels.
        window: as `windows.check_window` describes it. What suits the file, when left out, is its own window; without
            one, grey values of up to 8 bits are shown as they are, all others by percentiles.
        frame: of several frames, the number of the one that is shown, from 0 on; the middle one when left out.

    Raises:
        DataError: as `stored_values`; for a window that the file does not have, or that is for CT alone.
    """
    place = frames(dataset) // 2 if frame is None else frame
    stored = stored_values(dataset, place)
    kind = dataset.PhotometricInterpretation
    if kind in _GREY:
        seen = _of_frame(dataset, place)
        shown = [_grey(seen, stored, each) for each in window.split(",")]
        return Image.fromarray(shown[0] if len(shown) == 1 else np.stack(shown, axis=-1))
    if kind == "PALETTE COLOR":
        from pydicom.pixels.processing import apply_color_lut

        with damage_named():
            stored = apply_color_lut(stored, dataset)[..., :3]
    if stored.ndim != 3 or stored.shape[-1] != 3:
        raise DataError(f"its colours are {kind}, which are not known")
    return Image.fromarray(_eight_bits(stored))


def _of_frame(dataset: "Dataset", frame: int) -> "Dataset":
    """Return a data set with the rescaling and window of a frame where a classic file has them (PS3.3 C.7.6.16)."""
    if "PerFrameFunctionalGroupsSequence" not in dataset:
        return dataset
    from pydicom import Dataset

    seen = Dataset()
    with damage_named():
        seen.update(dataset)
        implicit, little = dataset.original_encoding
        seen.set_original_encoding(implicit, little, dataset.original_character_set)
        groups = Frame(dataset, frame)
        for name in ("PixelValueTransformationSequence", "FrameVOILUTSequence"):
            seen.update(groups.group(name))
    return seen


def _grey(dataset: "Dataset", stored: NDArray[Any], window: str) -> NDArray[np.uint8]:
    if stored.ndim != 2:
        raise DataError(f"its grey pixels have {stored.ndim} dimensions")
    values = _modality(dataset, stored)
    padding = _padding(dataset, stored)
    shown = _windowed(dataset, stored, values, ~padding, window)
    if dataset.PhotometricInterpretation == "MONOCHROME1" or dataset.get("PresentationLUTShape") == "INVERSE":
        shown = 1 - shown
    shown[padding] = 0  # what is no part of the picture is black, whichever way its values run
    return np.floor(shown * 255 + 0.5).astype(np.uint8)


def _modality(dataset: "Dataset", stored: NDArray[Any]) -> Values:
    with damage_named():
        if tables := _tables(dataset, "ModalityLUTSequence"):
            return _lookup(stored.astype(np.float64), tables[0], dataset)[0]
        slope, intercept = (float(dataset.get(name, usual) or usual) for name, usual in _RESCALE)
    return stored.astype(np.float64) * slope + intercept


_RESCALE = (("RescaleSlope", 1.0), ("RescaleIntercept", 0.0))


def _windowed(
    dataset: "Dataset", stored: NDArray[Any], values: Values, inside: NDArray[np.bool_], window: str
) -> Values:
    word, _, which = window.partition(":")
    if word in ("", "file"):
        own = _own_window(dataset, values, which)
        if own is not None:
            return own
        if word == "file":
            raise DataError(f"it has no window{' ' + repr(which) if which else ''} of its own")
        if stored.dtype.kind == "u" and int(dataset.BitsStored) <= _EIGHT:
            eight_bits: Values = stored / (2 ** int(dataset.BitsStored) - 1)
            return eight_bits
        return windows.percentiles(values, inside).apply(values)
    if word in windows.ANATOMY:
        if dataset.get("Modality") not in ("CT", None, ""):
            raise DataError(f"the window {word!r} is for CT, and it is {dataset.get('Modality')}")
        return windows.ANATOMY[word].apply(values)
    if word == "percentile":
        return windows.percentiles(values, inside).apply(values)
    if word == "full":
        return windows.full(values, inside).apply(values)
    return windows.read_numbers(window).apply(values)


def _own_window(dataset: "Dataset", values: Values, which: str) -> Values | None:
    """Return the values by the file's own LUT or window, of which a LUT goes first; None where it has none."""
    with damage_named():
        tables = _tables(dataset, "VOILUTSequence")
        place = _place(which, [str(item.get("LUTExplanation", "")) for item in tables])
        if place is not None:
            found, top = _lookup(values, tables[place], dataset)
            return found / top
        widths = _numbers(dataset.get("WindowWidth"))
        centres = _numbers(dataset.get("WindowCenter"))
        names = dataset.get("WindowCenterWidthExplanation") or []
        names = [names] if isinstance(names, str) else [str(name) for name in names]
        place = _place(which, [*names, *[""] * (len(widths) - len(names))][: len(widths)])
        if place is None or place >= len(centres):
            return None
        function = str(dataset.get("VOILUTFunction") or "LINEAR")
        if widths[place] <= 0:
            return None
    return Window(centre=centres[place], width=widths[place], function=function).apply(values)


def _tables(dataset: "Dataset", name: str) -> list["Dataset"]:
    """Return the lookup tables of a sequence, without those that were emptied."""
    return [item for item in dataset.get(name) or [] if item.get("LUTDescriptor") and item.get("LUTData")]


def _place(which: str, names: list[str]) -> int | None:
    """Return the place of the window that is asked for by its number, from 1 on, or its name; the first by ""."""
    if not which:
        return 0 if names else None
    if which.isdigit():
        return int(which) - 1 if 0 < int(which) <= len(names) else None
    return next((place for place, name in enumerate(names) if name.casefold() == which.casefold()), None)


def _numbers(value: Any) -> list[float]:
    if value in (None, ""):
        return []
    return [float(value)] if isinstance(value, int | float | str) else [float(each) for each in value]


def _lookup(values: Values, item: "Dataset", dataset: "Dataset") -> tuple[Values, float]:
    """Return values by a lookup table, and the greatest that it could give (PS3.3, C.11.1.1)."""
    count, first, bits = (int(each) for each in item.LUTDescriptor)
    data = item.LUTData
    if isinstance(data, bytes):
        little = dataset.original_encoding[1] is not False
        data = np.frombuffer(data, dtype="<u2" if little else ">u2")
    table = np.asarray(data, dtype=np.float64)
    count = count or 2**16
    if len(table) < count:
        raise DataError(f"its lookup table has {len(table):,} entries where it claims {count:,}")
    places = np.clip(np.round(values) - first, 0, count - 1).astype(np.int64)
    return table[places], float(2**bits - 1)


def _padding(dataset: "Dataset", stored: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where pixels only fill the rectangle (PS3.3, C.7.5.1.1.2)."""
    value = dataset.get("PixelPaddingValue")
    if not isinstance(value, int):
        return np.zeros(stored.shape, dtype=bool)
    limit = dataset.get("PixelPaddingRangeLimit", value)
    low, high = sorted((value, limit if isinstance(limit, int) else value))
    return (stored >= low) & (stored <= high)


def _eight_bits(colours: NDArray[Any]) -> NDArray[np.uint8]:
    if colours.dtype == np.uint8:
        return colours
    top = np.iinfo(colours.dtype).max if colours.dtype.kind == "u" else 0
    if not top:
        raise DataError(f"its colours are {colours.dtype} numbers, whose range is not known")
    return np.round(colours / (top / 255)).astype(np.uint8)
