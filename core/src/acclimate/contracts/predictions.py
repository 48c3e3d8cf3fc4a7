"""What a saved run says of new rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One prediction: the most likely label and the probability of each.

    `labels` are the labels that the row is given: the most likely one, or, where rows may carry several, those whose
    probability reaches the label's own threshold, the most likely first; then there may be none.

    `flagged` says whether the positive label reaches the threshold of the run's operating point, where it has one,
    and `answered` whether the model is sure enough, where the run leaves unsure rows to a person.
    `out_of_scope` says whether the row has none of the labels, where the run can tell; then `labels` is empty, and
    `label` still the most likely one.
    `cheapest` is the label whose expected cost is least, where the run knows what wrong calls cost.
    `label_set` are the labels that hold the true one in 90 % of rows like those of the validation, the most likely
    first; None where the run had too few of them, and where rows may carry several labels.

    Of a stack of images `slice_weights` are the shares of attention that its slices have, by name: they sum to 1.
    """

    label: str
    probabilities: Mapping[str, float]
    labels: tuple[str, ...]
    flagged: bool | None = None
    answered: bool | None = None
    out_of_scope: bool | None = None
    cheapest: str | None = None
    label_set: tuple[str, ...] | None = None
    slice_weights: Mapping[str, float] | None = None

    @property
    def probability(self) -> float:
        """The probability of the most likely label."""
        return self.probabilities[self.label]


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskPrediction:
    """The mask of one image: `mask` is a numpy array [height, width] of uint8 at the image's own size.

    Its values are places in `classes`; `shares` is by class the share of the image's pixels that it covers.
    """

    mask: Any
    classes: tuple[str, ...]
    shares: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedSpan:
    """A span that was found in a text: `text` is `text[start:end]` of the whole.

    `probability` is the least one that the model gives to the tags of its words. `columns` are what the preset tells
    of it besides, such as its value and currency.
    """

    start: int
    end: int
    label: str
    text: str
    probability: float
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanPrediction:
    """The spans of one text, from its begin to its end; no two overlap."""

    spans: tuple[PredictedSpan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDocument:
    """A document that a search found: the higher the `score`, the better it fits. `time` is "" where it has none."""

    id: str
    text: str
    score: float
    time: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAnswer:
    """An answer that stands in a text: `text` is `text[start:end]` of it; `probability` is that it is right."""

    start: int
    end: int
    text: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPrediction:
    """What a text answers to one question: `answers`, the likeliest first, none where it is not present.

    `candidates` are the best passages whether given or not, the likeliest first. No two of them overlap.
    """

    id: str
    question: str
    answers: tuple[FoundAnswer, ...]
    candidates: tuple[FoundAnswer, ...]

    @property
    def present(self) -> bool:
        """Whether the text answers the question."""
        return bool(self.answers)


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryPrediction:
    """What a text says in short: `sentences` of it in their order, and `text`, which has one on each line."""

    text: str
    sentences: tuple[FoundAnswer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntailmentPrediction:
    """What a text says to one hypothesis: a label, how likely each is, and the passages that say it.

    `evidence` are the passages that are given, the likeliest first: one or more where the label is entailment or
    contradiction, else none. `candidates` are the likeliest passages whether given or not.
    """

    id: str
    hypothesis: str
    label: str
    probabilities: Mapping[str, float]
    evidence: tuple[FoundAnswer, ...]
    candidates: tuple[FoundAnswer, ...]

    @property
    def probability(self) -> float:
        """How likely the label is."""
        return self.probabilities[self.label]
