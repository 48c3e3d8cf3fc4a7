"""Rows that are stacks of images: what may be asked of them, and how they are opened."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from acclimate import data, models
from acclimate.contracts import STACKS, DataError, Method, OptionError

if TYPE_CHECKING:
    import datasets


def check_search(task: str, offers: Iterable[Method]) -> None:
    """Raise OptionError, with the names of the methods that can, where a search is asked for among stacks."""
    if task == STACKS:
        able = ", ".join(sorted(offer.name for offer in offers if task in offer.tasks))
        raise OptionError(f"Method 'auto' is for single images and texts, not for {task}.", f"Name one of {able}.")


def stack_examples(
    rows: "datasets.Dataset",
    preprocessing: models.StackPreprocessing,
    prepare: Callable[[Any], Any] | None,
    fingerprints: Sequence[str] | None,
    *,
    mirrored: bool,
) -> models.StackExamples:
    """Return rows of stacks as model inputs, opened when they are needed.

    Where `fingerprints` are not given, every stack is decoded once to have them.

    Raises:
        DataError: for stacks that cannot be used.
    """
    if fingerprints is None:
        examined = data.examine_images(rows, look=data.examined_stack)
        fingerprints = [each.fingerprint for each in examined]
    paths = list(rows["image"])
    return models.StackExamples(
        paths,
        list(rows["id"]),
        fingerprints,
        [data.slice_names(path) for path in paths],
        preprocessing=preprocessing,
        open_stack=stack_opener(prepare),
        mirrored=mirrored,
    )


def given_stacks(
    items: Sequence[Any], preprocessing: models.StackPreprocessing, prepare: Callable[[Any], Any] | None
) -> models.StackExamples:
    """Return stacks that were given as paths, or as their slices, as model inputs.

    Raises:
        DataError: a file cannot be used, or an item is something else.
    """
    ids = [str(number) for number in range(len(items))]
    slices = {id: item for id, item in zip(ids, items, strict=True) if not isinstance(item, str | Path)}
    names: list[Sequence[str]] = []
    for id, item in zip(ids, items, strict=True):
        if id not in slices:
            names.append(data.slice_names(item))
            continue
        if not (isinstance(item, Sequence) and item and all(isinstance(one, Image.Image) for one in item)):
            raise DataError(
                f"A stack is a path, or one Pillow image or more, found item {id}: {type(item).__name__}.",
                "Give the slices of each stack as a list of images.",
            )
        names.append([str(number) for number in range(1, len(item) + 1)])
    from_path = stack_opener(prepare)

    def opened(id: str) -> Sequence[Image.Image]:
        if id not in slices:
            return from_path(str(items[int(id)]))
        images = [data.to_rgb(image) for image in slices[id]]
        return images if prepare is None else [prepare(image) for image in images]

    return models.StackExamples(ids, ids, ids, names, preprocessing=preprocessing, open_stack=opened)


def stack_opener(prepare: Callable[[Any], Any] | None) -> Callable[[str], Sequence[Image.Image]]:
    """Return what opens a stack and prepares each slice of it."""

    def opened(path: str) -> Sequence[Image.Image]:
        images = data.open_stack(path).images
        return images if prepare is None else [prepare(image) for image in images]

    return opened


def volume_examples(
    rows: "datasets.Dataset",
    preprocessing: models.VolumePreprocessing,
    prepare: Callable[[Any], Any] | None,
    fingerprints: Sequence[str] | None,
    *,
    mirrored: bool,
) -> models.VolumeExamples:
    """Return rows of stacks as inputs of a model that sees them whole; the arguments are those of `stack_examples`.

    Raises:
        DataError: for stacks that cannot be used.
    """
    stacks = stack_examples(
        rows, models.StackPreprocessing(slices=preprocessing.slices), prepare, fingerprints, mirrored=mirrored
    )
    return _whole(stacks, [data.stack_shape(path) for path in stacks.paths], preprocessing)


def given_volumes(
    items: Sequence[Any], preprocessing: models.VolumePreprocessing, prepare: Callable[[Any], Any] | None
) -> models.VolumeExamples:
    """Return stacks that were given as paths, or as their slices, as inputs of a model that sees them whole.

    Raises:
        DataError: as `given_stacks`.
    """
    stacks = given_stacks(items, models.StackPreprocessing(slices=preprocessing.slices), prepare)
    return _whole(stacks, (), preprocessing)


def _whole(
    stacks: models.StackExamples,
    shapes: Sequence[tuple[int, int, int]],
    preprocessing: models.VolumePreprocessing,
) -> models.VolumeExamples:
    return models.VolumeExamples(
        stacks.paths,
        stacks.ids,
        stacks.fingerprints,
        shapes,
        preprocessing=preprocessing,
        open_stack=stacks.open_stack,
        mirrored=stacks.mirrored,
    )
