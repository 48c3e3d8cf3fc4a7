"""A saved run at work: the spans of new texts."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from acclimate import models
from acclimate.api.saved_run import SavedRun
from acclimate.api.tagging.predicting import found_in
from acclimate.contracts import DataError, PredictedSpan, SpanPrediction
from acclimate.plugins import Host

Columns = Callable[[str, str], Mapping[str, str]]


class SpanPredictor(SavedRun[models.Tagger, models.TagPreprocessing]):
    """What `load` returns of a run that finds spans; `labels` are those that spans may have.

    `span_columns` are the names of what the preset tells of a span besides.
    """

    def __init__(self, folder: Path, host: Host) -> None:
        super().__init__(folder, host, models.Tagger, models.TagPreprocessing)
        self.labels: tuple[str, ...] = self.model.labels
        self.outside = float(self.manifest["spans"]["outside"])
        self._columns: Columns | None = host.load_reference(self.manifest["spans"]["columns"])
        self.span_columns: tuple[str, ...] = tuple(self.manifest["spans"]["told"])

    def predict(self, texts: Sequence[str]) -> list[SpanPrediction]:
        """Return the spans of each text, of any length, with offsets in its characters.

        Raises:
            DataError: for a single text instead of a list, and for what is no text or an empty one.
        """
        if isinstance(texts, str):
            raise DataError("predict takes a list, found a single text.", "Write predict([text]).")
        strange = [place for place, text in enumerate(texts, 1) if not isinstance(text, str) or not text.strip()]
        if strange:
            raise DataError(
                f"{len(strange):,} of {len(texts):,} texts are empty or no text: number {strange[0]} is "
                f"{texts[strange[0] - 1]!r}.",
                "Leave them out.",
            )
        if not texts:
            return []
        examples = self.examples(texts)
        logits = models.unit_values(self.model, examples, precision=self.precision)
        found = found_in(examples, logits, self.labels, self.outside)
        return [
            SpanPrediction(spans=tuple(self._span(text, *span) for span in spans))
            for text, spans in zip(texts, found, strict=True)
        ]

    def examples(self, texts: Sequence[str]) -> models.TagExamples:
        """Return texts as model inputs."""
        names = [str(number) for number in range(len(texts))]
        prepared = [self.prepare(text) if self.prepare else text for text in texts]
        divided = [self.preprocessing.divide(text) for text in prepared]
        return models.TagExamples(divided, names, names, preprocessing=self.preprocessing)

    def _span(self, text: str, start: int, end: int, label: str, probability: float) -> PredictedSpan:
        words = text[start:end]
        return PredictedSpan(
            start=start,
            end=end,
            label=label,
            text=words,
            probability=probability,
            columns=self._columns(words, label) if self._columns else {},
        )


def load(folder: Path, host: Host) -> SpanPredictor:
    """Return a saved run that finds spans, ready to predict."""
    return SpanPredictor(folder, host)
