"""What is refused before any chat is read."""

from pathlib import Path
from typing import Any

import pytest
from acclimate.api import adapt
from acclimate.contracts import OptionError


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "auto"}, "Method 'auto' searches among methods for labels"),
        ({"method": "frozen"}, "Method 'frozen' does not do text-generation"),
        ({"label": "x"}, "Chats have answers and no labels, found label='x'"),
        ({"positive": "x"}, "An operating point is for rows with labels"),
        ({"folds": 3}, "Cross-validation is for rows with labels"),
        ({"tiles": 64}, "tiles is for masks, and not for text-generation"),
        ({"too_long": "cut"}, "too_long is 'error', 'truncate', 'drop' or 'split', found 'cut'"),
        ({"bad_rows": "skip"}, "bad_rows is 'error' or 'drop'"),
        ({"written_rows": -1}, "written_rows is a whole number from 0 on"),
        ({"max_new_tokens": 0}, "max_new_tokens is a whole number above 0"),
        ({"general_text": "nowhere.txt"}, "general_text is a file with texts, found 'nowhere.txt'"),
        ({"metrics": ("accuracy",)}, "accuracy"),
        ({"metrics": ("rouge_l",), "written_rows": 0}, "rouge_l are of written answers, and written_rows is 0"),
    ],
)
def test_what_chats_do_not_have_is_refused(
    options: dict[str, Any], message: str, chats: Path, tmp_path: Path
) -> None:
    with pytest.raises(OptionError, match=message):
        adapt("text-generation", chats, output=tmp_path / "run", shown=False, **options)


@pytest.mark.parametrize("options", [{"too_long": "drop"}, {"prompt": "a"}, {"written_rows": 5}])
def test_options_of_chats_are_refused_where_there_are_none(options: dict[str, Any], tmp_path: Path) -> None:
    name = next(iter(options))
    with pytest.raises(OptionError, match=f"{name} is for chats, and not for text-classification"):
        adapt("text-classification", "rows.csv", output=tmp_path / "run", method="full", **options)
