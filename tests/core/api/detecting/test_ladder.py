"""An inspection says what it stopped short of: of which defects there are enough, and whether there are masks."""

import numpy as np
import pytest
from acclimate import Run
from acclimate.api.detecting.ladder import rung
from acclimate.api.inputs import Part
from acclimate.contracts import DataError
from acclimate.data import check_classes
from datasets import Dataset


def part(labels: list[str], masks: list[str] | None = None) -> Part:
    columns = {"label": labels, **({"mask": masks} if masks else {})}
    truth = np.array([int(label != "good") for label in labels])
    return Part(name="test", rows=Dataset.from_dict(columns), truth=truth, groups=None)


def test_good_parts_alone_are_said_to_be_all_there_is() -> None:
    [found] = rung({"train": part(["good"] * 4)})
    assert found.level == "note"
    assert found.message.startswith("No part is defective")


def test_kinds_with_enough_parts_are_told_from_those_with_few() -> None:
    [found] = rung({"train": part(["good"] * 3), "test": part(["scratch"] * 5 + ["pore"] * 4 + ["good"])})
    assert "9 defective ones" in found.message
    assert "enough to learn of scratch 5: try a preset of image-classification" in found.message
    assert "Fewer than 5 are there of pore 4." in found.message
    assert "masks" not in found.message


def test_masks_lead_to_the_next_rung() -> None:
    [found] = rung({"test": part(["scratch"] * 2, ["a.png", ""])})
    assert "Their masks are enough for a preset of image-segmentation" in found.message


def test_a_run_says_it_in_its_report(inspected: Run) -> None:
    [found] = [each for each in inspected.report.findings if each.code == "rung"]
    assert "line 8, spot 8" in found.message


def test_labels_that_are_all_good_lead_to_anomalies() -> None:
    with pytest.raises(DataError, match="only one class") as raised:
        check_classes(Dataset.from_dict({"label": ["OK"] * 3}))
    assert "Good parts alone are for a preset of anomaly-detection" in raised.value.hint
