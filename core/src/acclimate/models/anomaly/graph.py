"""A detector as one function from resized pixels to score, map and decision, of operations that other runtimes have.

Shapes: B images of C channels, H by W pixels; a grid of R by S patches of N numbers; M members of a bank.
"""

import math
from abc import ABC, abstractmethod

import numpy as np
import torch
from scipy.ndimage import gaussian_filter1d
from torch import Tensor, nn
from torch.nn.functional import interpolate, normalize

from acclimate.models.anomaly.detector import Detector
from acclimate.models.anomaly.maps import SIGMA
from acclimate.models.anomaly.scorers import BankScorer, PadimScorer
from acclimate.models.image import ImagePreprocessing
from acclimate.models.shades import UNIT


class PartGraph(nn.Module):
    """Bytes of resized images [B, C, H, W] to `score` [B], `map` [B, H, W] and `rejected` [B].

    All that a run decided is inside: the statistics of the backbone, what good parts look like, the smoothing of maps
    and the threshold above which a part is rejected. The map is of the size at which the backbone reads.
    """

    def __init__(self, detector: Detector, pixels: ImagePreprocessing, threshold: float) -> None:
        super().__init__()
        self.normalised, self.features = _Normalised(pixels), detector.features
        height, width = pixels.size
        with torch.inference_mode():
            rows, columns = detector.features(torch.zeros(1, pixels.channels, height, width)).shape[1:3]
        self.scores = _graph_of(detector.learned, (rows, columns))
        self.down, self.across = (
            nn.Buffer(smoothing(*sizes, sigma=SIGMA)) for sizes in ((rows, height), (columns, width))
        )
        self.threshold = nn.Buffer(torch.tensor(threshold, dtype=torch.float32))

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        features = self.features.grid(self.normalised(pixels))
        grids, score = self.scores(features)
        return score, self.down @ grids @ self.across.T, score > self.threshold


class _Normalised(nn.Module):
    """What `shades.normalised` does with the pixels of an image, in the same order."""

    def __init__(self, pixels: ImagePreprocessing) -> None:
        super().__init__()
        self.values = pixels.values
        self.mean, self.std = (nn.Buffer(torch.tensor(each).view(-1, 1, 1)) for each in (pixels.mean, pixels.std))

    def forward(self, pixels: Tensor) -> Tensor:
        shades = pixels.float() / 255
        if self.values != UNIT:
            low, high = self.values
            shades = low + shades * (high - low)
        return (shades - self.mean) / self.std


class _Scores(nn.Module, ABC):
    """Features [B, R, S, N] to the scores of patches [B, R, S] and those of images [B]."""

    @abstractmethod
    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]: ...


class _BankScores(_Scores):
    """What `BankScorer` says, image by image.

    The nearest member of a patch is found by products of matrices, its distance is that of differences. For the patch
    that is farthest in an image every member is compared by differences.
    """

    def __init__(self, scorer: BankScorer) -> None:
        super().__init__()
        members = scorer.features.detach().cpu().float()
        middle = members.mean(dim=0)
        around = members - middle
        self.cosine, self.neighbours = scorer.cosine, scorer.neighbours
        self.members, self.middle = nn.Buffer(members), nn.Buffer(middle)
        self.products, self.norms = nn.Buffer(around.T.contiguous() * -2), nn.Buffer(around.square().sum(dim=1))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        patches = features.flatten(1, 2)  # [B, R * S, N]
        if self.cosine:
            patches = normalize(patches, dim=-1)
        nearest = (self.norms + (patches - self.middle) @ self.products).argmin(dim=-1)
        distances = torch.linalg.vector_norm(patches - self.members[nearest], dim=-1)
        score = distances.amax(dim=1) if self.neighbours == 1 else self._weighed(patches, distances)
        return distances.unflatten(1, features.shape[1:3]), score

    def _weighed(self, patches: Tensor, distances: Tensor) -> Tensor:
        """Return the scores of images [B]: see `MemoryBank.image_score`."""
        worst = distances.argmax(dim=1)[:, None, None].expand(-1, 1, patches.shape[2])
        apart = torch.linalg.vector_norm(self.members - patches.gather(1, worst), dim=-1)  # [B, M]
        member = apart.argmin(dim=1, keepdim=True)
        around = torch.linalg.vector_norm(self.members - self.members[member], dim=-1)
        around = around.scatter(1, member, torch.full_like(around[:, :1], -1.0))  # itself first
        support = around.topk(self.neighbours, dim=1, largest=False).indices
        exponents = apart.gather(1, support) / math.sqrt(self.members.shape[1])
        weight = 1 - torch.softmax(exponents, dim=1)[:, 0]
        scores: Tensor = weight * apart.amin(dim=1)
        return scores


class _PadimScores(_Scores):
    """What `PadimScorer` says; the inverse of each factor stands for solving with it."""

    def __init__(self, scorer: PadimScorer, grid: tuple[int, int]) -> None:
        super().__init__()
        factor = scorer.factor.detach().cpu().double()
        eye = torch.eye(factor.shape[-1], dtype=factor.dtype)
        inverse = torch.linalg.solve_triangular(factor, eye, upper=False)
        self.channels, self.mean = nn.Buffer(scorer.channels.cpu()), nn.Buffer(scorer.mean.cpu().flatten(0, 1))
        self.inverse = nn.Buffer(inverse.float().flatten(0, 1))  # [R * S, dimensions, dimensions]
        self.down, self.across = (nn.Buffer(smoothing(size, size, sigma=SIGMA / scorer.stride)) for size in grid)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        rest = features.flatten(1, 2)[..., self.channels] - self.mean  # [B, R * S, dimensions]
        solved = self.inverse @ rest.permute(1, 2, 0)
        distances = torch.linalg.vector_norm(solved, dim=1).T.unflatten(1, features.shape[1:3])
        return distances, (self.down @ distances @ self.across.T).amax(dim=(1, 2))


def _graph_of(scorer: nn.Module, grid: tuple[int, int]) -> _Scores:
    if isinstance(scorer, BankScorer):
        return _BankScores(scorer)
    assert isinstance(scorer, PadimScorer), "there are two kinds of scorers"
    return _PadimScores(scorer, grid)


def smoothing(length: int, size: int, *, sigma: float) -> Tensor:
    """Return the matrix [size, length] that enlarges values to `size` and smooths them, as `anomaly_map` does.

    Enlarging is bilinear, smoothing by a Gaussian of `sigma` of the enlarged values, mirrored at the border. Both are
    products of one matrix for rows and one for columns.
    """
    enlarged = torch.eye(length, dtype=torch.float64)
    if size != length:
        enlarged = interpolate(enlarged[None], size, mode="linear", align_corners=False)[0]  # [length, size]
    smoothed = gaussian_filter1d(enlarged.numpy(), sigma, axis=1, mode="reflect")
    return torch.from_numpy(np.ascontiguousarray(smoothed.T)).float()
