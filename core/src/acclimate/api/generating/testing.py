"""A model measured on the test rows: how likely it finds their answers, and what it answers itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from acclimate import data, evaluation, models, training
from acclimate.api.generating.scoring import Floats, WrittenAnswers
from acclimate.api.inputs import Part
from acclimate.contracts import Chat, DataError, Forgetting, Score
from acclimate.models import ChatExamples, ChatPreprocessing, LanguageModel, Writing

AT_ONCE = 8
_SHORTEST, _LONGEST = 16, 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What test rows say of a model: sums and tokens of losses [rows, 2], what it wrote, losses of general texts."""

    losses: Floats
    answers: WrittenAnswers | None
    general: Floats | None = None


def answer_limit(asked: int | None, examples: ChatExamples) -> int:
    """Return the most tokens of an answer: as asked, or twice those that any training row teaches, 16 to 512."""
    return asked or min(max(2 * examples.longest_answers, _SHORTEST), _LONGEST)


def measure(
    model: LanguageModel,
    preprocessing: ChatPreprocessing,
    examples: ChatExamples,
    chats: Sequence[Chat],
    writing: Writing,
    *,
    precision: str,
    places: Sequence[int],
    general: ChatExamples | None,
    title: str,
    shown: bool,
) -> Measured:
    """Return what a model makes of test rows, and its answers to the last questions of those at `places`."""
    model.to(training.device())
    with training.bar(f"loss of {title}", len(examples), "row", shown=shown) as bar:
        losses = models.chat_losses(model, examples, precision=precision, progress=bar.update)
    answers = None
    if places:
        with training.bar(f"answers of {title}", len(places), "row", shown=shown) as bar:
            answers = _answered(model, preprocessing, chats, places, writing, bar.update)
    lost = None if general is None else models.chat_losses(model, general, precision=precision)
    return Measured(losses=losses, answers=answers, general=lost)


def drawn(count: int, rows: int, seed: int) -> tuple[int, ...]:
    """Return the places of at most `count` rows, drawn from all."""
    found = np.random.default_rng(seed).permutation(rows)[:count]
    return tuple(sorted(int(place) for place in found))


def _answered(
    model: LanguageModel,
    preprocessing: ChatPreprocessing,
    chats: Sequence[Chat],
    places: Sequence[int],
    writing: Writing,
    progress: Callable[[int], object],
) -> WrittenAnswers:
    context = models.context_of(model)
    prompts = {place: preprocessing.prompt(chats[place][:-1]) for place in places}
    fitting = [place for place in places if context is None or len(prompts[place]) < context]
    written: dict[int, models.Written] = {}
    ordered = sorted(fitting, key=lambda place: -len(prompts[place]))
    for start in range(0, len(ordered), AT_ONCE):
        some = ordered[start : start + AT_ONCE]
        found = models.write(model, [prompts[place] for place in some], writing)
        written.update(zip(some, found, strict=True))
        progress(len(some))
    return WrittenAnswers(
        places=tuple(fitting),
        expected=tuple(expected_answer(chats[place], preprocessing.template.system) for place in fitting),
        written=tuple(preprocessing.text(written[place].ids).strip() for place in fitting),
        stopped=tuple(written[place].stopped for place in fitting),
    )


def expected_answer(chat: Chat, system: str) -> evaluation.Reference:
    """Return the last answer of a chat, which knows what stands before it: `system` where the chat brings none."""
    before = [turn.content for turn in chat[:-1]]
    given = before if chat[0].role == "system" else [system, *before]
    return evaluation.Reference.of(chat[-1].content, "\n".join(given))


def records(part: Part, chats: Sequence[Chat], measured: Measured) -> Mapping[str, Any]:
    """Return the answered test rows as `review_report` receives them: ids, chats, true and written answers, ends."""
    answers = measured.answers or WrittenAnswers(places=(), expected=(), written=(), stopped=())
    return {
        "ids": [part.ids[place] for place in answers.places],
        "chats": [tuple(chats[place]) for place in answers.places],
        "truth": list(answers.expected),
        "predicted": list(answers.written),
        "stopped": list(answers.stopped),
    }


def general_examples(file: str, preprocessing: ChatPreprocessing) -> ChatExamples | None:
    """Return general texts as rows in which every token but the first is learned; None without a file.

    Raises:
        DataError: when the file has no text.
    """
    if not file:
        return None
    texts = _texts(Path(file))
    ids, _ = preprocessing.encode(texts)
    rows = [
        (models.SupervisedRow(ids=tuple(row), supervised=(False, *[True] * (len(row) - 1)), prefix=0),)
        for row in ids
        if len(row) > 1
    ]
    if not rows:
        raise DataError(f"{file} holds no text of two tokens or more.", "Name a file with general texts.")
    names = [str(number) for number in range(len(rows))]
    return ChatExamples(rows, names, names)


def _texts(file: Path) -> list[str]:
    if file.suffix == ".jsonl":
        found = [row.get("text") for row in data.jsonl_rows(str(file))]
        if not all(isinstance(text, str) for text in found):
            raise DataError(f'Not every row of {file.name} has a "text".', "Give each row a text.")
        return [str(text) for text in found if str(text).strip()]
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{file.name} is not UTF-8 text.", "Save it as UTF-8.") from error
    return [part.strip() for part in text.split("\n\n") if part.strip()]


def forgotten(before: Floats | None, after: Floats | None, seed: int) -> Forgetting | None:
    """Return what was forgotten of general texts, from the losses [texts, 2] before and after."""
    if before is None or after is None:
        return None
    tokens = before[:, 1]
    statistics = {
        "before": before,
        "after": after,
        "rise": np.stack([after[:, 0] - before[:, 0], tokens], axis=1),
    }
    found: dict[str, Score] = evaluation.score_statistics(
        statistics, dict.fromkeys(statistics, evaluation.ratio), seed=seed
    )
    return Forgetting(texts=len(before), tokens=int(tokens.sum()), **found)
