"""Texts with hypotheses: read, checked, dealt to parts as whole texts, and divided into passages and windows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from acclimate import data, models
from acclimate.api import inputs, long_texts
from acclimate.api.passages.dividing import Place, Prepare, examples, places_of
from acclimate.contracts import DataError, Finding, LabelNames, Preset

if TYPE_CHECKING:
    import datasets

_KNOWN = 200
NEITHER = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The hypotheses of a part, one text after the other: ids, words, texts by number, labels, and passages.

    `truth` [hypotheses] are places of labels, `groups` those of the texts, or the texts themselves; `places` are the
    passages of each text; `evidence` says of each hypothesis which passages of its text are evidence, and `known`
    whether that was said at all.
    """

    ids: list[str]
    hypotheses: list[str]
    of_text: list[int]
    texts: list[str]
    groups: list[str]
    truth: NDArray[np.int64]
    places: list[tuple[Place, ...]]
    evidence: list[NDArray[np.bool_]]
    known: list[bool]


def names_of(preset: Preset) -> LabelNames:
    """Return the names of entailment, contradiction and neither, which every preset of the task has."""
    assert preset.labels is not None
    return preset.labels


def hypotheses_of(rows: "datasets.Dataset") -> list[data.Hypotheses]:
    """Return what is asked of each text."""
    return [data.load_hypotheses(text) for text in rows[data.HYPOTHESES][:]]


def _check_asked(rows: "datasets.Dataset", source: str) -> None:
    if not any(each.asked for each in hypotheses_of(rows)):
        raise DataError(f"None of the {len(rows):,} texts of {source} has a hypothesis.", "Ask some of them.")


READ = long_texts.MarkedTexts(
    marks=data.HYPOTHESES,
    shaped=lambda loader, columns, preset: data.with_hypotheses(loader, columns, names_of(preset)),
    check=_check_asked,
)


def judged(
    part: inputs.Part, prepare: Prepare, preprocessing: models.EntailPreprocessing, names: LabelNames
) -> Judged:
    """Return the hypotheses of a part with their labels and evidence.

    Where nothing was said of the evidence and a text is one passage, that is the evidence.

    Raises:
        DataError: for evidence that lies in no passage.
    """
    rows = hypotheses_of(part.rows)
    texts = inputs.prepared_texts(part.rows, prepare)
    places = [places_of(text, row.passages, preprocessing) for text, row in zip(texts, rows, strict=True)]
    groups = part.groups or part.ids
    asked = [(number, each) for number, row in enumerate(rows) for each in row.asked]
    truth = np.array([names.order.index(each.label) for _, each in asked], dtype=np.int64)
    evidence = [
        _marks(each, places[number], asserted=label != NEITHER)
        for (number, each), label in zip(asked, truth, strict=True)
    ]
    return Judged(
        ids=[f"{part.ids[number]}:{each.id}" for number, each in asked],
        hypotheses=[each.text for _, each in asked],
        of_text=[number for number, _ in asked],
        texts=texts,
        groups=[groups[number] for number, _ in asked],
        truth=truth,
        places=places,
        evidence=evidence,
        known=[bool(marks.any()) or label == NEITHER for marks, label in zip(evidence, truth, strict=True)],
    )


def of_part(part: inputs.Part, own: Judged, preprocessing: models.EntailPreprocessing) -> models.EntailExamples:
    """Return the texts of a part with its hypotheses, and what each passage says to each."""
    truths = [
        np.where(mark, label, NEITHER if known else models.NOT_LEARNED).astype(np.int64)
        for mark, label, known in zip(own.evidence, own.truth, own.known, strict=True)
    ]
    return examples(own.texts, own.places, own.of_text, own.hypotheses, truths, part.ids, preprocessing)


def known_hypotheses(own: Judged) -> list[str]:
    """Return the hypotheses that many texts were asked, so that any can be; none of others."""
    known = list(dict.fromkeys(own.hypotheses))
    return known if len(known) <= _KNOWN and 2 * len(known) <= len(own.hypotheses) else []


def check_taught(own: Judged) -> tuple[Finding, ...]:
    """Say how many training hypotheses teach nothing, since it is not known where their texts say it.

    Raises:
        DataError: where no training hypothesis has evidence.
    """
    if not any(mark.any() for mark in own.evidence):
        raise DataError(
            f"None of the {len(own.ids):,} training hypotheses has evidence, so that nothing shows which passages "
            "speak for or against it.",
            "Mark the evidence of some as offsets in the text, or give texts of one passage.",
        )
    left = sum(not known for known in own.known)
    if not left:
        return ()
    message = f"{left:,} of {len(own.ids):,} training hypotheses have no evidence marked, and teach nothing."
    return (Finding(code="evidence-unknown", message=message),)


def _marks(each: data.Hypothesis, places: Sequence[Place], *, asserted: bool) -> NDArray[np.bool_]:
    """Return which passages share characters with the evidence of a hypothesis."""
    if asserted and not each.evidence:
        return np.full(len(places), len(places) == 1)
    found = np.array(
        [any(start < last and end > first for first, last in each.evidence) for start, end in places], dtype=bool
    )
    if each.evidence and not found.any():
        raise DataError(
            f"The evidence of hypothesis {each.id} at {each.evidence[0]} lies in no passage of its text.",
            "Let passages cover it, or leave them out.",
        )
    return found
