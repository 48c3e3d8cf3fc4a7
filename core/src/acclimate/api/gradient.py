"""What training by gradient steps needs whatever is learned: where its state is kept, and what is told of it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from acclimate import models, training
from acclimate.contracts import Finding, Plan, Settings

Groups = Sequence[Mapping[str, Any]]


def checkpoint_of(
    file: Path | None,
    settings: Settings,
    plan: Plan,
    groups: Groups,
    decisive: Sequence[Any],
    libraries: Sequence[str],
) -> training.Checkpoint | None:
    """Return where the state is kept, if it is, under a key of all that decides the result.

    `decisive` are what is particular to the task, in plain JSON: weights, preprocessing and rows.
    """
    if file is None:
        return None
    key = models.json_hash(
        [
            asdict(settings),
            plan.method,
            plan.adapter,
            *decisive,
            [float(group["lr"]) for group in groups],
            [version(name) for name in ("acclimate", "torch", "transformers", *libraries)],
        ]
    )
    file.absolute().parent.mkdir(parents=True, exist_ok=True)
    return training.Checkpoint(file=file, key=key, every_seconds=60 * settings.checkpoint_minutes)


def precision_notes(forward: training.Arithmetic, steps: training.Arithmetic) -> tuple[Finding, ...]:
    """Say in what precision forward passes and training steps are computed, and why."""
    return tuple(
        Finding(
            code=f"precision-{what}",
            level="note",
            message=f"{told} {chosen.precision}: {chosen.reason}.",
            details={"precision": chosen.precision},
        )
        for what, told, chosen in (
            ("forward", "Forward passes use", forward),
            ("training", "Training uses float32 weights with products in", steps),
        )
    )
