"""Labels get their names from what a preset knows or a user says, and never by position."""

from pathlib import Path
from typing import Any

import pytest
from acclimate.contracts import Columns, DataError, LabelNames, OptionError
from acclimate.data import load, read, read_label_names

TONES = LabelNames(order=("low", "middle", "high"), aliases={"under par": "low", "top": "high"})


def labels_of(folder: Path, labels: list[Any], *, known: LabelNames | None = TONES, given: str = "") -> list[Any]:
    rows = [{"text": f"text {number}", "label": label, "_line": number} for number, label in enumerate(labels)]
    table = load(
        str(folder / "rows.csv"),
        read=lambda _: rows,
        columns=Columns(text="text", label="label", label_names=given),
        modality="text",
        cache=folder / "cache",
        known_labels=known,
        part="train",
    )
    found: list[Any] = table["label"][:]
    return found


def test_names_and_their_aliases_are_known_whatever_their_spelling(tmp_path: Path) -> None:
    given = ["HIGH", "Under_Par", "under-par", "middle", " top "]
    assert labels_of(tmp_path, given) == ["high", "low", "low", "middle", "high"]
    assert labels_of(tmp_path, given, known=None) == ["HIGH", "Under_Par", "under-par", "middle", "top"]


@pytest.mark.parametrize(
    "numbers", [[0, 1, 2, 1], ["0", "1", "2", "1"], ["LABEL_0", "LABEL_1", "LABEL_2", "LABEL_1"]]
)
def test_numbers_are_refused_until_the_user_says_what_they_stand_for(tmp_path: Path, numbers: list[Any]) -> None:
    with pytest.raises(DataError) as caught:
        labels_of(tmp_path, numbers)
    message = str(caught.value)
    one = str(numbers[1])
    assert "Numbers are not mapped by position" in message
    assert f"{one!r} (rows 2, 4)" in message
    example = ",".join(f"{label}=…" for label in sorted(map(str, set(numbers))))
    assert f'label_names="{example}"' in message
    assert f'--label-names "{example}"' in message
    assert "each … one of low, middle, high" in message
    said = ",".join(f"{label}={name}" for label, name in zip(numbers, ("high", "under par", "middle"), strict=False))
    assert labels_of(tmp_path, numbers, given=said) == ["high", "low", "middle", "low"]


def test_an_unknown_word_is_no_number(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"'midle' \(row 2\)\. Say") as caught:
        labels_of(tmp_path, ["low", "midle", "high"])
    assert "Numbers" not in str(caught.value)


def test_names_that_the_preset_does_not_know_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"'hihg', which the preset does not know.*\n?.*'high'"):
        labels_of(tmp_path, [0, 1], given="0=low,1=hihg")


def test_a_name_for_a_label_that_no_row_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"label_names names '3', which no row of rows.csv has in 'label'"):
        labels_of(tmp_path, [0, 1], given="0=low,1=high,3=middle")


def test_without_names_that_are_known_the_user_may_rename_and_merge(tmp_path: Path) -> None:
    assert labels_of(tmp_path, ["a", "b", "c"], known=None, given="a=x,b=x") == ["x", "x", "c"]


@pytest.mark.parametrize("text", ["0", "0=", "=low", "0=low,,1=high", "0=low,0=high"])
def test_what_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match="label_names are LABEL=NAME with commas between"):
        read_label_names(text)


def test_lists_get_their_names_too(tmp_path: Path) -> None:
    assert labels_of(tmp_path, [["top", "low"], [], ["middle"]]) == [["high", "low"], [], ["middle"]]


@pytest.mark.parametrize(
    ("order", "aliases"), [(("a",), {}), (("a", "A"), {}), (("a", "b"), {"x": "c"}), (("a", "b"), {"B": "a"})]
)
def test_names_that_contradict_each_other_are_refused(order: tuple[str, ...], aliases: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="LabelNames"):
        LabelNames(order=order, aliases=aliases)


@pytest.mark.parametrize(
    ("columns", "timed"),
    [
        (Columns(), True),
        (Columns(time="none"), False),
        (Columns(group="who"), False),
        (Columns(group="who", time="Date"), True),
    ],
)
def test_a_usual_time_counts_where_neither_group_nor_time_is_named(
    tmp_path: Path, columns: Columns, timed: bool
) -> None:
    source = tmp_path / "rows.csv"
    source.write_text("text,label,Date,who\na,low,2024-01-01,p\nb,top,2024-01-02,q\n")
    table = load(
        str(source),
        read=read.csv_rows,
        columns=columns,
        modality="text",
        cache=tmp_path,
        usual_times=("published", "date"),
    )
    assert ("time" in table.column_names) is timed
    assert not timed or table["time"][:] == ["2024-01-01", "2024-01-02"]
