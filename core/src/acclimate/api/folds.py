"""Cross-validation on the training rows: each row is scored by a model that never saw it."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from acclimate import data, models
from acclimate.api.inputs import Part
from acclimate.api.subject import Subject
from acclimate.contracts import DataError, SplitPolicy

FOLDS = 3
_MOST = 1 / 3  # of the rows that train may validate, however many validation rows the run has


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """Training rows by number: those that train, those that choose the epoch, and those that are scored."""

    train: Sequence[int]
    validation: Sequence[int]
    held_out: Sequence[int]


def deal_folds(subject: Subject, policy: SplitPolicy, count: int = FOLDS) -> list[Fold]:
    """Deal the training rows to folds: each is scored once, of the rest as large a share validates as in the run.

    The parts of a run and the folds are dealt by the same code: stratified, whole groups together, and rows that
    repeat each other. Rows with times
    are dealt at random.

    Raises:
        DataError: when there are too few rows, groups or classes for that.
    """
    part = subject.parts["train"]
    grouped = part.groups is not None
    rows = part.rows.remove_columns([name for name in ("time",) if name in part.rows.column_names])
    seed = subject.settings.seed
    sizes = {name: len(subject.parts[name].truth) for name in ("train", "validation")}
    share = min(sizes["validation"] / sum(sizes.values()), _MOST)
    inner = SplitPolicy(validation=share, stratify=policy.stratify)
    folds = []
    for held_out in data.folds(
        rows, count, seed=seed, grouped=grouped, stratify=policy.stratify, together=part.together
    ):
        rest = np.setdiff1d(np.arange(len(rows)), held_out)
        near = None if part.together is None else part.together[rest]
        dealt = data.split(rows.select(rest), inner, seed=seed, want=("validation",), grouped=grouped, together=near)
        train, validation = rest[dealt["train"]], rest[dealt["validation"]]
        if len(np.unique(part.truth[train])) < 2:
            raise DataError("A fold would train on a single class.")
        folds.append(Fold(train=train.tolist(), validation=validation.tolist(), held_out=held_out))
    return folds


def on_fold(subject: Subject, fold: Fold) -> Subject:
    """Return a run on a fold, whose "test" rows are those held out, with a copy of the model to itself."""
    places = {"train": fold.train, "validation": fold.validation, "test": fold.held_out}
    return replace(
        subject,
        resolved=replace(subject.resolved, model=copy.deepcopy(subject.model)),
        parts={name: _taken(name, subject.parts["train"], rows) for name, rows in places.items()},
        examples={name: models.Subset(subject.examples["train"], rows) for name, rows in places.items()},
        checkpoint=None,
        corners=False,  # the baseline is of the run's own test rows
    )


def _taken(name: str, part: Part, rows: Sequence[int]) -> Part:
    groups = None if part.groups is None else [part.groups[row] for row in rows]
    together = None if part.together is None else part.together[list(rows)]
    return Part(
        name=name,
        rows=part.rows.select(rows),
        truth=part.truth[list(rows)],
        groups=groups,
        together=together,
    )
