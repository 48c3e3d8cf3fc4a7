"""A saved run at work: summaries of new texts."""

from collections.abc import Sequence
from pathlib import Path

from acclimate import evaluation, models
from acclimate.api.passages.dividing import Place, places_of
from acclimate.api.saved_run import SavedRun
from acclimate.api.summarising.deciding import SummaryRule
from acclimate.api.summarising.rows import examples_of, sentences_of
from acclimate.contracts import DataError, FoundAnswer, OptionError, SummaryPrediction
from acclimate.plugins import Host


class SummaryPredictor(SavedRun[models.Entailer, models.EntailPreprocessing]):
    """What `load` returns of a run that summarises."""

    def __init__(self, folder: Path, host: Host) -> None:
        super().__init__(folder, host, models.Entailer, models.EntailPreprocessing)
        self.rule = SummaryRule.of_manifest(self.manifest["summaries"])

    def predict(self, texts: Sequence[str], sentences: int | None = None) -> list[SummaryPrediction]:
        """Return a summary of each text, of any length, in sentences of its own with their offsets.

        It has as many sentences as validation texts chose, or `sentences`; fewer where the text has fewer that do
        not repeat each other.

        Raises:
            DataError: for a single text instead of a list, and for what is no text or an empty one.
            OptionError: for less than one sentence.
        """
        if isinstance(texts, str):
            raise DataError("predict takes a list, found a single text.", "Write predict([text]).")
        if sentences is not None and sentences < 1:
            raise OptionError(f"A summary has at least one sentence, found sentences={sentences}.", "Ask for more.")
        strange = [text for text in texts if not isinstance(text, str) or not text.strip()]
        if strange:
            raise DataError(
                f"{len(strange):,} of {len(texts):,} texts are empty or no text, such as {strange[0]!r}.",
                "Leave them out.",
            )
        prepared = [self.prepare(text) if self.prepare else text for text in texts]
        places = [places_of(text, None, self.preprocessing) for text in prepared]
        return [
            SummaryPrediction(text="\n".join(each.text for each in some), sentences=some)
            for some in self.picked(prepared, places, sentences)
        ]

    def picked(
        self, texts: Sequence[str], places: Sequence[tuple[Place, ...]], sentences: int | None = None
    ) -> list[tuple[FoundAnswer, ...]]:
        """Return the sentences of a summary of each prepared text, in their order."""
        if not texts:
            return []
        names = [str(number) for number in range(len(texts))]
        examples = examples_of(texts, places, None, names, self.preprocessing)
        found = []
        all_logits = models.passage_logits(self.model, examples, precision=self.precision)
        for text, own, logits in zip(texts, places, all_logits, strict=True):
            words = sentences_of(text, own)
            sure = self.rule.probabilities(logits, words)
            picked = evaluation.picked_sentences(sure, words, sentences or self.rule.sentences)
            found.append(
                tuple(
                    FoundAnswer(start=own[each][0], end=own[each][1], text=words[each], probability=float(sure[each]))
                    for each in picked
                )
            )
        return found


def load(folder: Path, host: Host) -> SummaryPredictor:
    """Return a saved run that summarises, ready to predict."""
    return SummaryPredictor(folder, host)
