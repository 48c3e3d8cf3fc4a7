"""A saved search at work: the documents that answer new queries."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from acclimate import bundle, evaluation, models
from acclimate.api.retrieving.index import Index, ranked
from acclimate.api.retrieving.stored import read_documents
from acclimate.api.retrieving.texts import texts_of
from acclimate.api.saved import INDEX
from acclimate.api.saved_run import SavedRun
from acclimate.contracts import BundleError, DataError, FoundDocument, OptionError
from acclimate.data import moments_of
from acclimate.plugins import Host

K = 10
_AT_ONCE = 256


class SearchPredictor(SavedRun[models.Embedder, models.TextPreprocessing]):
    """What `load` returns of a run that searches; `index` holds its documents."""

    def __init__(self, folder: Path, host: Host) -> None:
        super().__init__(folder, host, models.Embedder, models.TextPreprocessing)
        search = self.manifest["search"]
        documents = read_documents(folder, self.prepare, count=search["documents"])
        vectors = bundle.read_tensors(folder / INDEX)["vectors"].numpy()
        if vectors.shape != (len(documents), self.model.width) or vectors.dtype != np.float32:
            raise BundleError(
                f"{folder / INDEX} has vectors {list(vectors.shape)}, its documents and model have "
                f"{[len(documents), self.model.width]}.",
                "Restore the run from a copy.",
            )
        weight = float(search["fusion"])
        words = evaluation.BM25(documents.read) if weight else None
        self.index = Index(documents=documents, vectors=vectors, fusion=weight, words=words)

    @property
    def dated(self) -> bool:
        """Whether documents have times, so that a query needs one: nothing later than it is found."""
        return self.index.documents.dated

    def search(self, query: str, k: int = K, *, time: str | None = None) -> tuple[FoundDocument, ...]:
        """Return the `k` documents that fit a query best, the best first.

        Args:
            query: a text.
            k: how many documents at most.
            time: when the query was asked, where documents have times: none that is later is found. "none" searches
                all of them.

        Raises:
            DataError: for an empty query, and without a time where documents have times.
            OptionError: for a `k` below 1, and for a time where documents have none.
        """
        return self.predict([query], k, times=None if time is None else [time])[0]

    def predict(
        self, queries: Sequence[str], k: int = K, *, times: Sequence[str] | None = None
    ) -> list[tuple[FoundDocument, ...]]:
        """Return for each query the `k` documents that fit best; see `search`."""
        if isinstance(queries, str):
            raise DataError("predict takes a list, found a single query.", "Write search(query).")
        if isinstance(k, bool) or not isinstance(k, int) or k < 1:
            raise OptionError(f"k is a whole number above 0, found {k!r}.", f"Leave k out for {K}.")
        read = [self.read(query, str(number)) for number, query in enumerate(queries, 1)]
        limits = self.limits(queries, times)
        found: list[tuple[FoundDocument, ...]] = []
        for start in range(0, len(read), _AT_ONCE):
            some = slice(start, start + _AT_ONCE)
            vectors = self.vectors(read[some])
            scores = self.index.scores(vectors, read[some], None if limits is None else limits[some])
            found += [self._found(row, order) for part in scores for row, order in _zipped(part, k)]
        return found

    def vectors(self, read: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors [texts, width] of texts that are prepared already."""
        with TemporaryDirectory(prefix="acclimate-") as folder:
            examples = texts_of(read, self.preprocessing, Path(folder) / "texts.tokens")
            return models.current_features(self.model, examples, precision=self.precision)

    def limits(self, queries: Sequence[str], times: Sequence[str] | None) -> NDArray[np.float64] | None:
        """Return the time of each query that no document may pass; None where all are searched.

        Raises:
            DataError: when documents have times and queries have none, or their number differs.
            OptionError: when queries have times and documents have none.
        """
        if times is None and self.dated:
            raise DataError(
                "The documents have times, and a query without one would find later documents too.",
                "Give the time of the query: time='2020-05-31'; time='none' searches all documents.",
            )
        if times is None:
            return None
        if not self.dated:
            raise OptionError("The documents of this run have no times.", "Leave the time out.")
        if len(times) != len(queries):
            raise DataError(f"There are {len(queries):,} queries and {len(times):,} times.", "Give each query one.")
        asked = [time for time in times if time != "none"]
        moments = iter(moments_of(self.index.documents.times, asked)[1])
        return np.array([np.inf if time == "none" else next(moments) for time in times])

    def read(self, query: str, name: str) -> str:
        """Return a query as the model reads it.

        Raises:
            DataError: when nothing is left of it; it gives the query's `name`.
        """
        read = self.prepare(query) if self.prepare and isinstance(query, str) else query
        if not isinstance(read, str) or not read.strip():
            raise DataError(f"Query {name} is empty or no text: {query!r}.", "Give each query as words.")
        return read

    def _found(self, scores: NDArray[np.float64], order: Sequence[int]) -> tuple[FoundDocument, ...]:
        documents = self.index.documents
        return tuple(
            FoundDocument(
                id=documents.ids[place],
                text=documents.texts[place],
                score=float(scores[place]),
                time=documents.times[place],
            )
            for place in order
        )


def _zipped(scores: NDArray[np.float64], k: int) -> Iterator[tuple[NDArray[np.float64], list[int]]]:
    return zip(scores, ranked(scores, k), strict=True)


def load(folder: Path, host: Host) -> SearchPredictor:
    """Return a saved run that searches, ready to."""
    return SearchPredictor(folder, host)
