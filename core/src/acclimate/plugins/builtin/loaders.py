"""The file formats and kinds of folder that core reads, and which of them a source is read by."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from acclimate.contracts import Loader, Ref
from acclimate.plugins.hookspecs import hookimpl

_DATASET_FILES = ("dataset_info.json", "state.json", "dataset_dict.json")
_IMAGE_SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}


@hookimpl
def register_loaders() -> Iterator[Loader]:
    """Offer the file formats, the two kinds of folder, and the Hugging Face hub."""
    yield Loader(
        name="csv",
        summary="A table of comma-separated values.",
        read=Ref("acclimate.data.read:csv_rows"),
        suffixes=(".csv",),
    )
    yield Loader(
        name="tsv",
        summary="A table of tab-separated values.",
        read=Ref("acclimate.data.read:tsv_rows"),
        suffixes=(".tsv",),
    )
    yield Loader(
        name="jsonl",
        summary="One JSON object on each line.",
        read=Ref("acclimate.data.read:jsonl_rows"),
        suffixes=(".jsonl", ".ndjson"),
    )
    yield Loader(
        name="json",
        summary="A list of JSON objects, also as Label Studio exports them.",
        read=Ref("acclimate.data.read:json_rows"),
        suffixes=(".json",),
    )
    yield Loader(
        name="conll",
        summary="A token and its tag on each line, a blank line between texts.",
        read=Ref("acclimate.data.read:conll_rows"),
        suffixes=(".conll", ".iob", ".bio"),
    )
    yield Loader(
        name="parquet",
        summary="A Parquet table.",
        read=Ref("acclimate.data.read:parquet_rows"),
        suffixes=(".parquet",),
    )
    yield Loader(
        name="dataset-folder",
        summary="A folder that datasets' save_to_disk wrote.",
        read=Ref("acclimate.data.read:dataset_folder_rows"),
    )
    yield Loader(
        name="image-folder",
        summary="A folder with one subfolder of images for each class.",
        read=Ref("acclimate.data.read:image_folder_rows"),
    )
    yield Loader(
        name="mask-folder",
        summary="A folder with images in `images` and their masks in `masks`, under the same names.",
        read=Ref("acclimate.data.read:mask_folder_rows"),
    )
    outlines = {"others": "refuse", "overlap": "refuse"}
    yield Loader(
        name="coco",
        summary="Images with the outlines of objects, as COCO's annotations in one JSON file.",
        read=Ref("acclimate.data.read:coco_rows"),
        options={"images": "", **outlines},
        takes_classes=True,
    )
    yield Loader(
        name="yolo",
        summary="A folder with images in `images` and the outlines of objects in `labels`, as YOLO's text files.",
        read=Ref("acclimate.data.read:yolo_rows"),
        options={"unmasked": "refuse", **outlines},
        takes_classes=True,
    )
    yield Loader(
        name="inspection-folder",
        summary="Images of parts: good ones alone, a folder for each label, or train, test and ground_truth.",
        read=Ref("acclimate.data.read:inspection_rows"),
    )
    yield Loader(
        name="hub",
        summary="A data set of the Hugging Face hub, as hub:owner/name.",
        read=Ref("acclimate.data.read:hub_rows"),
        scheme="hub",
    )


@hookimpl
def choose_loader(source: str, task: str, candidates: Sequence[Loader]) -> str | None:
    """Go by the scheme, then by the kind of folder, then by the longest ending; masks in JSON are COCO's."""
    scheme = source.partition(":")[0]
    for loader in candidates:
        if loader.scheme and loader.scheme == scheme and ":" in source:
            return loader.name
    names = {loader.name for loader in candidates}
    path = Path(source)
    if path.is_dir() and (folder := _folder_loader(path, task)) in names:
        return folder
    if task == "image-segmentation" and path.suffix.lower() == ".json":
        return "coco"
    endings = [
        (len(suffix), loader.name)
        for loader in candidates
        for suffix in loader.suffixes
        if path.name.lower().endswith(suffix.lower())
    ]
    return max(endings, key=lambda ending: ending[0])[1] if endings else None


def _folder_loader(folder: Path, task: str) -> str | None:
    if any((folder / name).is_file() for name in _DATASET_FILES):
        return "dataset-folder"
    if all((folder / name).is_dir() for name in ("images", "masks")):
        return "mask-folder"
    if task == "image-segmentation" and all((folder / name).is_dir() for name in ("images", "labels")):
        return "yolo"
    # Images of classes lie in their folders, or in folders within them where there are two classes or more.
    if next(_images(folder, "*/*"), None) or len({image.parents[1] for image in _images(folder, "*/*/*")}) > 1:
        return "image-folder"
    return None


def _images(folder: Path, pattern: str) -> Iterator[Path]:
    return (file for file in folder.glob(pattern) if file.suffix.lower() in _IMAGE_SUFFIXES)
