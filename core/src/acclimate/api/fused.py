"""Method `fused`: a bank of the good training parts, and a head that also sees how unlike them an image is."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from acclimate import models, training
from acclimate.api.heads import put_head
from acclimate.api.subject import Scores, Subject, to_device
from acclimate.contracts import DataError, Finding, Plan

_AT_ONCE = 16


def fuse(
    subject: Subject, plan: Plan, pooled: Scores | np.ndarray[Any, np.dtype[np.float32]], precision: str
) -> Finding:
    """Put a bank of good training parts into the model and solve its head; return what to know of it.

    `pooled` are the frozen features [rows, width] of the training rows.

    Raises:
        DataError: for fewer than three good training parts.
    """
    model, train = subject.model, subject.parts["train"]
    assert isinstance(model, models.PartClassifier), "the plan was made for it"
    good = np.flatnonzero(train.truth == model.labels.index(plan.adapter["good"]))
    if len(good) < 3:
        raise DataError(
            f"Method 'fused' compares with good parts, found {len(good)} that train.",
            "Give three or more, or choose method 'frozen'.",
        )
    kept = np.random.default_rng(subject.settings.seed).permutation(good)[: plan.adapter["images"]]
    model.put(plan.adapter)
    assert model.unlikeness is not None
    unlike = np.empty(len(train.truth), dtype=np.float32)
    unlike[np.sort(kept)] = model.unlikeness.learn(
        torch.cat([each for _, each in _patches(subject, model, np.sort(kept), precision)]),
        seed=subject.settings.seed,
    ).cpu()
    for rows, patches in _patches(subject, model, np.setdiff1d(np.arange(len(unlike)), kept), precision):
        unlike[rows] = model.unlikeness.unlike(patches).cpu()
    features = np.concatenate([pooled, unlike[:, None]], axis=1).astype(np.float32)
    seed = subject.settings.seed
    put_head(model, features, train.truth, groups=train.groups, seed=seed, solver=plan.solver, loud=1)
    return _told(len(kept), len(model.unlikeness.members))


def described(subject: Subject, plan: Plan) -> Plan:
    """Return the plan as a saved run is built from it: with the size of what was learned."""
    model = subject.model
    if not isinstance(model, models.PartClassifier) or model.unlikeness is None:
        return plan
    return replace(plan, adapter={**plan.adapter, "members": len(model.unlikeness.members)})


def _told(images: int, members: int) -> Finding:
    message = (
        f"How unlike {images:,} good training parts an image is (a bank of {members:,} patches) stands beside the "
        "frozen features. Good training parts were judged by the others alone."
    )
    return Finding(code="fused", level="note", message=message)


@torch.inference_mode()
def _patches(subject: Subject, model: models.PartClassifier, rows: Any, precision: str) -> Any:
    """Yield training rows and their patches [rows, places, width], some at a time."""
    assert model.unlikeness is not None
    device = training.device()
    model.eval()
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        inputs = to_device(subject.examples["train"].batch(some.tolist()))
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
            found: Tensor = model.unlikeness.patches(model.maps(inputs))
        yield some, found
