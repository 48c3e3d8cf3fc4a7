"""Where the state of training is kept, under a key of all that decides the result."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from acclimate import models, training
from acclimate.contracts import Plan, Settings


class Adapted(Protocol):
    """What is adapted, of any task."""

    @property
    def checkpoint(self) -> Path | None: ...
    @property
    def settings(self) -> Settings: ...
    @property
    def resolved(self) -> Any: ...
    @property
    def parts(self) -> Mapping[str, Any]: ...
    @property
    def examples(self) -> Mapping[str, Any]: ...


def checkpoint_of(
    subject: Adapted, plan: Plan, groups: Sequence[Mapping[str, Any]], *, libraries: Sequence[str]
) -> training.Checkpoint | None:
    """Return where the state is kept, if it is; `libraries` are distributions whose version may change the result."""
    if subject.checkpoint is None:
        return None
    key: list[Any] = [
        asdict(subject.settings),
        plan.method,
        plan.adapter,
        subject.resolved.weights,
        subject.resolved.preprocessing.hash,
        [[subject.parts[part].ids, list(subject.examples[part].fingerprints)] for part in ("train", "validation")],
        [float(group["lr"]) for group in groups],
        [version(name) for name in ("acclimate", "torch", "transformers", *libraries)],
    ]
    subject.checkpoint.absolute().parent.mkdir(parents=True, exist_ok=True)
    every = 60 * subject.settings.checkpoint_minutes
    return training.Checkpoint(file=subject.checkpoint, key=models.json_hash(key), every_seconds=every)
