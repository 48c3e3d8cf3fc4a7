"""Rows that a saved run is tried on: its own, where they are still at hand, or those of a source that is named."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from acclimate import data, models, training
from acclimate.api import inputs
from acclimate.api.adapting import ask
from acclimate.api.detecting import rows as part_rows
from acclimate.api.detecting.predictor import PartPredictor
from acclimate.api.flows import flow_of
from acclimate.api.manifest import asked_by, read_with
from acclimate.api.predictor import Predictor
from acclimate.api.provenance import part_data
from acclimate.api.request import find_preset
from acclimate.api.sameness import check_rows
from acclimate.contracts import Columns, DataError
from acclimate.plugins import Host

if TYPE_CHECKING:
    from acclimate.api.inputs import Part

AnyPredictor = Predictor | PartPredictor


@contextmanager
def own_parts(host: Host, predictor: AnyPredictor, hint: str) -> Iterator[Mapping[str, "Part"]]:
    """Give the parts of a run by name, read and dealt again as its manifest says, while the block lasts.

    Raises:
        DataError: when they cannot be read any more or are not those of the run; `hint` says what to do instead.
    """
    with TemporaryDirectory(prefix="acclimate-") as folder, training.quiet_libraries():
        request = ask(host, **asked_by(predictor.manifest), output=None)
        try:
            _, dealt = flow_of(request.preset.task).deal(host, request, Path(folder))
        except DataError as error:
            raise DataError(f"The rows of {predictor.folder} are not at hand: {error.message}", hint) from error
        found = {
            name: part_data(part, _examples(predictor, part, Path(folder)), predictor.labels)
            for name, part in dealt.parts.items()
        }
        check_rows(predictor.manifest, found, hint)
        yield dealt.parts


@contextmanager
def rows_of(host: Host, predictor: AnyPredictor, source: str) -> Iterator[list[Any]]:
    """Give the texts of a source, or the paths of its images, in its order, while the block lasts.

    Raises:
        DataError: when a row of it cannot be read.
    """
    preset, owner, _ = find_preset(host, predictor.manifest["preset"])
    if isinstance(predictor, PartPredictor):
        preset = part_rows.with_loader(host, owner, preset, source)
    read = inputs.reader(host, owner, preset, source, {}, read_with(predictor.manifest))
    with TemporaryDirectory(prefix="acclimate-") as folder:
        found = []
        for row in data.stream(source, read=read, columns=Columns(), modality=preset.modality):
            if row.error:
                raise DataError(f"Row {row.id!r} of {source} cannot be read: {row.error}.", "Leave it out.")
            is_text = preset.modality == "text"
            found.append(row.content if is_text else data.image_path(row.content, folder=Path(), cache=Path(folder)))
        yield found


@contextmanager
def items(
    host: Host, predictor: AnyPredictor, source: str | Path | None, hint: str, *, halved: bool = True
) -> Iterator[Mapping[str, Sequence[str]]]:
    """Give texts, or paths of images, by "train" and "test": those of a run, or every second one of a source.

    Of a run that inspects parts "train" are good ones. Of a source that is not `halved` both are all of it.

    Raises:
        DataError: when a source has fewer than two rows or some cannot be read, or as `own_parts`.
    """
    if source is None:
        with own_parts(host, predictor, hint) as parts:
            yield {name: items_of(parts[name]) for name in ("train", "test")}
        return
    with rows_of(host, predictor, str(source)) as found:
        if not halved:
            yield {"train": found, "test": found}
            return
        if len(found) < 2:
            raise DataError(f"{source} has {len(found)} row, and two or more are needed.", "Name more of them.")
        yield {"train": found[::2], "test": found[1::2]}


def items_of(part: "Part") -> list[str]:
    """Return the texts of a part, or the paths of its images."""
    column = "image" if "image" in part.rows.column_names else "text"
    items: list[str] = part.rows[column][:]
    return items


def spread(items: Sequence[Any], most: int) -> list[Any]:
    """Return at most so many of some items, evenly spread over them."""
    if len(items) <= most:
        return list(items)
    return [items[place * len(items) // most] for place in range(most)]


def _examples(predictor: AnyPredictor, part: "Part", folder: Path) -> models.Examples:
    if isinstance(predictor, PartPredictor):
        return part_rows.examples(part, predictor.preprocessing, predictor.prepare)
    file = folder / f"{part.name}.tokens"
    return inputs.examples(part.rows, predictor.preprocessing, predictor.prepare, file, part.fingerprints)
