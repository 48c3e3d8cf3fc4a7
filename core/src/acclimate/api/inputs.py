"""From a source to examples: rows read, checked, dealt to parts, and prepared as the backbone wants them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from acclimate import data, evaluation, models
from acclimate.api.stacks import stack_examples, volume_examples
from acclimate.contracts import Columns, DataError, Finding, Loader, OptionError, Preset, Settings, did_you_mean
from acclimate.plugins import Host

if TYPE_CHECKING:
    import datasets

PARTS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Rows of one part: their ids, their truth, and their groups if there are any.

    `truth` is [rows], the index of each one's label; or [rows, labels] of 0 and 1 where rows may carry several
    labels. Rows with one number in `together` [rows] repeat each other. `fingerprints` are the SHA-256 of the rows'
    image files, where they are known already. `name` is "train", "validation" or "test".
    """

    name: str
    rows: "datasets.Dataset"
    truth: NDArray[Any]
    groups: list[str] | None
    together: NDArray[np.int64] | None = None
    fingerprints: list[str] | None = None

    @property
    def multilabel(self) -> bool:
        """Whether rows may carry several labels."""
        return self.truth.ndim == 2

    @property
    def ids(self) -> list[str]:
        """The ids in row order."""
        ids: list[str] = self.rows["id"][:]
        return ids


def read(
    host: Host,
    owner: str,
    preset: Preset,
    source: str,
    columns: Columns,
    folder: Path,
    *,
    part: str,
    labelled: bool,
    slices: Sequence[str] = (),
    reading: Mapping[str, Any] | None = None,
    saved: Mapping[str, Any] | None = None,
    classes: Sequence[str] | None = None,
    partly_masked: bool = False,
    dealt: bool = False,
    keep: Sequence[str] = (),
    shaped: Callable[[data.Reader], data.Reader] | None = None,
) -> "datasets.Dataset":
    """Read a source with the loader its plugin chooses into a memory-mapped table under `folder`.

    The columns named by `slices` must be there, and are kept; those of `keep` are where they are there. `reading` and
    `saved` are as `reader` takes them. With `classes` rows have a mask of these in place of a label, with
    `partly_masked` some have one beside it. Rows that are `dealt` to parts have the time that the preset knows.
    `shaped` gives the loader's rows another form.
    """
    loader = loader_of(host, owner, preset, source)
    read = reader_of(host, loader, reading or {}, saved or {}, classes)
    return data.load(
        source,
        read=shaped(read) if shaped else read,
        columns=columns,
        modality=preset.modality,
        cache=folder,
        labelled=labelled,
        keep=(*preset.split.stratify, *preset.slices, *([preset.spacing] if preset.spacing else []), *keep),
        usual_group=preset.group,
        usual_times=preset.times if dealt else (),
        known_labels=preset.labels,
        required=[name for name in slices if name not in (columns.group, columns.time)],
        unlabelled=loader.unlabelled,
        masked=classes is not None,
        partly_masked=partly_masked,
        part=part,
    )


def reader(
    host: Host, owner: str, preset: Preset, source: str, reading: Mapping[str, Any], saved: Mapping[str, Any]
) -> Callable[[str], Iterable[dict[str, Any]]]:
    """Return the function that reads a source: the preset's loader, or the one its plugin chooses.

    `reading` are options for it, `saved` those that a saved run was read with, of which its loader keeps some.

    Raises:
        DataError: when no plugin reads it.
        OptionError: for an option that the loader does not have, or that the saved run has decided.
    """
    return reader_of(host, loader_of(host, owner, preset, source), reading, saved)


def loader_of(host: Host, owner: str, preset: Preset, source: str) -> Loader:
    """Return the loader that reads a source: the preset's, or the one that its plugin or core chooses.

    Raises:
        DataError: when no plugin reads it.
    """
    if preset.loader != "auto":
        return host.find("loader", preset.loader, owner)
    loader = host.choose_loader(owner, source, preset.task)
    if loader is None:
        raise DataError(
            f"Nothing installed reads {source!r}.",
            "Readable are .csv, .tsv, .jsonl, .parquet, a folder of class folders with images, a datasets folder "
            "and hub:OWNER/NAME.",
        )
    return loader


def reader_of(
    host: Host,
    loader: Loader,
    reading: Mapping[str, Any],
    saved: Mapping[str, Any],
    classes: Sequence[str] | None = None,
) -> Callable[[str], Iterable[dict[str, Any]]]:
    """Return the function of a loader that reads a source, with its options as `reader` takes them."""
    options = read_options(loader, reading, saved)
    if loader.takes_classes and classes is not None:
        options["classes"] = tuple(classes)
    read: Callable[[str], Iterable[dict[str, Any]]] = host.load(loader)
    return partial(read, **options) if options else read


def read_options(loader: Loader, reading: Mapping[str, Any], saved: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that a loader reads with: its defaults, what a `saved` run decided, and those given.

    Raises:
        OptionError: for an option that the loader does not have, or that the saved run has decided.
    """
    saved = {name: saved[name] for name in loader.kept if name in saved}
    for name, value in reading.items():
        if name not in loader.options:
            raise OptionError(
                f"The loader {loader.name!r} has no option {name!r}.",
                did_you_mean(name, loader.options) if loader.options else f"Leave {name} out: it has no options.",
            )
        if name in saved and saved[name] != value:
            raise OptionError(
                f"The run was read with {name}={saved[name]!r}, found {name}={value!r}.", f"Leave {name} out."
            )
    return {**loader.options, **saved, **reading}


def sliced(settings: Settings, preset: Preset, rows: "datasets.Dataset") -> tuple[str, ...]:
    """Return the columns whose values are scored as subgroups: those asked for, else the preset's that rows have."""
    return settings.slices or tuple(name for name in preset.slices if name in rows.column_names)


def ordered(labels: Iterable[str], preset: Preset, costs: str = "") -> tuple[str, ...]:
    """Return labels in the order that `costs` say or that the preset knows, else sorted by name.

    Raises:
        OptionError: `costs` do not name the very labels, or in another order than the preset.
    """
    found = set(labels)
    if costs:
        return _graded(found, preset, evaluation.read_costs(costs).grades)
    return tuple(sorted(found)) if preset.labels is None else tuple(x for x in preset.labels.order if x in found)


def _graded(found: set[str], preset: Preset, grades: tuple[str, ...]) -> tuple[str, ...]:
    if found != set(grades):
        raise OptionError(
            f"costs name the labels {', '.join(grades)}; the rows have {', '.join(sorted(found))}.",
            "Name each label of the rows once, from the lowest to the highest.",
        )
    known = ordered(found, preset)
    if preset.labels is not None and grades != known:
        raise OptionError(
            f"costs name the labels in the order {' < '.join(grades)}; the preset knows {' < '.join(known)}.",
            "Take that order.",
        )
    return grades


def as_part(name: str, rows: "datasets.Dataset", labels: Sequence[str]) -> Part:
    """Return rows with their labels as indices, or as indicators where they may carry several."""
    index = {label: number for number, label in enumerate(labels)}
    if data.is_multilabel(rows):
        truth: NDArray[Any] = data.indicators(data.label_sets(rows), labels)
    else:
        truth = np.asarray([index[label] for label in rows["label"][:]], dtype=np.int64)
    groups = rows["group"][:] if "group" in rows.column_names else None
    return Part(name=name, rows=rows, truth=truth, groups=groups)


def with_contents(
    part: Part, places: Sequence[int], fingerprints: Sequence[str] | None, clusters: NDArray[np.int64] | None
) -> Part:
    """Return the part with what is known of its rows, which have `places` among those that were looked at."""
    return replace(
        part,
        together=None if clusters is None else clusters[list(places)],
        fingerprints=None if fingerprints is None else [fingerprints[place] for place in places],
    )


def examples(
    rows: "datasets.Dataset",
    preprocessing: models.Preprocessing,
    prepare: Callable[[Any], Any] | None,
    file: Path,
    fingerprints: list[str] | None = None,
    mirrored: bool = True,
) -> models.Examples:
    """Return rows as model inputs; token ids are stored in `file`, images are opened when needed.

    Training may mirror images that are `mirrored`.

    `fingerprints` are those of images; where they are not given, every image is decoded once to have them.
    """
    if isinstance(preprocessing, models.TextPreprocessing):
        return models.TextExamples(
            _chunks(rows),
            list(rows["id"]),
            preprocessing=preprocessing,
            prepare=prepare,
            fingerprint=data.text_fingerprints,
            file=file,
        )
    if isinstance(preprocessing, models.StackPreprocessing):
        return stack_examples(rows, preprocessing, prepare, fingerprints, mirrored=mirrored)
    if isinstance(preprocessing, models.VolumePreprocessing):
        return volume_examples(rows, preprocessing, prepare, fingerprints, mirrored=mirrored)
    return models.ImageExamples(
        list(rows["image"]),
        list(rows["id"]),
        data.image_fingerprints(rows) if fingerprints is None else fingerprints,
        preprocessing=preprocessing,
        open_image=opener(prepare),
        mirrored=mirrored,
    )


def lost_tokens(parts: Mapping[str, models.Examples]) -> tuple[Finding, ...]:
    """Say how many texts were cut, and how much of them."""
    texts: list[models.TextExamples] = [part for part in parts.values() if isinstance(part, models.TextExamples)]
    cut = sum(int((part.lost > 0).sum()) for part in texts)
    if not cut:
        return ()
    rows = sum(len(part) for part in texts)
    lost = sum(int(part.lost.sum()) for part in texts)
    total = lost + sum(int(part.lengths.sum()) for part in texts)
    limit = texts[0].preprocessing.max_tokens
    return (
        Finding(
            code="texts-cut",
            message=f"{cut:,} of {rows:,} texts are longer than {limit} tokens and were cut there: {lost:,} of "
            f"{total:,} tokens ({lost / total:.0%}) were not read. Raise max_tokens to read more.",
        ),
    )


def cut_volumes(parts: Mapping[str, models.Examples]) -> tuple[Finding, ...]:
    """Say how many volumes were larger than what their network reads, and how much of all was cut off."""
    volumes = [part for part in parts.values() if isinstance(part, models.VolumeExamples)]
    rows, cut = sum(len(part) for part in volumes), sum(part.cut()[0] for part in volumes)
    if not cut:
        return ()
    lost = sum(part.cut()[1] * len(part) for part in volumes) / rows
    size = " x ".join(map(str, volumes[0].preprocessing.size))
    return (
        Finding(
            code="volumes-cut",
            message=f"{cut:,} of {rows:,} volumes are larger than {size} voxels at their spacing, and were cut at "
            f"their sides: {lost:.0%} of all voxels were not seen. Raise the number of voxels, or the spacing.",
        ),
    )


def audited(host: Host, preset: Preset, texts: Iterable[str]) -> tuple[Finding, ...]:
    """Return what a preset says of what its preparation does to texts, which are read only where it does."""
    audit = host.load(preset, "audit")
    return () if audit is None else tuple(audit(texts))


def prepared_texts(rows: "datasets.Dataset", prepare: Callable[[str], str] | None) -> list[str]:
    """Return the texts as the model's own preparation leaves them, for baselines that read whole texts."""
    function = prepare or str
    return [function(text) for text in rows["text"]]


def _chunks(rows: "datasets.Dataset") -> Iterator[list[str]]:
    for batch in rows.select_columns(["text"]).iter(batch_size=512):
        yield batch["text"]


def opener(prepare: Callable[[Any], Any] | None) -> Callable[[str], Image.Image]:
    if prepare is None:
        return data.open_image

    def opened(path: str) -> Image.Image:
        image: Image.Image = prepare(data.open_image(path))
        return image

    return opened
