"""Learning what good parts look like: what it will take, said before, and which of the parts are suspicious."""

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import psutil
import torch
from numpy.typing import NDArray
from torch import Tensor

from acclimate import models, training
from acclimate.api.detecting.observing import Plain
from acclimate.api.detecting.subject import PartSubject
from acclimate.contracts import Finding, OptionError
from acclimate.models.anomaly import FEW, BankScorer, Seen, members_of, scan

# A lazy selection does this share of the products of a plain one (docs/results.md, "coreset").
_LAZY = 0.6
# Rows of a product of matrices that is timed, and images or tiles of a forward pass.
_TIMED, _IMAGES = 2048, 8
_SHOWN = 10
# The far fences of Tukey 1977, "Exploratory data analysis": beyond them lie "far out" values.
_FENCE, _FENCED = 3.0, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What learning takes: patches of `channels` numbers from `tiles` of `images`, of which a bank keeps `members`.

    `feature_bytes` are held while it learns, `bank_bytes` are saved, `free_bytes` of memory were free; `seconds` are
    by stage.
    """

    images: int
    tiles: int
    patches: int
    channels: int
    members: int
    feature_bytes: int
    bank_bytes: int
    free_bytes: int
    seconds: dict[str, float]

    @property
    def fits(self) -> bool:
        """Whether it fits into the memory that was free."""
        return self.feature_bytes + self.bank_bytes <= self.free_bytes

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {**asdict(self), "fits": self.fits}

    def __str__(self) -> str:
        spent = ", ".join(f"{name} {seconds:,.0f} s" for name, seconds in self.seconds.items())
        tiles = "" if self.tiles == self.images else f" in {self.tiles:,} tiles"
        kept = f"a bank of {self.members:,} of them has" if self.members else "what is learned of them has"
        return (
            f"{self.images:,} images{tiles} × {self.patches // self.tiles:,} patches × {self.channels} channels: "
            f"{_megabytes(self.feature_bytes)} of memory, {kept} {_megabytes(self.bank_bytes)}; about {spent}."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What was learned: how it was estimated, and the score [images] of each training part judged by the others.

    `numbers` are those of training parts that baselines compare, by baseline.
    """

    estimate: Estimate
    alone: NDArray[np.float64] | None
    numbers: dict[str, NDArray[np.float64]]
    notes: tuple[Finding, ...]


def estimate(subject: PartSubject) -> Estimate:
    """Return what learning will take, from one forward pass and one product of matrices that are timed."""
    examples, model = subject.examples["train"], subject.model
    counts = {name: sum(_tiles(each)) for name, each in subject.examples.items()}
    some = range(min(_IMAGES, len(examples)))
    pixels = examples.batch(some)["pixel_values"][:_IMAGES].to(training.device())
    model.features.eval()
    model.features(pixels[:1])  # the first pass allocates
    started = time.perf_counter()
    grid = model.features(pixels)
    per_tile = (time.perf_counter() - started) / len(pixels)
    rows, columns, channels = grid.shape[1:]
    patches = counts["train"] * rows * columns
    seconds = {"features": per_tile * counts["train"]}
    scorer = model.learned
    members, held, kept = 0, 0, sum(buffer.numel() * buffer.element_size() for buffer in scorer.buffers())
    if isinstance(scorer, BankScorer):
        members = members_of(len(examples), patches, share=scorer.share, most=scorer.most)
        held, kept = 4 * patches * channels, 4 * members * channels
        width = scorer.project or channels
        if members < patches:
            seconds["coreset"] = _LAZY * patches * members * width * _product(width, torch.float64)
        compared = (counts["train"] + counts["validation"] + counts["test"]) * rows * columns
        seconds["scores"] = compared * members * channels * _product(channels, torch.float32)
    else:
        dimensions = scorer.adapter.get("dimensions", channels)
        held = kept = 8 * rows * columns * dimensions * (dimensions + 2)
        seconds["features"] *= 2  # good parts are read again, to judge each by the others
    seconds["validation and test"] = per_tile * (counts["validation"] + counts["test"])
    return Estimate(
        images=len(examples),
        tiles=counts["train"],
        patches=patches,
        channels=channels,
        members=members,
        feature_bytes=held,
        bank_bytes=kept,
        free_bytes=psutil.virtual_memory().available,
        seconds=seconds,
    )


def learn(subject: PartSubject) -> Learned:
    """Fit the detector to the training parts, after saying what it takes.

    Raises:
        OptionError: when the patches would not fit into the memory that is free.
    """
    told = estimate(subject)
    if subject.shown:
        sys.stderr.write(f"{told}\n")
    if not told.fits:
        raise OptionError(
            f"The patches of good parts do not fit into memory: {told} {_megabytes(told.free_bytes)} are free.",
            "Learn from fewer parts (max_rows), or from smaller images (image_size).",
        )
    examples, plain = subject.examples["train"], Plain()

    def features() -> Iterator[Tensor]:
        nonlocal plain
        plain = Plain()
        images = plain.images(examples.images())
        with training.bar("features of good parts", len(examples), "part", shown=subject.shown) as bar:
            for _, found in scan(subject.model.features, examples.preprocessing, images, precision=subject.precision):
                plain.seen(found)
                bar.update(1)
                yield found

    seen = Seen(scan=features, images=len(examples), patches=told.patches, stride=subject.model.stride)
    alone = subject.model.fit(seen, seed=subject.settings.seed)
    return Learned(
        estimate=told,
        alone=None if alone is None else alone.double().numpy(),
        numbers=plain.numbers,
        notes=(Finding(code="learning-cost", level="note", message=f"Learned from {told}"), *_few(subject, told)),
    )


def far_out(scores: NDArray[np.float64]) -> list[int]:
    """Return the places of scores beyond the upper far fence of Tukey, the highest first; none of fewer than twenty.

    It is that of their logarithms: the farthest patches of many images are spread to the right.
    """
    if len(scores) < _FENCED or not (scores > 0).all():
        return []
    logarithms = np.log(scores)
    low, high = np.quantile(logarithms, [0.25, 0.75])
    order = np.argsort(-scores, kind="stable")
    return [int(place) for place in order if logarithms[place] > high + _FENCE * (high - low)]


def suspicious(ids: Sequence[str], found: Sequence[int], part: str, count: int) -> tuple[Finding, ...]:
    """Say which of the `count` good parts of a part are far from all others: they may be defective."""
    if not found:
        return ()
    named = ", ".join(repr(ids[place]) for place in found[:_SHOWN])
    rest = f" and {len(found) - _SHOWN:,} more" if len(found) > _SHOWN else ""
    what = {
        "train": "what is learned of them is taken for good",
        "validation": "they raise the threshold, and defects escape",
    }
    message = (
        f"{len(found):,} of {count:,} good {part} parts look unlike all others: {named}{rest}. Look at them: where "
        f"they are defective, {what[part]}."
    )
    details: dict[str, Any] = {"part": part, "ids": [ids[place] for place in found]}
    return (Finding(code="suspicious-good-parts", message=message, details=details),)


def _few(subject: PartSubject, told: Estimate) -> tuple[Finding, ...]:
    scorer = subject.model.learned
    if not isinstance(scorer, BankScorer) or told.images >= FEW:
        return ()
    message = (
        f"{told.images} good parts are few: every patch of them is kept, and a part has the score of the patch that "
        f"is farthest from them (nearest neighbours). From {FEW} on a coreset is kept."
    )
    return (Finding(code="few-good-parts", level="note", message=message),)


def _tiles(examples: models.PartExamples) -> Iterator[int]:
    """Yield how many tiles each image has; images are opened for their size only where there may be several."""
    if not examples.preprocessing.tile:
        yield from (1 for _ in range(len(examples)))
        return
    for image in examples.images():
        yield len(examples.preprocessing.places((image.height, image.width)))


def _product(width: int, dtype: torch.dtype) -> float:
    """Return the seconds for one number of one pair in a product of matrices, measured on a small one."""
    left = torch.ones(_TIMED, width, dtype=dtype, device=training.device())
    left @ left.T  # the first one allocates
    started = time.perf_counter()
    left @ left.T
    return (time.perf_counter() - started) / (_TIMED * _TIMED * width)


def _megabytes(count: int) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.1f} MB"
