"""How many processes run the tests, and what tests of whole runs share."""

import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

QUICK = "not slow and not gpu and not browser"  # the markers of `addopts`
MOST_WORKERS = 4  # each holds some 2 GB

settings.register_profile("shared machine", deadline=None)  # how long an example takes says nothing there
settings.load_profile("shared machine")


def pytest_configure() -> None:
    """Let the processes that tests start find compiled what was imported here: torch and transformers take 20 s."""
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Run all quick tests in a process for each core, and chosen files, slow tests or those of a GPU in this one.

    Threads of several processes get in each other's way: each process has one.
    """
    everything = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    if not everything or config.option.markexpr != QUICK or config.option.keyword:
        return 0
    workers = min(MOST_WORKERS, _cores())
    if workers < 2:
        return 0
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    return workers


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


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
