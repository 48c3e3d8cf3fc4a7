"""A few patches that stand for all: the rows of features that a greedy k-centre selection takes, found lazily.

Each step takes the row that is farthest from all taken before it (Gonzalez 1985; Roth et al. 2022, "Towards total
recall in industrial anomaly detection", algorithm 1). A plain loop measures every row against every row it takes.
Here a row keeps the least distance it had when it was last measured, which can only have fallen since: rows whose
old distance is not among the greatest need no new one (lazy evaluation: Minoux 1978). Those among the greatest are
measured together, against all rows taken since, by products of matrices.

Distances are computed in float64, and where two rows are as far to within rounding their distances are computed again
from differences: of equals the first row is taken. So the rows, their order and the radius are those of a plain loop
in float64 over the same features.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from acclimate.contracts import OptionError
from acclimate.models.anomaly.checks import check_features

# Rows measured together: enough for products of matrices to be fast, few enough that few of them are in vain.
_BLOCK = 1024
# Rows taken that a block is measured against at once; rows that fall out of question meet no more of them.
_CHUNK = 512
# Rows read at once where all are.
_ROWS = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Coreset:
    """Rows that were taken, `indices` int64 [count] in the order in which they were, and the cover radius.

    No row of the features is farther than `radius` from its nearest row of the coreset: a Euclidean distance between
    the features as they were compared, that is after `project`.
    """

    indices: Tensor
    radius: float


def select(features: Tensor, count: int, seed: int, project: int | None = None) -> Coreset:
    """Return `count` rows of `features` float32 [rows, channels], each the farthest from those before it.

    The first row is drawn by `seed`. With `project` rows are compared by so many random Gaussian projections of their
    channels, drawn by `seed` too (Johnson and Lindenstrauss 1984): cheaper where there are many channels, and nearly
    the same rows. Where all rows that are left repeat taken ones they follow in their order.

    Raises:
        OptionError: when there are fewer rows than `count`, or `project` or `count` is below 1.
        DataError: when the features are not finite floats [rows, channels].
    """
    check_features(features, "features")
    if not 1 <= count <= len(features):
        raise OptionError(
            f"A coreset of {len(features):,} rows has from 1 to {len(features):,} of them, asked for {count:,}.",
            "Ask for a share of the rows, such as a tenth.",
        )
    generator = torch.Generator().manual_seed(seed)
    first = int(torch.randint(len(features), (1,), generator=generator))
    if project is not None:
        features = _projected(features, project, generator)
    return _Selection(features, first, count).run()


def _projected(features: Tensor, width: int, generator: torch.Generator) -> Tensor:
    if width < 1:
        raise OptionError(f"project is a number of channels, 1 or more, found {width}.", "Leave it out for all.")
    matrix = torch.randn(features.shape[1], width, generator=generator) / width**0.5
    projected: Tensor = features @ matrix.to(features)
    return projected


class _Selection:
    """The state of one selection; distances are squared throughout.

    `least` [rows] is the distance of each row to the nearest of the first `seen` [rows] rows taken, or to more of
    them; -inf for those that were taken themselves. `slack` is more than rounding can add to a difference of two.
    """

    def __init__(self, features: Tensor, first: int, count: int) -> None:
        self.features, self.count = features, count
        parts = torch.split(torch.arange(len(features), device=features.device), _ROWS)
        total = sum(features[part].double().sum(dim=0) for part in parts)
        self.middle = torch.as_tensor(total) / len(features)
        self.centres = features.new_empty(count, features.shape[1], dtype=torch.float64)
        centre = self._rows(parts[0].new_tensor([first]))[0]
        self.least = torch.cat([(self._rows(part) - centre).square().sum(dim=1) for part in parts])
        self.seen = torch.ones(len(features), dtype=torch.int64, device=features.device)
        reach = max(float(self._rows(part).square().sum(dim=1).max()) for part in parts)
        self.slack = 32 * (features.shape[1] + 4) * 2.0**-53 * reach
        self.taken = [first]
        self.centres[0] = centre
        self.least[first] = -torch.inf

    def run(self) -> Coreset:
        radius = None
        while radius is None:
            radius = self._block()
        indices = torch.tensor(self.taken, dtype=torch.int64, device=self.features.device)
        return Coreset(indices=indices, radius=radius**0.5)

    def _rows(self, rows: Tensor) -> Tensor:
        """Return rows in float64 around their mean, where products lose the least."""
        wide: Tensor = self.features[rows].double()
        return wide - self.middle

    def _block(self) -> float | None:
        """Measure the rows that may be farthest, and take of them as long as no other row can be as far.

        Return the distance of the farthest row that is left once `count` rows are taken.
        """
        if len(self.taken) == len(self.least):
            return 0.0
        rows, outside = self._candidates()
        inside = self._rows(rows)
        norms = inside.square().sum(dim=1)
        least, seen = self._measured(rows, inside, norms, outside)
        found = None
        while (farthest := float(least.max())) > outside + self.slack:
            near = (least >= farthest - self.slack).nonzero()[:, 0]
            done = len(self.taken) == self.count
            if len(near) > 1 or done or farthest <= self.slack:
                place, exact = self._first(inside, near)
                if done or exact == 0.0:
                    found = exact
                    break
            else:
                place = int(near[0])
            fresh = seen == len(self.taken)
            centre = inside[place]
            self.centres[len(self.taken)] = centre
            self.taken.append(int(rows[place]))
            seen += fresh
            distances = torch.addmv(norms + norms[place], inside, centre, alpha=-2).clamp_(min=0)
            least = torch.minimum(least, distances)
            least[place] = -torch.inf
        self.least[rows], self.seen[rows] = least, seen
        if found == 0.0:
            self._repeat()
        return found

    def _candidates(self) -> tuple[Tensor, float]:
        """Return the rows of the greatest old distances, in their order, and the greatest distance of any other."""
        size = min(_BLOCK, len(self.least) - len(self.taken))
        edge = float(self.least.topk(size).values[-1])
        chosen = self.least >= edge - 4 * self.slack
        others = self.least[~chosen]
        return chosen.nonzero()[:, 0], float(others.max()) if len(others) else -torch.inf

    def _measured(self, rows: Tensor, inside: Tensor, norms: Tensor, outside: float) -> tuple[Tensor, Tensor]:
        """Return least distances and how many rows taken they know: all, where a row may be beyond `outside`."""
        least, seen = self.least[rows], self.seen[rows]
        while len(behind := ((seen < len(self.taken)) & (least > outside)).nonzero()[:, 0]):
            start = int(seen[behind].min())
            stop = min(start + _CHUNK, len(self.taken))
            behind = behind[seen[behind] < stop]
            centres = self.centres[start:stop]
            found = torch.addmm(centres.square().sum(dim=1), inside[behind], centres.T, alpha=-2).amin(dim=1)
            least[behind] = torch.minimum(least[behind], (found + norms[behind]).clamp_(min=0))
            seen[behind] = stop
        return least, seen

    def _first(self, inside: Tensor, near: Tensor) -> tuple[int, float]:
        """Return the place that is farthest, the first of equals, and its distance, both from differences."""
        best, farthest = int(near[0]), -torch.inf
        centres = self.centres[: len(self.taken)]
        while len(near):
            place = int(near[0])
            distance = float((centres - inside[place]).square().sum(dim=1).min())
            if distance > farthest:
                best, farthest = place, distance
            near = near[(inside[near] != inside[place]).any(dim=1)]
        return best, farthest

    def _repeat(self) -> None:
        """Take the first rows that are left, all of which repeat one that was taken."""
        left = self.least.isfinite().nonzero()[:, 0][: self.count - len(self.taken)]
        self.taken += left.tolist()
