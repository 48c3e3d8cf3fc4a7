"""Metrics of the label that is looked for, one against the rest: the label of `positive`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acclimate.contracts import Metric, OptionError, did_you_mean

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedFor(Metric):
    """A metric that was offered, whose positive label is the one at `place`."""

    offer: Metric
    place: int

    def function(self, score: Callable[..., Any]) -> Callable[..., Any]:
        """Return `score` as a function of truth and scores of all labels, with whatever stands behind them."""

        def of_label(truth: NDArray[np.int64], scores: Scores, *more: Any) -> Any:
            return score((truth == self.place).astype(np.int64), against_rest(scores, self.place), *more)

        return of_label


def against_rest(scores: Scores, place: int) -> Scores:
    """Return two columns [rows, 2] of scores [rows, classes]: that of the rest, and that of the label at `place`.

    Their difference ranks rows as `auroc` does: of two labels by the difference of both, of more by the label's own.
    """
    rest = scores[:, 1 - place] if scores.shape[1] == 2 else np.zeros(len(scores))
    return np.stack([rest, scores[:, place]], axis=1)


def looked_for(metric: Metric, name: str, labels: Sequence[str], positive: str) -> Metric:
    """Return the metric `name` of the `positive` one of `labels`.

    Raises:
        OptionError: when no label is looked for, or it is none of `labels`.
    """
    if not positive:
        raise OptionError(
            f"Metric {name!r} needs the label that is looked for.",
            f"Name it as positive (--positive) when adapting, one of {', '.join(map(repr, list(labels)[:10]))}.",
        )
    if positive not in labels:
        raise OptionError(f"There is no label {positive!r}.", did_you_mean(positive, set(labels)))
    own = {field.name: getattr(metric, field.name) for field in fields(Metric)}
    return LookedFor(**own, offer=metric, place=list(labels).index(positive))
