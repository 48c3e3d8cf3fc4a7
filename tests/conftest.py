"""What tests of whole runs share."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def brief() -> Iterator[None]:
    """Make whole runs cheap: no cross-validation of few rows that nobody asked for, fewer resamples, fewer gradients.

    What is left out has tests of its own, which do without this: tests/core/api/test_cross_validating.py,
    tests/core/evaluation/test_intervals.py and tests/core/models/test_saliency.py.
    """
    from acclimate.api import cross_validating
    from acclimate.evaluation import intervals
    from acclimate.models import saliency

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cross_validating, "FEW_ROWS", 0)
        for name in ("score", "score_statistics"):
            patch.setitem(getattr(intervals, name).__kwdefaults__, "resamples", 100)
        patch.setattr(saliency, "STEPS", 2)
        yield
