"""What wrong calls of grades cost, and the call that costs least, by an independent sum over all calls."""

import numpy as np
import pytest
from acclimate.contracts import OptionError
from acclimate.evaluation.costs import GradeCosts, cheapest, cheapest_constant, mean_cost, read_costs
from hypothesis import given
from hypothesis import strategies as st

GRADES = ("low", "medium", "high")


@pytest.mark.parametrize(
    ("text", "costs"),
    [
        ("low<medium<high=5:1", GradeCosts(grades=GRADES, under=5, over=1)),
        (" low < medium < high = 0.5:2 ", GradeCosts(grades=GRADES, under=0.5, over=2)),
        ("low<medium<high", GradeCosts(grades=GRADES)),
        ("a=b<c=2:1", GradeCosts(grades=("a=b", "c"), under=2, over=1)),
        ("a=b<c", GradeCosts(grades=("a=b", "c"))),
    ],
)
def test_costs_are_read(text, costs):
    assert read_costs(text) == costs


@pytest.mark.parametrize(
    "text", ["low", "low<low", "low<<high", "low<high=0:1", "low<high=x:1", "low<high=-1:1", "a<b=inf:1"]
)
def test_costs_that_say_nothing_are_refused(text):
    with pytest.raises(OptionError, match="costs are the labels from the lowest to the highest"):
        read_costs(text)


def test_each_place_too_low_costs_under_and_too_high_over():
    assert read_costs("low<medium<high=5:1").matrix.tolist() == [[0, 1, 2], [5, 0, 1], [10, 5, 0]]


shares = st.lists(st.floats(0.01, 1), min_size=3, max_size=3).map(lambda row: np.array(row) / sum(row))


@given(rows=st.lists(shares, min_size=1, max_size=8), under=st.floats(0.1, 50), over=st.floats(0.1, 50))
def test_no_other_call_costs_less_by_the_probabilities(rows, under, over):
    table, probabilities = GradeCosts(grades=GRADES, under=under, over=over).matrix, np.array(rows)
    for row, called in zip(probabilities, cheapest(probabilities, table), strict=True):
        expected = [sum(row[true] * table[true, call] for true in range(3)) for call in range(3)]
        assert expected[called] <= min(expected) + 1e-9


def test_where_too_low_is_dear_unsure_rows_are_called_higher():
    unsure = np.array([[0.6, 0.25, 0.15], [0.98, 0.01, 0.01]])
    assert cheapest(unsure, read_costs("low<medium<high=1:1").matrix).tolist() == [0, 0]
    assert cheapest(unsure, read_costs("low<medium<high=5:1").matrix).tolist() == [1, 0]
    assert cheapest(unsure, read_costs("low<medium<high=20:1").matrix).tolist() == [2, 0]


def test_of_calls_that_cost_the_same_the_likeliest_is_taken():
    assert cheapest(np.array([[0.2, 0.8]]), read_costs("a<b=1:4").matrix).tolist() == [1]
    assert cheapest(np.array([[0.8, 0.2]]), read_costs("a<b=4:1").matrix).tolist() == [0]


def test_two_grades_have_the_threshold_of_their_prices():
    """With prices 4:1 a row is called the higher grade from a probability of 1 / 5 on (Elkan 2001)."""
    high = np.array([0.19, 0.21])
    assert cheapest(np.stack([1 - high, high], axis=1), read_costs("low<high=4:1").matrix).tolist() == [0, 1]


def test_the_mean_cost_is_that_of_the_rows_and_its_interval_holds_it():
    truth, called = np.array([0, 1, 2, 2, 1] * 20), np.array([0, 2, 0, 2, 1] * 20)
    matrix = read_costs("low<medium<high=5:1").matrix
    found = mean_cost(truth, called, matrix)
    assert found.value == pytest.approx((0 + 1 + 10 + 0 + 0) / 5)
    assert found.low < found.value < found.high


def test_rows_that_are_all_right_promise_no_free_calls():
    truth = np.array([0, 1, 2] * 10)
    found = mean_cost(truth, truth, read_costs("low<medium<high=5:1").matrix)
    assert (found.value, found.low) == (0, 0)
    assert found.high > 0.05


def test_the_cheapest_single_label_goes_by_prices():
    truth = np.array([0] * 6 + [2] * 4)
    assert cheapest_constant(truth, read_costs("a<b<c=1:1").matrix) == 0
    assert cheapest_constant(truth, read_costs("a<b<c=9:1").matrix) == 2
