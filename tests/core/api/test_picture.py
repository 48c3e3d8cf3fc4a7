"""The picture of a comparison: points lie where score and cost put them."""

from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from acclimate.api.picture import draw
from acclimate.contracts import Comparison, MethodResult, Score


def result(name: str, value: float, trainable: int = 1000, seconds: float = 5.0, width: float = 0.02) -> MethodResult:
    return MethodResult(
        name=name,
        score=Score(value=value, low=value - width, high=value + width),
        parameters={"total": 10_000_000, "trainable": trainable},
        seconds=seconds,
    )


def drawn(*methods: MethodResult) -> Any:
    comparison = Comparison(
        preset="a/b & c", backbone="x", metric="macro_f1", methods=methods, best=None, missing=(), output="o"
    )
    return ElementTree.fromstring(draw(comparison))


def circles(document: Any) -> np.ndarray[Any, Any]:
    """Return x and y of every circle: [circles, 2]; those of the first panel, of the second, of the legend."""
    return np.array(
        [[float(each.attrib[name]) for name in ("cx", "cy")] for each in document.findall(".//{*}circle")]
    )


def test_points_lie_where_score_and_cost_put_them() -> None:
    methods = [result("a", 0.5, 1_000, 1.0), result("b", 0.7, 100_000, 10.0), result("c", 0.9, 10_000_000, 1000.0)]
    first, second, _ = np.split(circles(drawn(*methods)), 3)
    assert first[:, 1] == pytest.approx(second[:, 1])
    assert np.diff(first[:, 1]) == pytest.approx([np.diff(first[:, 1])[0]] * 2, abs=0.2)
    assert (np.diff(first[:, 1]) < 0).all()
    right = np.diff(first[:, 0])
    assert right[0] == pytest.approx(right[1], abs=0.2)  # two decades each
    right = np.diff(second[:, 0])
    assert right[1] == pytest.approx(2 * right[0], abs=0.3)  # one decade and two


def test_everything_stays_inside_however_many_methods_there_are() -> None:
    rng = np.random.default_rng(0)
    methods = [result(f"method <{n}>", 0.8 + 0.001 * rng.random(), int(10 ** rng.uniform(0, 8))) for n in range(25)]
    document = drawn(*methods)
    places = circles(document)
    size = [float(document.attrib[name]) for name in ("width", "height")]
    assert places.shape == (75, 2)
    assert (places > 0).all()
    assert (places < size).all()
    assert np.diff(places[50:, 1]).min() >= 18
    texts = [each.text for each in document.findall(".//{*}text")]
    assert [each for each in texts if each.startswith("method")] == [f"{each.name}  {each.score}" for each in methods]


def test_a_picture_of_one_point_of_no_cost_or_of_no_bounds_can_be_drawn() -> None:
    drawn(result("only", 1.0, 0, 0.0, width=0.0))
    drawn(result("bounds", 0.5, width=float("nan")), result("x", 0.6), MethodResult(name="refused"))
    assert "No method was measured." in [each.text for each in drawn().findall(".//{*}text")]
