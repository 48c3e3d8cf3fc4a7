"""Charts as inline SVG: no script, no font and no file is needed, and colours follow the page's."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

_WIDTH, _HEIGHT = 340, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 12, 46

Point = tuple[float, float]
Range = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line through points; `whiskers` are the bounds of each point's interval, nan where not defined.

    `band` are bounds too, (across, low, high), which are shaded where points are too many for whiskers.
    """

    name: str
    points: Sequence[Point]
    whiskers: Sequence[Range] = ()
    band: Sequence[tuple[float, float, float]] = ()
    dots: bool = False


def plot(
    lines: Sequence[Line],
    *,
    title: str,
    across: str,
    up: str,
    x: Range = (0.0, 1.0),
    y: Range = (0.0, 1.0),
    diagonal: bool = False,
) -> Markup:
    """Return lines over a grid; `title` is what a screen reader says, `across` and `up` name the axes."""

    def place(point: Point) -> Point:
        return (
            _LEFT + (point[0] - x[0]) / (x[1] - x[0] or 1) * (_WIDTH - _LEFT - _RIGHT),
            _HEIGHT - _BOTTOM - (point[1] - y[0]) / (y[1] - y[0] or 1) * (_HEIGHT - _TOP - _BOTTOM),
        )

    parts = [_frame(place, x, y)]
    if diagonal:
        (x1, y1), (x2, y2) = place((x[0], y[0])), place((x[1], y[1]))
        parts.append(f'<path class="diagonal" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>')
    for number, line in enumerate(lines):
        parts.append(_line(line, number, place))
    middle, bottom = (_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 8
    parts.append(f'<text class="axis" x="{middle:.0f}" y="{bottom}" text-anchor="middle">{escape(across)}</text>')
    height = (_TOP + _HEIGHT - _BOTTOM) / 2
    turned = f'transform="translate(12 {height:.0f}) rotate(-90)"'
    parts.append(f'<text class="axis" {turned} text-anchor="middle">{escape(up)}</text>')
    drawn = "".join(parts)
    return Markup(
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(title)}">{drawn}</svg>{_legend(lines)}'
    )


def bars(rows: Sequence[tuple[str, float, float, float]], *, title: str, bounds: Range) -> Markup:
    """Return values with their intervals, one below the other: name, value, low and high, nan where not defined."""
    room, line = 190, 30
    height, right = line * len(rows) + 34, 420

    def place(value: float) -> float:
        return room + (value - bounds[0]) / (bounds[1] - bounds[0] or 1) * (right - room - 14)

    parts = []
    for tick in ticks(bounds):
        parts.append(f'<path class="grid" d="M{place(tick):.1f} 6V{height - 24}"/>')
        parts.append(f'<text x="{place(tick):.1f}" y="{height - 8}" text-anchor="middle">{tick:g}</text>')
    for number, (name, value, low, high) in enumerate(rows):
        middle, css = 20 + line * number, f"s{min(number, 1)}"
        shown = name if len(name) <= 28 else f"{name[:27]}…"
        parts.append(f'<text x="{room - 10}" y="{middle + 4}" text-anchor="end">{escape(shown)}</text>')
        if math.isfinite(low) and math.isfinite(high):
            parts.append(f'<path class="{css} whisker" d="M{place(low):.1f} {middle}H{place(high):.1f}"/>')
        if math.isfinite(value):
            parts.append(f'<circle class="{css} dot" cx="{place(value):.1f}" cy="{middle}" r="4.5"/>')
    return Markup(
        f'<svg viewBox="0 0 {right} {height}" role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )


def ticks(bounds: Range, most: int = 6) -> list[float]:
    """Return round numbers inside bounds, at most so many."""
    span = bounds[1] - bounds[0]
    if not span > 0:
        return [bounds[0]]
    step = 10 ** math.floor(math.log10(span / most))
    step = next(step * factor for factor in (1, 2, 5, 10, 20) if span / (step * factor) <= most - 1)
    first = math.ceil(bounds[0] / step - 1e-9)
    last = math.floor(bounds[1] / step + 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]


def _frame(place: object, x: Range, y: Range) -> str:
    assert callable(place)
    parts = []
    for tick in ticks(x):
        left, bottom = place((tick, y[0]))
        _, top = place((tick, y[1]))
        parts.append(f'<path class="grid" d="M{left:.1f} {top:.1f}V{bottom:.1f}"/>')
        parts.append(f'<text x="{left:.1f}" y="{bottom + 16:.1f}" text-anchor="middle">{tick:g}</text>')
    for tick in ticks(y):
        left, height = place((x[0], tick))
        right, _ = place((x[1], tick))
        parts.append(f'<path class="grid" d="M{left:.1f} {height:.1f}H{right:.1f}"/>')
        parts.append(f'<text x="{left - 6:.1f}" y="{height + 4:.1f}" text-anchor="end">{tick:g}</text>')
    return "".join(parts)


def _line(line: Line, number: int, place: object) -> str:
    assert callable(place)
    css = f"s{number % 8}"
    points = [place(point) for point in line.points]
    path = "L".join(f"{left:.1f} {top:.1f}" for left, top in points)
    parts = [f'<path class="{css} line" d="M{path}"/>'] if points else []
    known = [each for each in line.band if math.isfinite(each[1]) and math.isfinite(each[2])]
    edge = [place((across, low)) for across, low, _ in known] + [
        place((across, high)) for across, _, high in known[::-1]
    ]
    if edge:
        area = "L".join(f"{left:.1f} {top:.1f}" for left, top in edge)
        parts.insert(0, f'<path class="{css} band" d="M{area}Z"/>')
    for (across, _), (low, high) in zip(line.points, line.whiskers, strict=False):  # there may be none
        if not (math.isfinite(low) and math.isfinite(high)):
            continue
        (left, bottom), (_, top) = place((across, low)), place((across, high))
        parts.append(f'<path class="{css} whisker" d="M{left:.1f} {bottom:.1f}V{top:.1f}"/>')
    if line.dots:
        parts.extend(f'<circle class="{css} dot" cx="{left:.1f}" cy="{top:.1f}" r="3.5"/>' for left, top in points)
    return "".join(parts)


def _legend(lines: Sequence[Line]) -> str:
    if len(lines) < 2:
        return ""
    names = "".join(
        f'<li><span class="key s{number % 8}"></span>{escape(line.name)}</li>' for number, line in enumerate(lines)
    )
    return f'<ul class="legend">{names}</ul>'
