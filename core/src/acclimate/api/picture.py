"""The picture of a comparison: score against what a method costs, as SVG, by the standard library alone."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from acclimate.contracts import Comparison, MethodResult, Score

# Okabe and Ito (2008), "Color universal design", without the yellow: told apart by every kind of colour vision.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#4d4d4d")
# In pixels: the plots, the room left of each for its axis, the legend, the rows of text.
_PLOT, _AXIS, _LEGEND, _ROW = 280, 70, 300, 20
_TOP, _HEIGHT, _BOTTOM = 44, 260, 52
_RADIUS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """Places values from `low` to `high` at pixels from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Return round values inside the scale, about five."""
        rough = (self.high - self.low) / 5
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
        return [step * number for number in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)]


def draw(comparison: Comparison) -> str:
    """Return an SVG document: the score of each method, with its interval, against its trainable parameters and
    against its seconds of training, both on logarithmic scales. The numbers in the points are those of the legend.
    """
    shown = [(each, each.score) for each in comparison.methods if each.score and math.isfinite(each.score.value)]
    width = 2 * (_AXIS + _PLOT) + _LEGEND
    height = _TOP + max(_HEIGHT, _ROW * len(shown)) + _BOTTOM
    title = f"{comparison.preset}: {comparison.metric} by method, means over seeds with 95 % intervals"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#222">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        _text(16, 26, title, 'font-size="14" font-weight="bold"'),
    ]
    if shown:
        scores = _score_scale([score for _, score in shown])
        costs = {
            "trainable parameters": [float(method.parameters["trainable"]) for method, _ in shown],
            "seconds of training": [method.seconds or 0.0 for method, _ in shown],
        }
        for panel, (name, values) in enumerate(costs.items()):
            parts += _panel(_AXIS + panel * (_AXIS + _PLOT), name, values, [score for _, score in shown], scores)
        parts += _legend(width - _LEGEND + 24, shown)
    else:
        parts.append(_text(width / 2, height / 2, "No method was measured.", 'text-anchor="middle"'))
    return "\n".join([*parts, "</svg>", ""])


def _score_scale(scores: Sequence[Score]) -> _Scale:
    bounds = [bound for each in scores for bound in (each.value, each.low, each.high) if math.isfinite(bound)]
    room = 0.1 * (max(bounds) - min(bounds)) or 0.05
    return _Scale(low=min(bounds) - room, high=max(bounds) + room, start=_TOP + _HEIGHT, end=_TOP)


def _panel(left: float, name: str, costs: Sequence[float], scores: Sequence[Score], down: _Scale) -> list[str]:
    logs = [math.log10(max(cost, 1e-3)) for cost in costs]
    across = _Scale(low=min(logs) - 0.4, high=max(logs) + 0.4, start=left, end=left + _PLOT)
    bottom = _TOP + _HEIGHT
    parts = [f'<rect x="{left}" y="{_TOP}" width="{_PLOT}" height="{_HEIGHT}" fill="#fafafa" stroke="#bbb"/>']
    for tick in down.ticks():
        y = down.at(tick)
        parts.append(f'<path d="M{left} {y:.1f}h{_PLOT}" stroke="#e4e4e4"/>')
        parts.append(_text(left - 6, y + 4, f"{tick:.3g}", 'text-anchor="end"'))
    for tick in across.ticks():
        x = across.at(tick)
        parts.append(f'<path d="M{x:.1f} {bottom}v4" stroke="#888"/>')
        parts.append(_text(x, bottom + 18, _short(10**tick), 'text-anchor="middle"'))
    parts.append(_text(left + _PLOT / 2, bottom + 40, f"{name} (log scale)", 'text-anchor="middle"'))
    for number, (log, score) in enumerate(zip(logs, scores, strict=True), 1):
        parts += _point(number, across.at(log), score, down)
    return parts


def _point(number: int, x: float, score: Score, down: _Scale) -> list[str]:
    colour, y = _COLOURS[(number - 1) % len(_COLOURS)], down.at(score.value)
    parts = []
    if math.isfinite(score.low + score.high):
        bar = f"M{x:.1f} {down.at(score.low):.1f}V{down.at(score.high):.1f}"
        parts.append(f'<path d="{bar}" stroke="{colour}" stroke-width="2"/>')
    return [*parts, *_mark(number, x, y, colour)]


def _mark(number: int, x: float, y: float, colour: str) -> list[str]:
    return [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_RADIUS}" fill="{colour}" stroke="#fff"/>',
        _text(x, y + 4, str(number), 'text-anchor="middle" font-size="11" fill="#fff"'),
    ]


def _legend(left: float, shown: Sequence[tuple[MethodResult, Score]]) -> list[str]:
    parts = []
    for number, (method, score) in enumerate(shown, 1):
        y = _TOP + _ROW * (number - 0.5)
        parts += _mark(number, left, y, _COLOURS[(number - 1) % len(_COLOURS)])
        parts.append(_text(left + 16, y + 4, f"{method.name}  {score}"))
    return parts


def _short(number: float) -> str:
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if number >= 0.999 * size:
            return f"{number / size:.3g}{letter}"
    return f"{number:.3g}"


def _text(x: float, y: float, text: str, attributes: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {attributes}>{escape(text)}</text>'
