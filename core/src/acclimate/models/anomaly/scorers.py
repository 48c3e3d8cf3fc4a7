"""What is learned of good parts, as a module whose state is saved with a run: a memory bank, or Gaussians.

`features` of an image are [tiles, rows, columns, width], `grids` the scores of its patches [tiles, rows, columns].
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor, nn
from torch.nn.functional import normalize

from acclimate.contracts import OptionError
from acclimate.models.anomaly.alone import distances_to_others, without_one
from acclimate.models.anomaly.bank import MemoryBank
from acclimate.models.anomaly.coreset import select
from acclimate.models.anomaly.maps import SIGMA
from acclimate.models.anomaly.padim import Padim

FEW = 30
"""Images below which a bank keeps every patch and an image has the greatest distance of any of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Good parts to learn from: `scan` yields the features of each image anew whenever it is called.

    `images` and `patches` are how many there are; `stride` is that of a patch in pixels as they are read.
    """

    scan: Callable[[], Iterator[Tensor]]
    images: int
    patches: int
    stride: int


class Scorer(nn.Module, ABC):
    """Says how far patches are from those of good parts."""

    @abstractmethod
    def fit(self, seen: Seen, *, seed: int, judge: bool = True) -> Tensor | None:
        """Learn, and return the score [images] of each image judged by the others alone.

        None where an image has no others, and without `judge`. They only rank the images: they are not on the scale
        of `score`.
        """

    @abstractmethod
    def grids(self, features: Tensor) -> Tensor:
        """Return the scores of patches [tiles, rows, columns]."""

    @abstractmethod
    def score(self, features: Tensor, grids: Tensor) -> float:
        """Return the score of the image that has these features and grids."""

    @property
    @abstractmethod
    def adapter(self) -> dict[str, Any]:
        """What `scorer_of` needs to build it again, empty, in plain JSON."""


class BankScorer(Scorer):
    """A memory bank of patches (PatchCore); `members` of 0 are decided when it is fitted.

    With `cosine` all patches are scaled to length one, so that they are compared by their directions alone.
    """

    kind = "memory-bank"
    features: Tensor

    def __init__(
        self,
        *,
        share: float,
        most: int,
        neighbours: int,
        project: int,
        cosine: bool = False,
        members: int = 0,
        width: int = 0,
    ) -> None:
        super().__init__()
        self.cosine = cosine
        self.share, self.most, self.neighbours, self.project = share, most, neighbours, project
        self.register_buffer("features", torch.zeros(members, width))
        self._bank: MemoryBank | None = None
        # torch gives this method no types.
        self.register_load_state_dict_post_hook(lambda module, _: module.forget())  # type: ignore[no-untyped-call]

    @property
    def adapter(self) -> dict[str, Any]:
        members, width = self.features.shape
        return {
            "scorer": self.kind,
            "share": self.share,
            "most": self.most,
            "neighbours": self.neighbours,
            "project": self.project,
            "cosine": self.cosine,
            "members": members,
            "width": width,
        }

    @property
    def bank(self) -> MemoryBank:
        features = self.features
        if self._bank is None or self._bank.features.device != features.device:
            self._bank = MemoryBank(features)
        return self._bank

    def forget(self) -> None:
        """Build the bank anew when it is next asked for."""
        self._bank = None

    def fit(self, seen: Seen, *, seed: int, judge: bool = True) -> Tensor | None:
        every, owners = collected(seen)
        if self.cosine:
            normalize(every, dim=1, out=every)
        if seen.images < FEW:
            self.neighbours = 1
        count = members_of(seen.images, len(every), share=self.share, most=self.most)
        if count < len(every):
            chosen = select(every, count, seed, self.project or None).indices.sort().values
        else:
            chosen = torch.arange(len(every), device=every.device)
        self.features = every[chosen].clone()
        self.neighbours = min(self.neighbours, len(chosen))
        self.forget()
        if seen.images < 2 or not judge:
            return None
        apart = distances_to_others(every, owners, self.features, owners[chosen])
        return torch.zeros(seen.images, device=apart.device).scatter_reduce(0, owners, apart, "amax").cpu()

    def grids(self, features: Tensor) -> Tensor:
        return self.bank.distances(self._flat(features)).distance.view(features.shape[:-1])

    def score(self, features: Tensor, grids: Tensor) -> float:
        if self.neighbours == 1:
            return float(grids.max())
        worst = int(grids.argmax())
        farthest = self._flat(features)[worst : worst + 1]
        return self.bank.image_score(farthest, self.bank.distances(farthest), neighbours=self.neighbours)

    def _flat(self, features: Tensor) -> Tensor:
        """Return the patches of an image [patches, width] as they are compared."""
        flat = features.flatten(0, -2)
        return normalize(flat, dim=1) if self.cosine else flat


class PadimScorer(Scorer):
    """A Gaussian at each place of the grid (PaDiM); the score is the highest of the smoothed distances."""

    kind = "padim"
    channels: Tensor
    mean: Tensor
    factor: Tensor

    def __init__(self, *, dimensions: int, grid: tuple[int, int] = (0, 0), width: int = 0, stride: int = 8) -> None:
        super().__init__()
        self.dimensions, self.width, self.stride = dimensions, width, stride
        self.register_buffer("channels", torch.zeros(dimensions if width else 0, dtype=torch.int64))
        self.register_buffer("mean", torch.zeros(*grid, dimensions))
        self.register_buffer("factor", torch.zeros(*grid, dimensions, dimensions))

    @property
    def adapter(self) -> dict[str, Any]:
        return {
            "scorer": self.kind,
            "dimensions": self.dimensions,
            "grid": list(self.mean.shape[:2]),
            "width": self.width,
            "stride": self.stride,
        }

    @property
    def gaussians(self) -> Padim:
        return Padim(self.channels, self.mean, self.factor, self.width)

    def fit(self, seen: Seen, *, seed: int, judge: bool = True) -> Tensor | None:
        fitted = Padim.fit(seen.scan(), dimensions=self.dimensions, seed=seed)
        self.channels, self.mean, self.factor, self.width = fitted.channels, fitted.mean, fitted.factor, fitted.width
        self.stride = seen.stride
        if seen.images < 3 or not judge:
            return None
        return torch.stack([without_one(self.grids(each), seen.images).max() for each in seen.scan()]).cpu()

    def grids(self, features: Tensor) -> Tensor:
        return self.gaussians.map(features)

    def score(self, features: Tensor, grids: Tensor) -> float:
        del features
        return float(gaussian_filter(grids[0].cpu().numpy(), SIGMA / self.stride, mode="reflect").max())


def collected(seen: Seen) -> tuple[Tensor, Tensor]:
    """Return all patches [patches, width], in memory that is taken once, and the number of each one's image."""
    every: Tensor | None = None
    owners = torch.empty(seen.patches, dtype=torch.int64)
    end = 0
    for number, features in enumerate(seen.scan()):
        flat = features.flatten(0, -2)
        if every is None:
            every = flat.new_empty(seen.patches, flat.shape[1])
        every[end : end + len(flat)] = flat
        owners[end : end + len(flat)] = number
        end += len(flat)
    assert every is not None, "there is an image to learn from"
    assert end == seen.patches, "patches were counted from the sizes of the images"
    return every, owners.to(every.device)


def members_of(images: int, patches: int, *, share: float, most: int) -> int:
    """Return how many of so many patches a bank keeps: a share, at most `most`; of few images all, up to `most`."""
    wanted = patches if images < FEW else max(1, round(share * patches))
    return min(wanted, most, patches)


def scorer_of(adapter: Mapping[str, Any]) -> Scorer:
    """Return the scorer that an adapter describes, empty.

    Raises:
        OptionError: when there is none of that name.
    """
    known: dict[str, Callable[..., Scorer]] = {BankScorer.kind: BankScorer, PadimScorer.kind: PadimScorer}
    arguments = dict(adapter)
    name = arguments.pop("scorer", None)
    if name not in known:
        raise OptionError(f"There is no scorer {name!r} of parts.", f"Known are {', '.join(known)}.")
    return known[name](**arguments)
