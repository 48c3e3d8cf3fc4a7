"""Grades with prices: labels stand in their order, and each row is also given the label of least expected cost."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest
from acclimate.api import adapt, evaluate, write_predictions
from acclimate.contracts import OptionError
from acclimate.evaluation.costs import read_costs

PRESET = "general/text-classification"


def labels_of(path: Path) -> dict[str, str]:
    with path.open(newline="", encoding="utf-8") as file:
        return {row["id"]: row["label"] for row in csv.DictReader(file)}


def test_the_report_has_what_calls_cost_and_predictions_the_cheapest_label(
    texts: Path, small_backbone: str, tmp_path: Path
) -> None:
    grades = sorted(set(labels_of(texts).values()), reverse=True)
    rule = f"{'<'.join(grades)}=9:1"
    run = adapt(
        PRESET, texts, method="frozen", backbone=small_backbone, costs=rule, output=tmp_path / "run", shown=False
    )
    assert list(run.report.labels) == grades, "the order of the costs, not that of the alphabet"
    found = run.report.analysis.costs
    assert found is not None
    assert found.rule == rule

    asked = list(csv.DictReader(texts.open(newline="", encoding="utf-8")))
    model, matrix = run.load(), read_costs(rule).matrix
    called = model.predict([row["text"] for row in asked])
    for each in called:
        shares = np.array([each.probabilities[label] for label in grades])
        assert each.cheapest == grades[int((shares @ matrix).argmin())]
    # All rows measured again: what they cost is summed here, row by row.
    again = evaluate(tmp_path / "run", texts).analysis.costs
    assert again is not None
    places = {label: place for place, label in enumerate(grades)}
    gaps = [places[row["label"]] - places[str(each.cheapest)] for row, each in zip(asked, called, strict=True)]
    assert again.cheapest.value == pytest.approx(np.mean([9 * gap if gap > 0 else -gap for gap in gaps]))
    likely = [places[row["label"]] - places[each.label] for row, each in zip(asked, called, strict=True)]
    assert again.likeliest.value == pytest.approx(np.mean([9 * gap if gap > 0 else -gap for gap in likely]))
    assert again.changed == np.mean([each.cheapest != each.label for each in called])
    assert f"a row costs ({rule})" in str(run.report)
    assert "is given the label of least expected cost" in (tmp_path / "run" / "report.html").read_text("utf-8")

    write_predictions(tmp_path / "run", texts, tmp_path / "told.csv")
    write_predictions(tmp_path / "run", texts, tmp_path / "told.parquet")
    told = [row["cheapest"] for row in csv.DictReader((tmp_path / "told.csv").open(newline="", encoding="utf-8"))]
    assert told == [each.cheapest for each in called]
    assert pyarrow.parquet.read_table(tmp_path / "told.parquet")["cheapest"].to_pylist() == told


@pytest.mark.parametrize(
    ("costs", "message"),
    [("low<high", "costs name the labels low, high; the rows have"), ("low", "from the lowest to the highest")],
)
def test_costs_that_do_not_fit_the_labels_are_refused_before_a_model_is_loaded(
    costs: str, message: str, texts: Path, tmp_path: Path
) -> None:
    import acclimate.models

    options: dict[str, Any] = {"method": "frozen", "output": tmp_path / "run", "shown": False}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(acclimate.models, "resolve", lambda *_, **__: pytest.fail("a model was loaded"))
        with pytest.raises(OptionError, match=message):
            adapt(PRESET, texts, costs=costs, **options)
