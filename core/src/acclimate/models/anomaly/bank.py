"""A memory bank: the nearest patch of good parts to every patch, and a score of the whole image."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

from acclimate.contracts import DataError, OptionError
from acclimate.models.anomaly.checks import check_features

# Distances computed at once: enough rows for a product of matrices to be fast, in memory that stays small.
_COMPARED = 1 << 22
# Members of which the least distance alone is looked at first.
_GROUP = 128
# Pairs of patch and member compared at once by differences.
_PAIRS = 1 << 14
NEIGHBOURS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """The `distance` float32 [patches] of each patch to its nearest row of the bank, and `index` int64 [patches]."""

    distance: Tensor
    index: Tensor


class MemoryBank:
    """Patch features of good parts, float32 [members, channels]; `state` and `from_state` save and rebuild it.

    Raises:
        DataError: when the features are not finite floats [members, channels].
    """

    def __init__(self, features: Tensor) -> None:
        check_features(features, "features of a memory bank")
        self.features = features.float().contiguous()
        self._middle = self.features.mean(dim=0)
        # Around their mean the norms are small, and with them what rounding does to a difference of products.
        around = self.features - self._middle
        norms = around.square().sum(dim=1)
        self._reach = float(norms.max())
        missing = -len(around) % _GROUP  # members of no distance fill the last group
        self._transposed = pad(around.T * -2, (0, missing)).contiguous()
        self._norms = pad(norms, (0, missing), value=torch.inf)
        # What a sum of products of so many channels may be off by, as a share of the two squared norms.
        self._rounding = 2 * (self.features.shape[1] ** 0.5 + 4) * 2.0**-23

    def distances(self, patches: Tensor) -> Nearest:
        """Return the Euclidean distance of `patches` float32 [patches, channels] to their nearest members.

        Members are told apart by products of matrices in blocks; those that rounding may have put in a wrong order
        are compared again by differences, of which the distance is. Of equals it is the first member. Memory does
        not grow with the number of patches times that of members.

        Raises:
            DataError: when the patches are not finite floats with the bank's channels.
        """
        check_features(patches, "patches", self.features.shape[1])
        patches = patches.to(self.features)
        together = min(max(_COMPARED // len(self.features), 64), 1024)
        found = [self._nearest(part) for part in torch.split(patches, together)]
        return Nearest(distance=torch.cat([each for each, _ in found]), index=torch.cat([each for _, each in found]))

    def image_score(self, patches: Tensor, nearest: Nearest, *, neighbours: int = NEIGHBOURS) -> float:
        """Return the score of the image that has these patches [patches, channels], from their `distances`.

        That of its farthest patch, times a weight between 0 and 1 that is small where the member nearest to it lies
        among other members (Roth et al. 2022, equation 7): 1 minus the softmax of the distances of that patch to the
        `neighbours` members nearest to that member, itself among them. The exponents are distances divided by the
        square root of the channels, as in the paper's code. With `neighbours=1` the score is the greatest distance.

        Raises:
            OptionError: when the bank has fewer members than `neighbours`.
        """
        if not 1 <= neighbours <= len(self.features):
            raise OptionError(
                f"neighbours is from 1 to {len(self.features)}, the members there are; found {neighbours}.",
                "Take 9, or 1 for the greatest distance of any patch.",
            )
        worst = int(nearest.distance.argmax())
        greatest = float(nearest.distance[worst])
        if neighbours == 1:
            return greatest
        member = int(nearest.index[worst])
        patch = patches[worst].to(self.features)
        around = torch.linalg.vector_norm(self.features - self.features[member], dim=1)
        around[member] = -1.0  # itself first, also where another member repeats it
        support = around.topk(neighbours, largest=False).indices
        distances = torch.linalg.vector_norm(self.features[support] - patch, dim=1).double()
        exponents = distances / self.features.shape[1] ** 0.5
        weight = 1 - float(torch.softmax(exponents, dim=0)[0])
        return weight * greatest

    def state(self) -> dict[str, Tensor]:
        """Return all that it knows; `from_state` makes the same of it."""
        return {"features": self.features}

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor]) -> "MemoryBank":
        """Return what `state` was taken of.

        Raises:
            DataError: when the features are missing or are not those of a bank.
        """
        if "features" not in state:
            raise DataError("Expected the features of a memory bank, found none.", "The saved state is incomplete.")
        return cls(state["features"])

    def _nearest(self, patches: Tensor) -> tuple[Tensor, Tensor]:
        """Return distance and index [patches] of the nearest member."""
        around = patches - self._middle
        # Squared distances but for the patches' norms, [patches, groups, members of a group].
        values = torch.addmm(self._norms, around, self._transposed).view(len(patches), -1, _GROUP)
        least = values.amin(dim=2)
        reach = around.square().sum(dim=1) + self._reach
        # Members that rounding cannot tell from the nearest are compared by differences; most often there is one.
        limit = least.amin(dim=1) + self._rounding * reach
        patch, group = (least <= limit[:, None]).nonzero(as_tuple=True)
        found, place = (values[patch, group] <= limit[patch, None]).nonzero(as_tuple=True)
        near = torch.stack([patch[found], group[found] * _GROUP + place], dim=1)
        exact = _between(patches, self.features, near)
        distance = exact.new_full((len(patches),), torch.inf).scatter_reduce(0, near[:, 0], exact, "amin")
        best = exact == distance[near[:, 0]]
        index = torch.full_like(near[:, 0][:1], len(self.features)).expand(len(patches)).clone()
        return distance, index.scatter_reduce(0, near[best, 0], near[best, 1], "amin")


def _between(patches: Tensor, members: Tensor, pairs: Tensor) -> Tensor:
    """Return the distances [pairs] of pairs [pairs, 2] of patches and members, from differences."""
    parts = torch.split(pairs, _PAIRS)
    return torch.cat([torch.linalg.vector_norm(patches[part[:, 0]] - members[part[:, 1]], dim=1) for part in parts])
