"""`suspects`: the rows of a source whose label is most likely wrong."""

import copy
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from acclimate import data, evaluation, models, training
from acclimate.api import inputs, leaks
from acclimate.api.adapting import ask
from acclimate.api.choosing import choose_backbone, need_of
from acclimate.api.heads import put_head
from acclimate.api.inputs import Part
from acclimate.api.request import Request, find_preset
from acclimate.contracts import STACKS, DataError, OptionError, Preset, Suspect, cache_folder
from acclimate.plugins import Host, default_host

_FOLDS = 5


def suspects(
    preset: str | Preset,
    source: str | Path,
    *,
    backbone: str | None = None,
    host: Host | None = None,
    shown: bool = True,
    **options: Any,
) -> list[Suspect]:
    """Return the rows of `source` whose label is most likely wrong, the most suspect first.

    Every row is judged by a head on frozen features that was solved without it: five folds, with the rows of a group,
    and rows that repeat each other, in one. Then confident learning says which rows are surely of another label.

    Args:
        preset: a preset such as `"legal/clauses"`, or the object a vertical exports.
        source: labelled rows, read as in `adapt`; each has one label.
        backbone: what computes the features, as in `adapt`.
        host: the plugins to use; those installed when left out.
        shown: show progress on standard error.
        options: column names, `max_tokens`, `max_rows`, `seed` and `precision`, as in `adapt`.

    Raises:
        AcclimateError: for input that cannot be used.
    """
    host = host or default_host()
    task = find_preset(host, preset)[0].task
    others = {
        STACKS: "stacks of images",
        "image-segmentation": "masks",
        "natural-language-inference": "hypotheses",
        "summarization": "summaries",
        "question-answering": "questions",
        "sentence-similarity": "pairs of a search",
        "token-classification": "spans",
    }
    if task in others:
        what = others[task]
        raise OptionError(f"Rows are judged by their labels, and {what} are not judged.", "Choose another preset.")
    with TemporaryDirectory(prefix="acclimate-") as temporary, training.quiet_libraries():
        folder = Path(temporary)
        request = ask(host, preset, source, "frozen", backbone, None, None, folder / "unused", options)
        part, labels = _read(host, request, folder)
        chosen = choose_backbone(host, request, need_of(request, part, labels))
        settings = request.settings
        resolved = models.resolve(chosen, labels=labels, max_tokens=settings.max_tokens, side=settings.image_size)
        resolved.model.to(training.device())
        prepare = host.load(request.preset)
        examples = inputs.examples(
            part.rows, resolved.preprocessing, prepare, folder / "rows.tokens", part.fingerprints
        )
        with training.bar("features of the rows", len(examples), "row", shown=shown) as bar:
            features = models.features(
                resolved.model,
                examples,
                cache=cache_folder(),
                key=(resolved.weights, resolved.preprocessing.hash, resolved.model.pooling, "last layer"),
                precision="float32" if request.settings.precision == "auto" else request.settings.precision,
                progress=bar.update,
            )
        found = evaluation.suspects(part.truth, _held_out(request, resolved.model, part, features))
        return _told(part, labels, found, request.preset.modality)


def _read(host: Host, request: Request, folder: Path) -> tuple[Part, tuple[str, ...]]:
    settings = request.settings
    rows = inputs.read(
        host,
        request.owner,
        request.preset,
        request.source,
        request.columns,
        folder / "rows",
        part="",
        labelled=True,
        reading=settings.reading,
    )
    if data.is_multilabel(rows):
        raise DataError("The rows carry several labels each, which cannot be judged yet.", "Give one label each.")
    if settings.max_rows is not None:
        rows = rows.select(data.sample(rows, settings.max_rows, seed=settings.seed))
    data.check_classes(rows)
    labels = inputs.ordered(set(rows["label"][:]), request.preset)
    contents = leaks.look_at([rows], request.preset, host.load(request.preset))
    part = inputs.as_part("train", rows, labels)
    return inputs.with_contents(part, range(len(rows)), contents.fingerprints, contents.repeats.clusters()), labels


def _held_out(
    request: Request, model: models.Classifier, part: Part, features: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return the probabilities [rows, classes] of each row by a head that was solved without it."""
    seed, classes = request.settings.seed, len(model.labels)
    found = np.empty((len(part.truth), classes))
    dealt = data.folds(
        part.rows,
        _FOLDS,
        seed=seed,
        grouped=part.groups is not None,
        stratify=request.preset.split.stratify,
        together=part.together,
    )
    for held in dealt:
        rest = np.setdiff1d(np.arange(len(part.truth)), held)
        if len(np.unique(part.truth[rest])) < classes:
            raise DataError(
                f"A label has all of its rows in one of {_FOLDS} folds, so that no row could be judged without it.",
                f"Give each label rows of {_FOLDS} groups or more, or leave it out.",
            )
        groups = None if part.groups is None else [part.groups[row] for row in rest]
        head = put_head(copy.deepcopy(model), features[rest], part.truth[rest], groups=groups, seed=seed)
        found[held] = softmax(head.logits(features[held]), axis=1)
    return found


def _told(part: Part, labels: Sequence[str], found: evaluation.Suspects, modality: str) -> list[Suspect]:
    rows = part.rows.select(found.rows)
    contents, lines, ids = rows[modality][:], rows["line"][:], rows["id"][:]
    return [
        Suspect(id=id, line=line, label=labels[part.truth[row]], likelier=labels[other], content=content)
        for id, line, content, row, other in zip(ids, lines, contents, found.rows, found.likelier, strict=True)
    ]
