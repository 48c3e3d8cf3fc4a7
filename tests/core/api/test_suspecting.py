"""Wrong labels that were planted among real texts are listed first, with what they more likely are."""

import csv
from pathlib import Path

import pytest
from acclimate.api import suspects
from acclimate.contracts import DataError

PRESET = "general/text-classification"
TOPICS = {
    "sport": ["match", "goal", "striker", "referee", "league", "penalty", "coach", "stadium"],
    "law": ["judge", "appeal", "verdict", "plaintiff", "hearing", "counsel", "statute", "court"],
    "sea": ["ship", "anchor", "cargo", "pier", "tide", "captain", "harbour", "sail"],
}


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Return a table of 90 texts, and the true label of the four whose label is wrong."""
    rows, wrong = [], {}
    labels = sorted(TOPICS)
    for number in range(90):
        label = labels[number % 3]
        words = TOPICS[label]
        first, second, third = (words[(number * step + step) % 8] for step in (1, 3, 5))
        row = {
            "id": f"r{number}",
            "text": f"report {number}: the {first}, the {second} and a {third}",
            "label": label,
        }
        if number in (10, 31, 52, 74):
            wrong[row["id"]] = label
            row["label"] = labels[(number + 1) % 3]
        rows.append(row)
    path = tmp_path_factory.mktemp("planted") / "rows.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=["id", "text", "label"])
        writer.writeheader()
        writer.writerows(rows)
    return path, wrong


def test_planted_errors_come_first(planted: tuple[Path, dict[str, str]]) -> None:
    path, wrong = planted
    found = suspects(PRESET, path, shown=False)
    assert {each.id: each.likelier for each in found[: len(wrong)]} == wrong
    assert len(found) <= len(wrong) + 2
    with path.open(newline="", encoding="utf-8") as file:
        rows = {row["id"]: (number, row) for number, row in enumerate(csv.DictReader(file), 2)}
    for each in found:
        line, row = rows[each.id]
        assert (each.line, each.label, each.content) == (line, row["label"], row["text"])


def test_rows_with_several_labels_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "several.csv"
    path.write_text("text,label\n" + "\n".join(f"text {k},a|b" for k in range(20)), encoding="utf-8")
    with pytest.raises(DataError, match="several labels"):
        suspects(PRESET, path, label_separator="|", shown=False)
