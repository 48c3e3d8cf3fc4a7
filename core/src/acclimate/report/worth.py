"""Decision curves as drawings: the net benefit of the model beside flagging all rows and none."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from acclimate.report.charts import Line, Point, plot

Plain = Mapping[str, Any]


def worth(curve: Plain) -> tuple[Markup, str]:
    """Return the chart of a decision curve and its caption.

    What lies far below 0 is cut off: flagging all rows at a high threshold is worse than any model, by any amount.
    """
    points = curve["points"]
    last, label = points[-1]["threshold"], curve["label"]
    model = [(each["threshold"], each["model"]["value"]) for each in points]
    bounds = [(each["threshold"], each["model"]["low"], each["model"]["high"]) for each in points]
    known = [(at, low, high) for at, low, high in bounds if low is not None and high is not None]
    top = 1.05 * max([curve["share"], *(value for _, value in model), *(high for _, _, high in known)])
    floor = -top / 5
    lines = [
        Line(
            name="this model",
            points=above(model, floor),
            band=[(at, max(low, floor), max(high, floor)) for at, low, high in known],
        ),
        Line(name="flag all", points=above([(each["threshold"], each["all"]) for each in points], floor)),
        Line(name="flag none", points=[(0.0, 0.0), (last, 0.0)]),
    ]
    chart = plot(
        lines,
        title=f"Net benefit of flagging {label} by threshold",
        across="threshold probability",
        up="net benefit",
        x=(0.0, last),
        y=(floor, top),
    )
    where = ", ".join(f"{low:.3f} to {high:.3f}" for low, high in curve["better"])
    said = (
        f"clearly of more worth than flagging all or none at thresholds of {where}"
        if where
        else ("nowhere clearly of more worth than flagging all or none")
    )
    return chart, f"Flagging {label}, which a share of {curve['share']:.3g} of rows has: {said}."


def above(points: Sequence[Point], floor: float) -> list[Point]:
    """Return the points of a falling line as far as it stays above a floor, ended where it crosses it."""
    kept = [points[0]] if points[0][1] >= floor else []
    for before, after in pairwise(points):
        if after[1] >= floor:
            kept.append(after)
        elif before[1] >= floor:
            share = (before[1] - floor) / (before[1] - after[1])
            return [*kept, (before[0] + share * (after[0] - before[0]), floor)]
    return kept
