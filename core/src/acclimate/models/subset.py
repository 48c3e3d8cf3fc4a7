"""Some rows of examples, which stay where they are."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from acclimate.models.infer import Examples


class Subset:
    """The rows of `examples` at `places`, in that order; nothing is copied or computed again."""

    def __init__(self, examples: Examples, places: Sequence[int]) -> None:
        self.examples, self.places = examples, np.asarray(places, dtype=np.int64)
        self.ids = [examples.ids[place] for place in places]
        self.fingerprints = [examples.fingerprints[place] for place in places]

    def __len__(self) -> int:
        return len(self.places)

    @property
    def lengths(self) -> NDArray[np.int64] | None:
        """Tokens of each row, or None where all rows have one size."""
        lengths = self.examples.lengths
        return None if lengths is None else lengths[self.places]

    def batch(self, rows: Sequence[int], augment: np.random.Generator | None = None) -> dict[str, Tensor]:
        """Return the model inputs of some rows."""
        return self.examples.batch([int(self.places[row]) for row in rows], augment)
