"""Which decision curves a run has: of the label that is looked for, of each where rows may carry several, or none."""

import numpy as np
import pytest
from acclimate.api.benefits import decision_curves, most_common
from acclimate.api.deciding import Decisions
from acclimate.api.inputs import Part
from acclimate.contracts import Settings
from acclimate.evaluation import decision_curve
from datasets import Dataset
from scipy.special import expit

LABELS = ("calm", "storm", "rain")
SETTINGS = Settings(seed=3)


def part(truth: np.ndarray) -> Part:
    rows = Dataset.from_dict({"id": [str(number) for number in range(len(truth))]})
    return Part(name="test", rows=rows, truth=truth, groups=None)


def one_of_three(rows: int = 300) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    truth = rng.integers(3, size=rows)
    return truth, rng.normal(size=(rows, 3)) + 2 * np.eye(3)[truth]


def test_the_label_that_is_looked_for_stands_against_all_others() -> None:
    truth, logits = one_of_three()
    decided = Decisions(positive="storm", threshold=0.0, reached={"positives": 10, "negatives": 20})
    [curve], told = decision_curves(part(truth), logits, LABELS, decided, SETTINGS)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert curve == decision_curve("storm", truth == 1, shares[:, 1], seed=3)
    assert curve.better
    assert told == ()
    assert decision_curves(part(truth), logits, LABELS, Decisions(), SETTINGS) == ((), ())


def test_a_model_that_is_nowhere_of_use_is_a_warning() -> None:
    truth, _ = one_of_three()
    asked = Settings(positive="storm")
    [curve], told = decision_curves(part(truth), np.zeros((300, 3)), LABELS, Decisions(), asked)
    assert curve.better == ()
    assert [(finding.code, finding.level) for finding in told] == [("no-net-benefit", "warning")]
    assert "flag 'storm' by this model" in told[0].message


def test_probabilities_that_fit_one_kind_of_rows_have_no_curve_for_another_mix() -> None:
    truth, logits = one_of_three()
    decided = Decisions(positive="storm", threshold=0.0, reached={"positives": 0, "negatives": 20}, prevalence=0.1)
    assert decision_curves(part(truth), logits, LABELS, decided, SETTINGS) == ((), ())


def test_rows_of_several_labels_have_a_curve_for_each_that_some_and_not_all_have() -> None:
    rng = np.random.default_rng(1)
    truth = (rng.random((200, 3)) < (0.2, 0.5, 0.0)).astype(np.int8)
    logits = rng.normal(size=(200, 3)) + 2 * truth
    curves, told = decision_curves(part(truth), logits, LABELS, Decisions(), SETTINGS)
    assert [curve.label for curve in curves] == ["storm", "calm"], "the most common first"
    assert curves[0] == decision_curve("storm", truth[:, 1] > 0, expit(logits[:, 1]), seed=3)
    assert told == ()


@pytest.mark.parametrize("labels", [3, 12])
def test_of_many_labels_the_eight_with_most_rows_are_kept(labels: int) -> None:
    members = np.arange(20)[:, None] < np.arange(labels)
    assert most_common(members) == list(range(labels))[::-1][:8]
