"""Passages of a text and how near each is to a question: what a search for the same words finds as answers."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

_BREAK = re.compile(r"(?<=[.;:?!])\s+|\n\s*")
_COUNT = 20


def passages_of(text: str) -> list[tuple[int, int]]:
    """Return where sentences and lines of a text begin and end, without the white space around them."""
    found, start = [], 0
    for match in [*_BREAK.finditer(text), None]:
        stop = match.start() if match else len(text)
        inner = text[start:stop]
        if inner.strip():
            found.append((start + len(inner) - len(inner.lstrip()), start + len(inner.rstrip())))
        start = match.end() if match else stop
    return found


class PassageSearch:
    """Finds the passages whose words are nearest to a question and to the answers it had in training texts (TF-IDF).

    `answers` are the training answers by question; words are weighted as in the training texts.
    """

    def __init__(self, texts: Sequence[str], answers: Mapping[str, Sequence[str]]) -> None:
        passages = [text[start:end] for text in texts for start, end in passages_of(text)]
        self.weights = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2)).fit(passages)
        self.answers = answers
        self._asked: dict[str, np.ndarray] = {}

    def find(self, text: str, questions: Sequence[str]) -> list[list[tuple[int, int, float]]]:
        """Return of each question the nearest passages (start, end, cosine), the nearest first."""
        places = passages_of(text)
        found = []
        for near in self.nearness(text, places, questions):
            order = np.argsort(-near, kind="stable")[:_COUNT]
            found.append([(*places[place], float(near[place])) for place in order if near[place] > 0])
        return found

    def nearness(
        self, text: str, places: Sequence[tuple[int, int]], questions: Sequence[str]
    ) -> list[NDArray[np.float64]]:
        """Return of each question the cosines [places] of passages of a text."""
        passages = self.weights.transform([text[start:end] for start, end in places])
        return [np.asarray(passages @ self._of_question(question)).ravel() for question in questions]

    def _of_question(self, question: str) -> np.ndarray:
        """Return the direction of a question and its training answers, [words]."""
        if question not in self._asked:
            rows = self.weights.transform([question, *self.answers.get(question, ())])
            mean = np.asarray(rows.mean(axis=0)).ravel()
            self._asked[question] = mean / (np.linalg.norm(mean) or 1.0)
        return self._asked[question]
