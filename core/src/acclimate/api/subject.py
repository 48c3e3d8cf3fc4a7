"""What is being adapted, and what every stage asks of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from acclimate import evaluation, models, training
from acclimate.api.inputs import Part
from acclimate.contracts import Backbone, Method, Settings
from acclimate.models import Classifier, Examples, ResolvedClassifier

Scores = NDArray[np.float64]


class AnySubject(Protocol):
    """What is adapted, whatever the task: a model with its rows and its examples."""

    @property
    def model(self) -> Any: ...
    @property
    def resolved(self) -> Any: ...
    @property
    def backbone(self) -> Backbone: ...
    @property
    def method(self) -> Method: ...
    @property
    def parts(self) -> Mapping[str, Part]: ...
    @property
    def examples(self) -> Mapping[str, Any]: ...
    @property
    def settings(self) -> Settings: ...
    @property
    def shown(self) -> bool: ...


class Trainable(AnySubject, Protocol):
    """What is adapted by gradient steps: what the method adds, and where measurements and checkpoints are kept."""

    @property
    def install(self) -> Callable[[Any, Mapping[str, Any]], None] | None: ...
    @property
    def cache(self) -> Path: ...
    @property
    def checkpoint(self) -> Path | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is adapted: the model, its rows, what the method adds, and where features and checkpoints are kept.

    Where rows have the label `outside`, they are parts of their own beside train, validation and test, named by
    `scoping.OUTSIDE`. Without `checkpoint` the state of training is not kept. With `corners` what the corners of the
    images say is measured too.
    """

    resolved: ResolvedClassifier
    backbone: Backbone
    method: Method
    install: Callable[[Classifier, Mapping[str, Any]], None] | None
    prepare: Callable[[Any], Any] | None
    parts: Mapping[str, Part]
    examples: Mapping[str, Examples]
    settings: Settings
    cache: Path
    checkpoint: Path | None
    shown: bool
    corners: bool = False
    outside: str = ""

    @property
    def model(self) -> Classifier:
        """The model that is adapted in place."""
        return self.resolved.model


def logits_of(subject: Subject, part: str, precision: str) -> Scores:
    """Return the logits [rows, classes] of a part by the model as it is now, in the order of its rows."""
    examples = subject.examples[part]
    return evaluation.by_id(subject.parts[part].ids, models.logits(subject.model, examples, precision=precision))


def probe_rows(subject: Subject, size: int) -> list[int]:
    """Return the first training rows, at most `size` of them."""
    return list(range(min(size, len(subject.examples["train"]))))


def to_device(inputs: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return model inputs on the device that computes."""
    return {name: value.to(training.device()) for name, value in inputs.items()}
