"""Summaries in the sentences of a text: the best ones by a reference, and those that are picked by their scores."""

from collections import Counter
from collections.abc import Sequence

from acclimate.evaluation.generation import f1_of, sequences_of
from acclimate.evaluation.metrics import Floats

_BLOCK = 3  # words in sequence that no two sentences of a summary share


def best_sentences(reference: str, sentences: Sequence[str], *, most: int) -> list[int]:
    """Return the places of the sentences that together say most of a reference, in their order.

    The one that adds most to the sum of ROUGE-1 and ROUGE-2 F1 is taken until none adds anything, or `most` are
    (Nallapati et al. 2017, "SummaRuNNer"). It is the labelling that extractive models learn from, and near to the
    most that they can reach.
    """
    goals = [sequences_of(reference, n) for n in (1, 2)]
    own = [[sequences_of(each, n) for n in (1, 2)] for each in sentences]
    held = [Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()]
    chosen: list[int] = []
    best = 0.0
    while len(chosen) < most:
        gains = {}
        for place, counts in enumerate(own):
            if place not in chosen and any(word in goals[0] for word in counts[0]):
                gains[place] = sum(_with(*each) for each in zip(held, counts, goals, strict=True))
        place = max(gains, key=lambda each: (gains[each], -each), default=-1)
        if place < 0 or gains[place] <= best:
            break
        best = gains[place]
        chosen.append(place)
        held = [one + other for one, other in zip(held, own[place], strict=True)]
    return sorted(chosen)


def picked_sentences(scores: Sequence[float] | Floats, sentences: Sequence[str], count: int) -> list[int]:
    """Return the places of the `count` sentences with the highest scores, in their order.

    One that shares three words in sequence with a sentence that was picked is passed over (Paulus et al. 2018). Of
    equal scores the first counts more.
    """
    picked: list[int] = []
    said: set[tuple[str, ...]] = set()
    for place in sorted(range(len(sentences)), key=lambda each: (-scores[each], each)):
        own = set(sequences_of(sentences[place], _BLOCK))
        if not own & said:
            picked.append(place)
            said |= own
        if len(picked) == count:
            break
    return sorted(picked)


def _with(held: Counter[tuple[str, ...]], more: Counter[tuple[str, ...]], goal: Counter[tuple[str, ...]]) -> float:
    shared = sum(min(goal[each], held[each] + more[each]) for each in goal)
    return f1_of(shared, held.total() + more.total(), goal.total())
