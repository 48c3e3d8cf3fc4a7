"""A DICOM series as a windowed volume on a coarser grid: ours, highdicom and MONAI in turn; and a cached epoch.

`taskset -c 0 uv run python benchmarks/dicom_volume.py`. MONAI is no dependency: without it, its rows say so.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from acclimate_medical_imaging.volumes import Volume, read_volume, resample
from highdicom.image import get_volume_from_series
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, RLELossless, generate_uid
from recording import record

SIZE = 512
SPACING = (1.5, 1.5, 1.5)  # twice the 0.75 mm between pixels: slices of 256 by 256
LOW, HIGH = -160.0, 240.0  # the abdomen window, centre 40, width 400
Times = dict[str, list[float]]


def clock() -> float:
    """Return the processor seconds of this process: wall times on a shared machine would measure the others."""
    return time.process_time()


def write_series(folder: Path, slices: int, syntax: str) -> None:
    """Write an axial CT series of twelve-bit slices with smooth structures and noise, numbered out of order."""
    folder.mkdir()
    generator = np.random.default_rng(0)
    rows, columns = np.mgrid[:SIZE, :SIZE]
    numbers = generator.permutation(slices)
    series, frame_of_reference = generate_uid(), generate_uid()
    for index in range(slices):
        one = Dataset()
        one.file_meta = FileMetaDataset()
        one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        one.SOPClassUID = one.file_meta.MediaStorageSOPClassUID = CTImageStorage
        one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        one.StudyInstanceUID, one.SeriesInstanceUID = "1.2.3", series
        one.FrameOfReferenceUID, one.PositionReferenceIndicator = frame_of_reference, ""
        one.PatientName, one.PatientID, one.Modality = "Synthetic^Patient", "1", "CT"
        one.ImageType, one.InstanceNumber = ["ORIGINAL", "PRIMARY", "AXIAL"], int(numbers[index]) + 1
        one.ImagePositionPatient, one.ImageOrientationPatient = [-192, -192, index * 1.5], [1, 0, 0, 0, 1, 0]
        one.PixelSpacing, one.SliceThickness = [0.75, 0.75], 1.5
        one.Rows, one.Columns, one.SamplesPerPixel, one.PhotometricInterpretation = SIZE, SIZE, 1, "MONOCHROME2"
        one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 16, 12, 11, 0
        one.RescaleSlope, one.RescaleIntercept, one.RescaleType = 1, -1024, "HU"
        pixels = 1000 + 500 * np.sin(columns / 40 + index / 20) * np.cos(rows / 30)
        one.PixelData = (pixels + generator.integers(0, 30, pixels.shape)).astype("<u2").tobytes()
        if syntax != ExplicitVRLittleEndian:
            one.compress(syntax)
        one.save_as(folder / f"{index:04}.dcm", enforce_file_format=True)


def windowed(values: np.ndarray) -> np.ndarray:
    """Return values of the window as 0 to 1."""
    return np.clip((values - LOW) / (HIGH - LOW), 0, 1)


def ours(folder: Path) -> np.ndarray:
    """Read with a single thread, as the others do."""
    return read_volume(folder, workers=1).values


def ours_prepared(folder: Path) -> np.ndarray:
    """Read, resample and window."""
    return windowed(read_volume(folder, spacing_millimetres=SPACING, workers=1).values)


def highdicom_default(folder: Path) -> np.ndarray:
    """Read in double precision, which is highdicom's default."""
    return get_volume_from_series([dcmread(file) for file in folder.iterdir()]).array


def highdicom_single(folder: Path) -> np.ndarray:
    """Read in single precision."""
    return get_volume_from_series([dcmread(file) for file in folder.iterdir()], dtype=np.float32).array


def highdicom_prepared(folder: Path) -> np.ndarray:
    """Read in single precision; highdicom does not resample, so that and the window are ours."""
    theirs = get_volume_from_series([dcmread(file) for file in folder.iterdir()], dtype=np.float32)
    volume = Volume(values=theirs.array, affine=theirs.affine, modality="CT")
    return windowed(resample(volume, SPACING).values)


def monai_read(folder: Path) -> np.ndarray:
    """Read with MONAI's reader for pydicom."""
    from monai.transforms import LoadImage

    return LoadImage(reader="PydicomReader", image_only=True)(str(folder)).numpy()


def monai_prepared(folder: Path) -> np.ndarray:
    """Read, window and resize with MONAI's transforms; 'area' is its fastest mode without aliasing here."""
    from monai.transforms import Compose, LoadImage, Resize, ScaleIntensityRange

    slices = len(list(folder.iterdir()))
    pipeline = Compose(
        [
            LoadImage(reader="PydicomReader", image_only=True, ensure_channel_first=True),
            Resize((SIZE // 2, SIZE // 2, slices), mode="area"),
            ScaleIntensityRange(LOW, HIGH, 0, 1, clip=True),
        ]
    )
    return pipeline(str(folder)).numpy()


READ = {"ours": ours, "highdicom (float32)": highdicom_single, "highdicom (default)": highdicom_default}
PREPARED = {"ours": ours_prepared, "highdicom (float32)": highdicom_prepared}
MONAI = {"read": monai_read, "read, resize, window": monai_prepared}


def alternated(functions: dict[str, Callable[[Path], np.ndarray]], folder: Path, repeats: int) -> Times:
    """Time each function in turn, `repeats` times, after one call of each that does not count."""
    times: Times = {name: [] for name in functions}
    for number in range(repeats + 1):
        for name, function in functions.items():
            start = clock()
            function(folder)
            if number:
                times[name].append(clock() - start)
        print(f"{folder.name}: {number} of {repeats}", flush=True)
    return times


def epochs(folder: Path, repeats: int, spacing: Any) -> Times:
    """Time a first epoch, which fills an empty cache, the second, which compares checksums, and a later one."""
    times: Times = {"first": [], "second, checked": [], "later, opened": [], "later, every value read": []}
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as cache:
            for name in ("first", "second, checked", "later, opened"):
                start = clock()
                volume = read_volume(folder, spacing_millimetres=spacing, cache=cache, workers=1)
                times[name].append(clock() - start)
            volume.values.max()
            times["later, every value read"].append(clock() - start)
    return times


def ratios(slow: Sequence[float], fast: Sequence[float]) -> str:
    """Return the median of the ratios pair by pair, with the least and the greatest."""
    each = sorted(one / other for one, other in zip(slow, fast, strict=True))
    return f"{statistics.median(each):.1f} ({each[0]:.1f} to {each[-1]:.1f})"


def seconds(values: Sequence[float]) -> str:
    """Return the median with the least and the greatest."""
    return f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def check(folder: Path) -> None:
    """Check that what is timed is the same volume."""
    np.testing.assert_array_equal(ours(folder), highdicom_single(folder)[::-1])
    np.testing.assert_allclose(ours_prepared(folder), highdicom_prepared(folder)[::-1], atol=1e-5)


def main() -> None:
    """Write the series, alternate and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    has_monai = find_spec("monai") is not None
    rows, raw, in_order = [], {}, None
    with tempfile.TemporaryDirectory() as name:
        for kind, syntax in (("uncompressed", ExplicitVRLittleEndian), ("RLE", RLELossless)):
            folder = Path(name) / kind
            write_series(folder, arguments.slices, syntax)
            check(folder)
            in_order = has_monais_order(folder) if has_monai else None
            for step, functions in (("read", READ), ("read, resize, window", PREPARED)):
                with_monai = {**functions, "MONAI": MONAI[step]} if has_monai else functions
                times = alternated(with_monai, folder, arguments.repeats)
                raw[f"{kind}: {step}"] = times
                rows += [
                    [kind, step, reader, seconds(each), ratios(each, times["ours"])] for reader, each in times.items()
                ]
                rows += [] if has_monai else [[kind, step, "MONAI", "not installed", ""]]
            for step, spacing in (("read", None), ("read, resize", SPACING)):
                times = epochs(folder, arguments.repeats, spacing)
                raw[f"{kind}: {step}, cached"] = times
                rows += [
                    [
                        kind,
                        f"{step}, cached",
                        epoch,
                        seconds(each),
                        "" if epoch == "first" else ratios(times["first"], each),
                    ]
                    for epoch, each in times.items()
                ]
    record_all(arguments, rows, raw, in_order)


def has_monais_order(folder: Path) -> bool:
    """Whether MONAI's slices are in our order, or in that from the other end; instance numbers are shuffled here."""
    theirs, own = monai_read(folder).mean(axis=(0, 1)), ours(folder).mean(axis=(1, 2))
    return any(np.allclose(theirs, each) for each in (own, own[::-1]))


def claim(
    arguments: argparse.Namespace, raw: dict[str, Times], in_order: bool | None, load: float, versions: dict[str, str]
) -> str:
    """Say what was measured, and how."""
    speeds = [
        f"{case} {ratios(times['highdicom (float32)'], times['ours'])}"
        for case, times in raw.items()
        if "highdicom (float32)" in times
    ]
    order = "" if in_order is None else f"MONAI has the slices in {'the same' if in_order else 'another'} order. "
    return (
        f"{arguments.slices} slices of {SIZE} × {SIZE} as one volume in Hounsfield units. Times as fast as highdicom "
        f"in single precision: {'; '.join(speeds)}. One thread each; {arguments.repeats} rounds in alternation; "
        "processor seconds (user and system, files in the page cache), medians with least and greatest. The ratio is "
        "the time of the row over that of ours in the same round; for cached epochs that of the first over that of "
        "the row. "
        f"{order}A load of {load:.0f} on {os.cpu_count()} processors. "
        + ", ".join(f"{library} {number}" for library, number in versions.items())
        + "."
    )


def record_all(
    arguments: argparse.Namespace, rows: list[list[str]], raw: dict[str, Times], in_order: bool | None
) -> None:
    """Record the table with what it was measured with."""
    versions = {}
    for library in ("pydicom", "highdicom", "pylibjpeg-rle", "monai"):
        try:
            versions[library] = version(library)
        except PackageNotFoundError:
            versions[library] = "not installed"
    record(
        "dicom_volume",
        title="A DICOM series as a volume",
        claim=claim(arguments, raw, in_order, os.getloadavg()[0], versions),
        header=["files", "step", "reader or epoch", "seconds", "ratio"],
        rows=rows,
        raw=raw,
    )


if __name__ == "__main__":
    main()
