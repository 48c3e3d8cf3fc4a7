"""A saved inspection as the reference of a monitor: what it said of its good test parts."""

from collections.abc import Callable
from pathlib import Path

import pytest
from acclimate import Run, bundle, evaluate, monitor
from acclimate.api import write_predictions
from acclimate.contracts import DataError


def test_later_parts_are_compared_with_the_good_test_parts(inspected: Run, unseen: Path, tmp_path: Path) -> None:
    write_predictions(inspected.output, unseen / "test" / "good", tmp_path / "later")
    found = monitor(inspected.output, tmp_path / "later")
    assert found.before.source.endswith("(good test parts)")
    assert (found.before.rows, found.after.rows) == (12, 12)
    assert found.threshold == pytest.approx(evaluate(inspected.output, unseen).analysis.inspection.threshold)
    assert not found.drifted


def test_defects_move_the_scores(inspected: Run, unseen: Path, tmp_path: Path) -> None:
    write_predictions(inspected.output, unseen / "test" / "spot", tmp_path / "spots.jsonl")
    found = monitor(inspected.output, tmp_path / "spots.jsonl")
    assert found.drifted
    assert found.ks.value > 0.8
    assert found.above is not None
    assert found.above.after.value > found.above.before.value


def test_the_reference_is_what_the_run_counts(inspected: Run) -> None:
    counts = inspected.report.analysis.inspection.counts
    found = monitor(inspected.output, inspected.output)
    assert found.above is not None
    assert (found.before.rows, found.above.before_count) == (counts["good"], counts["rejected"])
    truth = bundle.read_tensors(inspected.output / "results.safetensors")["test.truth"]
    assert int((truth == 1).sum()) == counts["defective"]


def test_another_run_is_told(
    inspected: Run, inspect: Callable[..., Run], parts: Path, unseen: Path, tmp_path: Path
) -> None:
    other = inspect(parts, method="padim", output=tmp_path / "other")
    write_predictions(other.output, unseen / "test" / "good", tmp_path / "later.csv")
    with pytest.raises(DataError, match="different runs: one decides at"):
        monitor(inspected.output, tmp_path / "later.csv")
