"""Texts with summaries: read, checked, dealt to parts as whole texts, and divided into sentences and windows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acclimate import data, evaluation, models
from acclimate.api import inputs, long_texts
from acclimate.api.passages.dividing import Place, Prepare, examples, places_of
from acclimate.contracts import DataError, Finding

# Sentences are compared with one thing, and may be in the summary or not.
ASKED = "What a summary of this text says."
IN, NOT = "summary", "other"
LABELS = (IN, NOT)
MOST = 10  # sentences of a summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Summarised:
    """The texts of a part: ids, words, groups, the places of sentences, and what people wrote of them.

    `best` says which sentences [sentences] say most of what was written, at most `MOST`.
    """

    ids: list[str]
    texts: list[str]
    groups: list[str]
    places: list[tuple[Place, ...]]
    references: list[evaluation.Reference]
    best: list[NDArray[np.bool_]]

    def sentences(self, row: int) -> list[str]:
        """Return the sentences of a text."""
        return sentences_of(self.texts[row], self.places[row])


def sentences_of(text: str, places: Sequence[Place]) -> list[str]:
    """Return the sentences at some places of a text, each on one line."""
    return [" ".join(text[start:end].split()) for start, end in places]


READ = long_texts.MarkedTexts(
    marks=data.SUMMARY, shaped=lambda loader, columns, _: data.with_summaries(loader, columns)
)


def summarised(part: inputs.Part, prepare: Prepare, preprocessing: models.EntailPreprocessing) -> Summarised:
    """Return the texts of a part in sentences with the best of them.

    Raises:
        DataError: for a text without a word.
    """
    texts = inputs.prepared_texts(part.rows, prepare)
    places = [places_of(text, None, preprocessing) for text in texts]
    written = part.rows[data.SUMMARY][:]
    best = []
    for text, own, reference in zip(texts, places, written, strict=True):
        marks = np.zeros(len(own), dtype=bool)
        marks[evaluation.best_sentences(reference, sentences_of(text, own), most=MOST)] = True
        best.append(marks)
    return Summarised(
        ids=list(part.ids),
        texts=texts,
        groups=list(part.groups or part.ids),
        places=places,
        references=[evaluation.Reference.of(reference, text) for reference, text in zip(written, texts, strict=True)],
        best=best,
    )


def examples_of(
    texts: Sequence[str],
    places: Sequence[tuple[Place, ...]],
    best: Sequence[NDArray[np.bool_]] | None,
    ids: Sequence[str],
    preprocessing: models.EntailPreprocessing,
) -> models.EntailExamples:
    """Return texts as a model reads them, and which label each sentence has, where the best ones are known."""
    count = len(texts)
    truths = (
        [None] * count
        if best is None
        else [np.where(marks, LABELS.index(IN), LABELS.index(NOT)).astype(np.int64) for marks in best]
    )
    return examples(texts, places, range(count), [ASKED] * count, truths, ids, preprocessing)


def check_taught(own: Summarised) -> tuple[Finding, ...]:
    """Say how many training summaries share no word with their text.

    Raises:
        DataError: where none does.
    """
    strange = sum(not marks.any() for marks in own.best)
    if strange == len(own.best):
        raise DataError(
            f"None of the {strange:,} training summaries shares a word with a sentence of its text, so that nothing "
            "shows which sentences to pick.",
            "Give summaries in the language and the words of the texts.",
        )
    if not strange:
        return ()
    message = f"{strange:,} of {len(own.best):,} training summaries share no word with their text."
    return (Finding(code="summaries-apart", message=message),)
