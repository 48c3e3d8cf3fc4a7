"""One page on whether predictions have moved: two distributions, their bins, and the shares of what is said."""

from collections.abc import Mapping
from typing import Any

from acclimate.report.charts import Line, Point, plot
from acclimate.report.templates import rendered

Plain = Mapping[str, Any]


def drift_page(drift: Plain) -> str:
    """Return the page of a monitor, given as the plain content of `Drift.to_dict()`."""
    return rendered(
        "drift.html.j2",
        drift=drift,
        chart=_distributions(drift),
        changes=[change for change in (drift["above"], *drift["labels"], drift["unreadable"]) if change],
        bins=[{**each, "name": _name(each)} for each in drift["bins"]],
    )


def _distributions(drift: Plain) -> str:
    both = {name: drift[name]["quantiles"] for name in ("before", "after")}
    low, high = min(each[0] for each in both.values()), max(each[-1] for each in both.values())
    lines = [Line(name=name, points=_steps(quantiles)) for name, quantiles in both.items()]
    if drift["threshold"] is not None:
        low, high = min(low, drift["threshold"]), max(high, drift["threshold"])
        lines.append(Line(name="threshold", points=[(drift["threshold"], 0.0), (drift["threshold"], 1.0)]))
    return plot(
        lines,
        title=f"Distribution of the {drift['score']} before and after",
        across=drift["score"],
        up="share of rows at or below",
        x=(low, high),
    )


def _steps(quantiles: Any) -> list[Point]:
    return [(value, number / (len(quantiles) - 1)) for number, value in enumerate(quantiles)]


def _name(each: Plain) -> str:
    if each["low"] is None:
        return f"up to {each['high']:.4g}"
    if each["high"] is None:
        return f"above {each['low']:.4g}"
    return f"{each['low']:.4g} to {each['high']:.4g}"
