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
from acclimate.models import Classifier, Examples, Resolved

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is adapted: the model, its rows, what the method adds, and where features and checkpoints are kept.

    Without `checkpoint` the state of training is not kept. With `corners` what the corners of the images say is
    measured too.
    """

    resolved: Resolved
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

    @property
    def model(self) -> Classifier:
        """The model that is adapted in place."""
        return self.resolved.model


def logits_of(subject: Subject, part: str, precision: str) -> Scores:
    """Return the logits [rows, classes] of a part by the model as it is now, in the order of its rows."""
    examples = subject.examples[part]
    return evaluation.by_id(subject.parts[part].ids, models.logits(subject.model, examples, precision=precision))


class Measurable(Protocol):
    """What is adapted, of any task."""

    @property
    def settings(self) -> Settings: ...
    @property
    def cache(self) -> Path: ...
    @property
    def resolved(self) -> Any: ...


def measured(subject: Measurable, step: Any, kind: str) -> training.Arithmetic:
    """Return the precision for a kind of step, as asked for or as measured once on this machine."""
    return training.choose_arithmetic(
        subject.settings.precision,
        step,
        store=subject.cache / "precision.json",
        key=f"{kind} {subject.resolved.weights[:16]}",
    )


def probe_rows(subject: Subject, size: int) -> list[int]:
    """Return the first training rows, at most `size` of them."""
    return list(range(min(size, len(subject.examples["train"]))))


def to_device(inputs: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return model inputs on the device that computes."""
    return {name: value.to(training.device()) for name, value in inputs.items()}
