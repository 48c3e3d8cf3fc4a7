"""What a report tells of masks, chats, spans and searches beyond its scores."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from acclimate.contracts.scores import Score


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionBand:
    """True regions of similar area, from `smallest` to `largest` pixels.

    `regions` are how many there are, `missed` those of which no pixel was found, `covered` the mean share of their
    pixels that was found.
    """

    smallest: int
    largest: int
    regions: int
    missed: int
    covered: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassMasks:
    """How well one class is segmented on the test images, of which `images` show it and `missed` show it in vain.

    `found` are the images without it that were given some of it, `others` all images without it. A pixel counts from
    the probability `threshold` on, or None where the class is the likeliest, and regions of fewer than
    `minimum_pixels` are dropped. `regions` are the connected regions of the true masks by area, the smallest first.
    """

    images: int
    missed: int
    found: int
    scores: Mapping[str, Score]
    others: int = 0
    threshold: float | None = None
    minimum_pixels: int = 0
    regions: tuple[RegionBand, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """A test image with the outlines of true and predicted masks, as a "data:" address, and its mean Dice."""

    id: str
    dice: float
    image: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Masks:
    """What a report tells of masks: each class by name, and the test images with the lowest Dice."""

    by_class: Mapping[str, ClassMasks]
    worst: tuple[Overlay, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLengths:
    """How long the rows of a part are in tokens, before anything was cut: its median, 95th percentile and maximum.

    `too_long` rows have more than the limit; of all `tokens` and `answers` so many were lost by what was done then,
    and `dropped` rows are left out altogether.
    """

    rows: int
    p50: int
    p95: int
    maximum: int
    too_long: int
    dropped: int
    tokens: int
    tokens_lost: int
    answers: int
    answers_lost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A test row with the answer it holds, the one that the model writes, and the one of the untuned model."""

    id: str
    asked: str
    expected: str
    written: str
    untuned: str = ""
    stopped: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetting:
    """What was forgotten of general text: its cross-entropy in nats a token before and after, and by what it rose."""

    texts: int
    tokens: int
    before: Score
    after: Score
    rise: Score


@dataclass(frozen=True, slots=True, kw_only=True)
class CardScores:
    """How far replies are as a card says, from 0 to 1: those the model wrote before and after, by the paired rise.

    `chosen` and `rejected` are the replies of all rows that the model was to learn from. `card` is the file's name,
    "" where it is the plugin's own.
    """

    card: str
    chosen: Score
    rejected: Score
    before: Score | None = None
    after: Score | None = None
    rise: Score | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What a report tells of preferences: how they were learned, and what became of the length of replies.

    `loss` is "dpo" for pairs, "kto" for single replies. `length_ratio` is how many times as many words the model
    writes as the untuned one, to the same test rows.
    """

    loss: str
    beta: float
    sft_weight: float
    length_ratio: Score | None = None
    card: CardScores | None = None

    def lines(self) -> list[str]:
        """Return what it tells as lines for people."""
        term = f" and {self.sft_weight:g} times the cross-entropy of chosen replies" if self.sft_weight else ""
        lines = [f"learned by {self.loss} with a beta of {self.beta:g}{term}"]
        if self.length_ratio is not None:
            lines.append(f"written replies have {self.length_ratio} times the words of the untuned model's")
        if self.card is not None:
            card = self.card
            lines.append(f"by {card.card or 'the usual card'}: chosen {card.chosen}, rejected {card.rejected}")
            if card.rise is not None:
                lines.append(
                    f"written replies by it: {card.before} before, {card.after} after, a rise of {card.rise}"
                )
        return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """What a report tells of a model that writes: how long its rows are, by part, what it answers, what it forgot.

    No row has more than `limit` tokens, and `supervised` is the share of the training tokens that is learned.
    """

    lengths: Mapping[str, TokenLengths]
    limit: int
    supervised: float
    exchanges: tuple[Exchange, ...] = ()
    forgetting: Forgetting | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSpans:
    """How well the spans of one label are found on the test texts: how many are true, were given, and are right.

    `near` are those given that overlap a true one of the label, one to one.
    """

    true: int
    given: int
    right: int
    near: int
    scores: Mapping[str, Score]


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedText:
    """A test text, or a part of it, with its true spans and those that were given, each (start, end, label)."""

    id: str
    text: str
    true: tuple[tuple[int, int, str], ...]
    given: tuple[tuple[int, int, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSpans:
    """What a report tells of spans: each label by name, and the test texts with most wrong ones.

    `units` are what gets a tag, "words" or "pieces" of them; `outside` is what was added to the logit of no span, as
    validation texts chose, and `outside_share` the share of training units in no span.
    """

    by_label: Mapping[str, LabelSpans]
    units: str
    outside: float
    outside_share: float
    worst: tuple[MarkedText, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedQuestion:
    """How well one question is answered on the test texts that it is asked of.

    `present` of them hold an answer. `true` answers there are, of which `found` are given, among `given` ones that
    are right or wrong.
    """

    texts: int
    present: int
    true: int
    found: int
    given: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAnswers:
    """What a report tells of answers: each question by its words, and the test texts with most wrong answers.

    An answer is given from the probability `threshold` on, as validation texts chose. Texts are read in windows of
    `window` tokens with the question, of which each shares `overlap` or more with the next; no answer has more than
    `longest` tokens. Of the training windows a share `empty_share` holds no answer; `empty_learned` of those are
    learned from, each with the weight `empty_weight`. `by_question` is empty where every text has questions of its
    own.
    """

    by_question: Mapping[str, AskedQuestion]
    threshold: float
    window: int
    overlap: int
    longest: int
    empty_share: float
    empty_learned: int
    empty_weight: float
    worst: tuple[MarkedText, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedHypothesis:
    """How well one hypothesis is judged on the test texts that it is asked of.

    `labels` are how many of the `texts` have each label, `right` how many are told rightly. `evidence_map` is the
    mean average precision of the passages, None where no text has evidence.
    """

    texts: int
    labels: Mapping[str, int]
    right: int
    evidence_map: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedHypotheses:
    """What a report tells of hypotheses: each by its words, and wrong ones with the evidence that is and was given.

    A passage is given as evidence from the probability `threshold` on, as validation texts chose. Texts are read in
    windows of `window` tokens; the test texts have `passages` in all. `by_hypothesis` is empty where every text has
    hypotheses of its own.
    """

    by_hypothesis: Mapping[str, JudgedHypothesis]
    threshold: float
    window: int
    passages: int
    worst: tuple[MarkedText, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SummarisedText:
    """A test text's reference beside the summary that was made, and its first metric."""

    id: str
    reference: str
    given: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Summaries:
    """What a report tells of summaries of `sentences` sentences, as many as validation texts chose.

    The test texts have `passages` sentences in all, read in windows of `window` tokens; they have `text_words` words
    on average, `reference_words` those of what people wrote, `words` those of the summaries made. `ceiling` are the
    scores of the sentences that are best by the reference, which nothing that picks sentences passes by much. `worst`
    are the texts with the lowest first metric.
    """

    sentences: int
    window: int
    passages: int
    text_words: float
    reference_words: float
    words: float
    ceiling: Mapping[str, Score]
    worst: tuple[SummarisedText, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A test query whose right document is not the first: at which `place` it stands, and what stands first.

    `place` is None where no right document was ranked.
    """

    id: str
    query: str
    right: str
    first: str
    place: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a report tells of a search among `documents`.

    `fusion` is the weight of BM25 in the ranking. `gains` are by baseline how much more this model has of the first
    metric, on the same queries. `misses` are the test queries that it answers worst.
    """

    documents: int
    fusion: float
    gains: Mapping[str, Score] = field(default_factory=dict)
    misses: tuple[Miss, ...] = ()
