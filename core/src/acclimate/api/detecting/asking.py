"""What may be asked of an inspection, checked before anything is read."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from acclimate import evaluation
from acclimate.api.options import OF_LABELS, refuse_unknown
from acclimate.api.request import Request
from acclimate.contracts import OptionError, Settings

PROMISED = 0.05
"""The share of good parts that may be rejected where nothing is said."""

_SMALLEST_TILE = 64
_TASK = "anomaly-detection"
_OF_LABELS = {name: why for name, why in OF_LABELS.items() if name not in ("operate", "prevalence")}
# What others have, and why an inspection has it not.
_REASONS: Mapping[str, str] = {
    "text": "Parts are images",
    "max_tokens": "Images have no tokens",
    "label_separator": "A part has one label: good, or a kind of defect",
    "embargo": "Parts are not dealt by time",
    "epochs": "Nothing trains by gradients",
    "max_steps": "Nothing trains by gradients",
    "learning_rate": "Nothing trains by gradients",
    "patience": "Nothing trains by gradients",
    "batch_size": "Nothing trains by gradients",
    **_OF_LABELS,
    "positive": "What is looked for is what good parts do not show",
    "answer": "A part is rejected or not",
    "calibration": "Scores are distances, and no probabilities",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRule:
    """What the threshold of an inspection is to reach, and how it was written ("overkill=0.01").

    `overkill` is the share of good parts that it may reject, where that is promised; `escape` the share of defective
    validation parts that may pass; `costs` those that are to be least. One of them is set. `asked` says that somebody
    asked for it.
    """

    text: str
    overkill: float | None = None
    escape: float | None = None
    costs: evaluation.Costs | None = None
    asked: bool = True

    @property
    def needs_defects(self) -> bool:
        """Whether defective parts choose the threshold too."""
        return self.overkill is None


def check(request: Request) -> None:
    """Raise OptionError for what a request asks for and an inspection does not have, or has otherwise."""
    check_options({**asdict(request.columns), **asdict(request.settings)})
    if request.method == "auto" and not request.preset.ladder:
        raise OptionError(
            f"Method 'auto' goes on from good parts to presets that learn defects, and {request.name} names none.",
            "Name a method: memory-bank, padim.",
        )
    if request.settings.head != "probe":
        raise OptionError("Nothing trains by gradients, found head='random'.", "Leave head out.")
    tiles = request.settings.tiles
    if tiles is not None and tiles < _SMALLEST_TILE:
        raise OptionError(
            f"tiles are {_SMALLEST_TILE} pixels or more on a side, found {tiles}.",
            "Leave tiles out to read whole images.",
        )
    rule_of(request.settings)


def check_options(given: Mapping[str, Any]) -> None:
    """Raise OptionError for options that are for rows with labels or masks, and for a time."""
    refuse_unknown(given, _TASK, _REASONS)
    time = given.get("time", "")
    if time not in ("", "none"):
        raise OptionError(
            f"Good parts are dealt by group and at random, defective ones only test: a split by time={time!r} cannot "
            "be kept.",
            "Leave time out, and give the parts of later days as test (--test).",
        )


def rule_of(settings: Settings) -> PartRule:
    """Return what the threshold is to reach.

    Raises:
        OptionError: for a rule that is not for parts, and for costs without a prevalence or the other way round.
    """
    text = settings.operate
    if not text:
        if settings.prevalence is not None:
            raise OptionError(
                "prevalence is for costs, found none.", "Say them with operate (--operate cost=ESCAPE:OVERKILL)."
            )
        return PartRule(text=f"overkill={PROMISED:g}", overkill=PROMISED, asked=False)
    rule = evaluation.read_rule(text)
    if rule.kind == "specificity":
        return PartRule(text=text, overkill=round(1 - rule.target, 12))
    if rule.kind == "sensitivity":
        return PartRule(text=text, escape=round(1 - rule.target, 12))
    if rule.kind == "precision":
        raise OptionError(
            f"The precision of an inspection hangs on how many parts are defective, found operate={text!r}.",
            "Ask for overkill=0.01, escape=0.05 or cost=200:4.",
        )
    if settings.prevalence is None:
        raise OptionError(
            "Costs need the share of parts that is defective in production.",
            "Say it: prevalence=0.02 (--prevalence).",
        )
    escape, _, overkill = text.partition("=")[2].partition(":")
    costs = evaluation.Costs(escape=float(escape), overkill=float(overkill or 1), prevalence=settings.prevalence)
    return PartRule(text=text, costs=costs)
