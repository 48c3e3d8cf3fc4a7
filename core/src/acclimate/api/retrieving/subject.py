"""What is adapted to a search, and what every stage asks of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acclimate import data, models, training
from acclimate.api.inputs import Part
from acclimate.contracts import Backbone, Method, Settings
from acclimate.models import Embedder, ResolvedEmbedder, TextExamples

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """The SHA-256 of what a part holds: each query with the documents that answer it, and all documents at last."""

    fingerprints: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """Unit vectors of all queries [queries, width] and of all documents [documents, width]."""

    queries: Vectors
    documents: Vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSubject:
    """What is adapted: the model, what it reads, what the method adds, and where checkpoints and features are kept.

    `texts` are all queries, then all documents. `members` are the queries of each part by their place in the
    collection, `parts` the same as rows.
    """

    resolved: ResolvedEmbedder
    backbone: Backbone
    method: Method
    install: Callable[[Embedder, Mapping[str, Any]], None] | None
    prepare: Callable[[str], str] | None
    collection: data.Collection
    members: Mapping[str, Sequence[int]]
    parts: Mapping[str, Part]
    examples: Mapping[str, Contents]
    texts: TextExamples
    settings: Settings
    cache: Path
    checkpoint: Path | None
    shown: bool

    @property
    def model(self) -> Embedder:
        """The model that is adapted in place."""
        return self.resolved.model

    @property
    def count(self) -> int:
        """The number of queries."""
        return len(self.collection.right)


def encoded_before(subject: SearchSubject, precision: str) -> Encoded:
    """Return the vectors of all texts by the backbone as it was pretrained; the cache holds them then."""
    resolved = subject.resolved
    with training.bar("vectors of all texts", len(subject.texts), "text", shown=subject.shown) as bar:
        found = models.features(
            subject.model,
            subject.texts,
            cache=subject.cache,
            key=(resolved.weights, resolved.preprocessing.hash, subject.model.pooling, "unit vectors"),
            precision=precision,
            progress=bar.update,
        )
    return Encoded(queries=found[: subject.count], documents=found[subject.count :])


def encoded_now(subject: SearchSubject, rows: Sequence[int], precision: str) -> Vectors:
    """Return the vectors [rows, width] of some texts by the model as it is now."""
    return models.current_features(subject.model, models.Subset(subject.texts, rows), precision=precision)
