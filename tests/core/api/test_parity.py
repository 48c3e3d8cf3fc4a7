"""Another form of a model passes with the run's numbers, and with no others."""

from typing import Any

import numpy as np
import pytest
from acclimate.api.parity import check_parts
from acclimate.contracts import BundleError

EXPECTED = {"score": np.array([2.0, 3.0, 4.0]), "map": np.full((3, 2, 2), 5.0)}
THRESHOLD = 3.00001


def found(**changes: Any) -> dict[str, Any]:
    return {**EXPECTED, "rejected": EXPECTED["score"] > THRESHOLD, **changes}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"score": np.array([2.0, 3.0, 4.0001])},
        {"rejected": np.array([False, True, True])},  # 3 is within tolerance of the threshold
    ],
)
def test_the_same_numbers_and_decisions_pass(changes: dict[str, Any]) -> None:
    differences = check_parts(EXPECTED, found(**changes), THRESHOLD, "The file")
    assert set(differences) == {"score", "map"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"score": np.array([2.0, 3.0, 4.01])}, r"scores by 0\.01 \(at most 0\.0004\).* and 0 of them"),
        ({"score": np.array([2.0, 3.0, np.nan])}, "scores by nan"),
        ({"map": np.full((3, 2, 2), 5.1)}, r"maps by 0\.1 \(at most 0\.0005\)"),
        ({"rejected": np.array([True, False, True])}, "and 1 of them are decided otherwise"),
    ],
)
def test_other_numbers_or_decisions_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(BundleError, match=message):
        check_parts(EXPECTED, found(**changes), THRESHOLD, "The file")
