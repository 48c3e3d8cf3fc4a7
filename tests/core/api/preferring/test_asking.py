"""What is refused before anything is learned from preferences."""

from pathlib import Path
from typing import Any

import pytest
from acclimate.api import Run, adapt, evaluate
from acclimate.contracts import DataError, OptionError

from .conftest import SETTINGS, singles_of, write_rows


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "auto"}, "Method 'auto' searches among methods for labels"),
        ({"method": "frozen"}, "Method 'frozen' does not do preference"),
        ({"method": "scratch"}, "Method 'scratch' does not do preference"),
        ({"label": "x"}, "Chats have answers and no labels, found label='x'"),
        ({"folds": 3}, "Cross-validation is for rows with labels"),
        ({"too_long": "split"}, "A reply cannot be parted from what it replies to"),
        ({"swapped": "fix"}, "swapped is 'error' or 'allow', found 'fix'"),
        ({"beta": 0}, "beta is a number above 0, found 0"),
        ({"sft_weight": -1}, "sft_weight is a number from 0 on, found -1"),
        ({"card": "card.yaml"}, "Preset 'preference' scores no replies"),
        ({"general_text": "nowhere.txt"}, "general_text is a file with texts"),
        ({"metrics": ("accuracy",)}, "accuracy"),
        ({"metrics": ("cross_entropy",)}, "cross_entropy say nothing of what is preferred"),
    ],
)
def test_what_preferences_do_not_have_is_refused(
    options: dict[str, Any], message: str, pairs: Path, tmp_path: Path
) -> None:
    with pytest.raises(OptionError, match=message):
        adapt("preference", pairs, output=tmp_path / "run", shown=False, **options)


@pytest.mark.parametrize("options", [{"beta": 0.2}, {"chosen": "a"}, {"swapped": "allow"}, {"sft_weight": 0.5}])
def test_options_of_preferences_are_refused_where_there_are_none(options: dict[str, Any], tmp_path: Path) -> None:
    name = next(iter(options))
    with pytest.raises(OptionError, match=f"{name} is for preferences, and not for text-generation"):
        adapt("text-generation", "rows.jsonl", output=tmp_path / "run", method="full", **options)


def test_a_weight_of_chosen_replies_is_for_pairs(singles: Path, writer: str, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"sft_weight is for pairs, and these are single replies; found 0\.5"):
        adapt("preference", singles, backbone=writer, output=tmp_path / "run", sft_weight=0.5, **SETTINGS)


def test_a_part_of_one_kind_of_reply_is_refused(writer: str, tmp_path: Path) -> None:
    rows = [{**row, "approved": True} for row in singles_of(30)]
    source = write_rows(tmp_path / "rows.jsonl", rows)
    with pytest.raises(DataError, match=r"Of the \d+ replies of train, \d+ are approved: it needs both kinds"):
        adapt("preference", source, backbone=writer, output=tmp_path / "run", **SETTINGS)


def test_what_a_run_decided_is_refused_when_it_is_measured(preferring: Run, pairs: Path) -> None:
    with pytest.raises(OptionError, match="beta was decided when the run was made"):
        evaluate(preferring.output, pairs, beta=0.3)
