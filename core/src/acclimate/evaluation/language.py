"""Scores of a model that writes: how likely it finds what a person wrote, and whether it comes to an end."""

from collections.abc import Sequence

import numpy as np

from acclimate.evaluation.generation import checked_texts
from acclimate.evaluation.metrics import Floats
from acclimate.evaluation.totals import check_rows, ratio, table

_FAR = 2


def token_statistics(truth: Sequence[float], predicted: Sequence[float]) -> Floats:
    """Return [rows, 2]: minus the logarithm of the probability of a row's answers, and their tokens.

    `truth` are the tokens of each row, `predicted` the sums over them, in nats.

    Raises:
        DataError: when rows disagree in number.
    """
    check_rows(truth, predicted)
    return table([(float(loss), float(tokens)) for tokens, loss in zip(truth, predicted, strict=True)], 2)


def perplexity(statistics: Floats, weights: Floats) -> float:
    """e to the mean loss of a token: among how many equally likely tokens the model is left to choose."""
    return float(np.exp(ratio(statistics, weights)))


def stop_statistics(truth: Sequence[bool], predicted: Sequence[bool]) -> Floats:
    """Return [rows, 2]: 1 where an answer was ended by the model itself, else 0; and 1.

    Raises:
        DataError: when rows disagree in number.
    """
    check_rows(truth, predicted)
    return table([(float(stopped), 1.0) for stopped in predicted], 2)


def over_length_statistics(truth: Sequence[str], predicted: Sequence[str]) -> Floats:
    """Return [rows, 2]: 1 where an answer has more than twice the words of its reference, else 0; and 1.

    Raises:
        DataError: when rows disagree in number, or a row has several references.
    """
    rows = [
        (float(len(given.split()) > _FAR * len(true.split())), 1.0) for true, given in checked_texts(truth, predicted)
    ]
    return table(rows, 2)
