"""PaDiM: at each place of the grid one Gaussian of what good parts look like there.

Defard et al. 2021, "PaDiM: a patch distribution modeling framework for anomaly detection and localization". It suits
parts that lie in the same place in every image, and costs the same however many images it has seen.
"""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from acclimate.contracts import DataError, OptionError

# Added to the diagonal of every covariance (section 3.1 of the paper).
REGULARISATION = 0.01


class Padim:
    """Mean and covariance of features at every place; the score of a place is its Mahalanobis distance.

    `channels` int64 [dimensions] are those that are used; `mean` [rows, columns, dimensions]; `factor`
    [rows, columns, dimensions, dimensions] the lower Cholesky factor of each covariance.
    """

    def __init__(self, channels: Tensor, mean: Tensor, factor: Tensor, width: int) -> None:
        self.channels, self.mean, self.factor, self.width = channels, mean, factor, width

    @classmethod
    def fit(
        cls,
        batches: Iterable[Tensor],
        *,
        dimensions: int,
        seed: int,
        regularisation: float = REGULARISATION,
    ) -> "Padim":
        """Fit features of good parts [images, rows, columns, width], a batch at a time; no batch is kept.

        Of the channels `dimensions` are drawn at random (section 3.2: as good as the same number of principal
        components). `regularisation` is added to the diagonals.

        Raises:
            OptionError: when there are not so many channels, or the regularisation is not above 0.
            DataError: when grids differ, values are not finite, or there are fewer than two images.
        """
        if regularisation <= 0:
            raise OptionError(f"regularisation is above 0, found {regularisation}.", "Take 0.01, as published.")
        sums: _Sums | None = None
        for batch in batches:
            sums = sums or _Sums(batch, dimensions, seed)
            sums.add(batch)
        if sums is None or sums.images < 2:
            raise DataError(
                f"A covariance needs two images or more, found {sums.images if sums else 0}.", "Add good parts."
            )
        mean, covariance = sums.moments()
        covariance.diagonal(dim1=-2, dim2=-1).add_(regularisation)
        factor = torch.linalg.cholesky(covariance).float()
        return cls(sums.channels, mean.float(), factor, sums.width)

    def map(self, features: Tensor) -> Tensor:
        """Return the Mahalanobis distance [images, rows, columns] of features [images, rows, columns, width].

        Raises:
            DataError: when grid or width are not those that were fitted.
        """
        _check(features, (*self.mean.shape[:2], self.width))
        rest = (features[..., self.channels].float() - self.mean).permute(1, 2, 3, 0)
        solved = torch.linalg.solve_triangular(self.factor, rest, upper=False)  # [rows, columns, dimensions, images]
        distances: Tensor = torch.linalg.vector_norm(solved, dim=2)
        return distances.permute(2, 0, 1)

    def state(self) -> dict[str, Tensor]:
        """Return all that it knows; `from_state` makes the same of it."""
        return {
            "channels": self.channels,
            "mean": self.mean,
            "factor": self.factor,
            "width": torch.tensor(self.width),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor]) -> "Padim":
        """Return what `state` was taken of."""
        return cls(state["channels"], state["mean"], state["factor"], int(state["width"]))


class _Sums:
    """Sums of features and of their products in float64, around the mean of the first batch."""

    def __init__(self, first: Tensor, dimensions: int, seed: int) -> None:
        if first.ndim != 4 or not len(first):
            raise DataError(
                f"Expected features [images, rows, columns, width], found {list(first.shape)}.",
                "Use those of PatchFeatures.",
            )
        self.grid, self.width = (first.shape[1], first.shape[2]), first.shape[3]
        if not 1 <= dimensions <= self.width:
            raise OptionError(
                f"dimensions is from 1 to {self.width}, the channels there are; found {dimensions}.",
                "Take 100, as published, or all there are.",
            )
        drawn = torch.randperm(self.width, generator=torch.Generator().manual_seed(seed))[:dimensions]
        self.channels = drawn.sort().values.to(first.device)
        self.shift = first[..., self.channels].double().mean(dim=0)
        self.sum = torch.zeros_like(self.shift)
        self.products = self.sum.new_zeros(*self.grid, dimensions, dimensions)
        self.images = 0

    def add(self, batch: Tensor) -> None:
        _check(batch, (*self.grid, self.width))
        values = (batch[..., self.channels].double() - self.shift).permute(1, 2, 3, 0)
        self.sum += values.sum(dim=-1)
        self.products += values @ values.mT
        self.images += len(batch)

    def moments(self) -> tuple[Tensor, Tensor]:
        """Return mean and covariance, the latter over one image fewer than there are (equation 1)."""
        mean = self.sum / self.images
        outer = mean[..., :, None] * mean[..., None, :]
        return mean + self.shift, (self.products - self.images * outer) / (self.images - 1)


def _check(features: Tensor, shape: tuple[int, ...]) -> None:
    if features.ndim != 4 or tuple(features.shape[1:]) != shape:
        raise DataError(
            f"Expected features [images, {', '.join(map(str, shape))}], found {list(features.shape)}.",
            "All images are read at one size by one backbone.",
        )
    if not torch.isfinite(features).all():
        raise DataError("Expected finite features, found some that are not.")
