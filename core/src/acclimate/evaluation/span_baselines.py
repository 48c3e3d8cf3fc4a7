"""Spans without a model: what a dictionary of the training spans finds, and what each word mostly was."""

import re
from collections import Counter
from collections.abc import Collection, Sequence

from acclimate.evaluation.spans import Span

_WORD = re.compile(r"\w+|[^\w\s]")


class SpanDictionary:
    """The strings that are a span more often than not where training texts have them, each with its usual label.

    Found are they wherever a text has them on borders of words, letter by letter; the longest first.
    """

    def __init__(self, texts: Sequence[str], spans: Sequence[Collection[Span]]) -> None:
        labels: dict[str, Counter[str]] = {}
        for text, some in zip(texts, spans, strict=True):
            for start, end, label in some:
                labels.setdefault(" ".join(text[start:end].split()), Counter())[label] += 1
        usual = {words: counts.most_common(1)[0] for words, counts in labels.items()}
        self._labels = {words: label for words, (label, _) in usual.items()}
        seen = Counter(words for text in texts for _, _, words in self._places(text))
        self._labels = {words: label for words, (label, count) in usual.items() if 2 * count > seen[words]}

    def find(self, text: str) -> list[Span]:
        """Return the spans of a text."""
        return [(start, end, self._labels[words]) for start, end, words in self._places(text)]

    def _places(self, text: str) -> list[tuple[int, int, str]]:
        """Return where strings of the dictionary stand in a text, none of them inside another."""
        words = [(found.start(), found.end()) for found in _WORD.finditer(text)]
        longest = max((len(_WORD.findall(each)) for each in self._labels), default=0)
        places, at = [], 0
        while at < len(words):
            for count in range(min(longest, len(words) - at), 0, -1):
                start, end = words[at][0], words[at + count - 1][1]
                found = " ".join(text[start:end].split())
                if found in self._labels:
                    places.append((start, end, found))
                    at += count - 1
                    break
            at += 1
        return places


class WordTags:
    """What each word of the training texts was most often: the first of a span, a later one, or in none.

    A word that training texts do not have is in none.
    """

    def __init__(self, texts: Sequence[str], spans: Sequence[Collection[Span]]) -> None:
        counts: dict[str, Counter[tuple[str, bool]]] = {}
        for text, some in zip(texts, spans, strict=True):
            for found in _WORD.finditer(text):
                over = [span for span in some if span[0] < found.end() and span[1] > found.start()]
                tag = (over[0][2], found.start() <= over[0][0]) if over else ("", False)
                counts.setdefault(found[0], Counter())[tag] += 1
        self._tags = {word: count.most_common(1)[0][0] for word, count in counts.items()}

    def find(self, text: str) -> list[Span]:
        """Return the spans of a text."""
        spans: list[Span] = []
        going = False
        for found in _WORD.finditer(text):
            label, begins = self._tags.get(found[0], ("", False))
            if label and going and not begins and spans[-1][2] == label:
                spans[-1] = (spans[-1][0], found.end(), label)
            elif label:
                spans.append((found.start(), found.end(), label))
            going = bool(label)
        return spans
