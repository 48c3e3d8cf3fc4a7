"""A model measured on the test texts: how well it answers, question by question, and where it answers worst."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from acclimate import data, evaluation
from acclimate.api import scoring
from acclimate.api.answering.deciding import choose_rule
from acclimate.api.answering.predicting import texts_of, truth_of
from acclimate.api.answering.rows import questions_of
from acclimate.api.inputs import Part
from acclimate.api.marked_evaluating import TestedTexts
from acclimate.contracts import Analysis, AskedQuestion, Finding, FoundAnswers, MarkedText, Metric
from acclimate.plugins import Host

NEVER, NEAREST = "never_present", "nearest_passage"
SHOWN, BEFORE, LONGEST, QUESTIONS = 12, 200, 1_500, 100
Given = Sequence[evaluation.GivenAnswers]


def checked(host: Host, owner: str, names: Sequence[str]) -> dict[str, Metric]:
    """Return metrics of answers by name.

    Raises:
        OptionError: for one that is not for answers.
    """
    return scoring.counted_metrics_of(host, owner, names, task="question-answering", of="answers")


def columns(host: Host, metrics: Mapping[str, Metric]) -> dict[str, int]:
    """Return how many columns the statistics of each metric have."""
    one = [evaluation.TrueAnswers(id="", answers=())], [nothing_given()]
    return {name: host.load(metric, "statistics")(*one).shape[1] for name, metric in metrics.items()}


def nothing_given() -> evaluation.GivenAnswers:
    """Return what says that an answer is not present."""
    return evaluation.GivenAnswers(ranked=(), probabilities=(), given=0)


def baselines(parts: Mapping[str, Part]) -> dict[str, Given]:
    """Return the answers of the test questions by saying never, and by a search for passages with the same words.

    How near a passage must be is chosen on the validation texts, as it is for the model.
    """
    train = parts["train"]
    answers: dict[str, list[str]] = {}
    for text, some in zip(train.rows["text"][:], questions_of(train.rows), strict=True):
        for each in some:
            answers.setdefault(each.text, []).extend(text[start:end] for start, end in each.answers)
    search = evaluation.PassageSearch(train.rows["text"][:], answers)

    def found(part: Part) -> list[list[tuple[int, int, float]]]:
        pairs = zip(part.rows["text"][:], questions_of(part.rows), strict=True)
        return [each for text, some in pairs for each in search.find(text, [question.text for question in some])]

    own, test = questions_of(parts["validation"].rows), questions_of(parts["test"].rows)
    validation = parts["validation"]
    rule, _ = choose_rule(texts_of(validation, own), truth_of(validation, own), found(validation))
    texts = texts_of(parts["test"], test)
    nearest = [rule.apply(text, each) for text, each in zip(texts, found(parts["test"]), strict=True)]
    return {NEVER: [nothing_given()] * len(texts), NEAREST: nearest}


def measure(
    host: Host,
    part: Part,
    given: Given,
    metrics: Mapping[str, Metric],
    *,
    about: FoundAnswers,
    others: Mapping[str, Given],
    seed: int,
    shown: bool,
) -> TestedTexts:
    """Return what the questions of a part say of the answers given to them.

    `about` tells how they were made, `others` are those of baselines; `shown` puts the texts with most wrong answers
    into the analysis. Intervals are by bootstrap over whole texts, or over the groups that they are in.
    """
    questions = questions_of(part.rows)
    asked = [each for some in questions for each in some]
    truth = truth_of(part, questions)
    names = part.groups or part.ids
    groups = [name for name, some in zip(names, questions, strict=True) for _ in some]
    functions = {name: host.load(metric) for name, metric in metrics.items()}
    statistics, scored = {}, {}
    for who, answers in {"": given, **others}.items():
        counted = {name: host.load(metric, "statistics")(truth, answers) for name, metric in metrics.items()}
        scored[who] = evaluation.score_statistics(counted, functions, groups=groups, seed=seed)
        if not who:
            statistics = counted
    values = scored.pop("")
    first = next(iter(metrics))
    found = replace(
        about,
        by_question=_by_question(asked, truth, given),
        worst=_worst(part, questions, truth, given) if shown else (),
    )
    present = np.array([int(bool(each.answers)) for each in truth], dtype=np.int64)
    return TestedTexts(
        metrics=values,
        baselines=scored,
        analysis=Analysis(answers=found),
        findings=(
            *_few(part, present),
            *evaluation.compare(
                {first: values[first]},
                {name: {first: each[first]} for name, each in scored.items()},
                better={first: metrics[first].better},
            ),
        ),
        test_rows=evaluation.ScoredRows(
            ids=[each.id for each in asked],
            truth=present,
            groups=groups,
            scores=np.concatenate(list(statistics.values()), axis=1),
        ),
        records={
            "ids": [each.id for each in asked],
            "truth": [[answer[:2] for answer in each.answers] for each in truth],
            "predicted": [[answer[:2] for answer in each.ranked[: each.given]] for each in given],
            "texts": texts_of(part, questions),
        },
    )


def _few(part: Part, present: NDArray[np.int64]) -> tuple[Finding, ...]:
    texts = len(set(part.groups or part.ids))
    if texts >= evaluation.FEW_ROWS and present.sum() >= evaluation.FEW_ROWS:
        return ()
    message = f"The test has {texts:,} texts or groups of them, and {int(present.sum()):,} questions with an answer: "
    message += "the intervals are wide."
    return (Finding(code="few-test-rows", message=message),)


def _by_question(
    asked: Sequence[data.Question], truth: Sequence[evaluation.TrueAnswers], given: Given
) -> dict[str, AskedQuestion]:
    """Return the counts of each question by its words, where it is asked of several texts."""
    places: dict[str, list[int]] = {}
    for place, each in enumerate(asked):
        places.setdefault(each.text, []).append(place)
    if len(places) > QUESTIONS or 2 * len(places) > len(asked):
        return {}
    found = {}
    for text, own in places.items():
        rows = evaluation.given_statistics([truth[place] for place in own], [given[place] for place in own])
        right, all_given, true = rows.sum(axis=0).astype(int).tolist()
        present = sum(bool(truth[place].answers) for place in own)
        found[text] = AskedQuestion(texts=len(own), present=present, true=true, found=right, given=all_given)
    return found


def _worst(
    part: Part,
    questions: Sequence[tuple[data.Question, ...]],
    truth: Sequence[evaluation.TrueAnswers],
    given: Given,
) -> tuple[MarkedText, ...]:
    """Return the questions with most answers wrong or missed, each with the place in its text where that begins."""
    counts = evaluation.given_statistics(truth, given)
    wrong = counts[:, 1] + counts[:, 2] - 2 * counts[:, 0]
    rows = [int(row) for row in (-wrong).argsort(kind="stable")[:SHOWN] if wrong[row]]
    asked = [each for some in questions for each in some]
    texts = texts_of(part, questions)
    return tuple(
        marked(
            f"{asked[row].id}: {asked[row].text}",
            texts[row],
            sorted((start, end) for start, end, _ in truth[row].answers),
            sorted((start, end) for start, end, _ in given[row].ranked[: given[row].given]),
        )
        for row in rows
    )


def marked(
    id: str, text: str, true: Sequence[tuple[int, int]], given: Sequence[tuple[int, int]], word: str = "answer"
) -> MarkedText:
    """Return a text from a little before the first place that is true or given; each is marked with a word."""
    first = min(start for start, _ in {*true, *given})
    begin = max(0, first - BEFORE)
    end = min(len(text), begin + LONGEST)

    def inside(places: Sequence[tuple[int, int]]) -> tuple[tuple[int, int, str], ...]:
        kept: list[tuple[int, int, str]] = []
        for start, stop in places:
            if start >= begin and stop <= end and (not kept or start - begin >= kept[-1][1]):
                kept.append((start - begin, stop - begin, word))
        return tuple(kept)

    return MarkedText(id=id, text=text[begin:end], true=inside(true), given=inside(given))
