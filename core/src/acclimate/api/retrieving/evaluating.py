"""A saved search, measured on new pairs."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from acclimate import data, evaluation
from acclimate.api.clock import Clock
from acclimate.api.evaluate_modules import named_by_run
from acclimate.api.manifest import read_with
from acclimate.api.report_fields import of_saved, reviewed
from acclimate.api.request import find_preset, split_options
from acclimate.api.retrieving import rows, scoring
from acclimate.api.retrieving.asking import check_options
from acclimate.api.retrieving.predictor import SearchPredictor, load
from acclimate.contracts import DataError, OptionError, Report
from acclimate.plugins import Host

_OF_TRAINING = ("corpus", "hard_negatives", "rows_at_once")
_SHOWN = 10


def evaluate(host: Host, folder: Path, source: str, options: Mapping[str, Any]) -> Report:
    """Return the report of a saved run on new pairs, whose documents must be among those that it searches.

    Raises:
        DataError: for a document that the run does not have.
        OptionError: for what was decided when the run was made, or is for labels.
        AcclimateError: for a run or rows that cannot be used.
    """
    clock = Clock()
    check_options(options)
    decided = [name for name in _OF_TRAINING if options.get(name)]
    decided += ["fusion"] if options.get("fusion", "auto") != "auto" else []
    if decided:
        raise OptionError(f"{decided[0]} was decided when the run was made.", f"Leave {decided[0]} out.")
    columns, settings = split_options(dict(options))
    with TemporaryDirectory(prefix="acclimate-") as temporary:
        with clock.stage("prepare"):
            predictor = load(folder, host)
            preset, owner, name = find_preset(host, predictor.manifest["preset"])
            metrics = scoring.checked(host, owner, settings.metrics or named_by_run(predictor.manifest, folder))
            table = rows.read(
                host,
                owner,
                preset,
                source,
                columns=columns,
                folder=Path(temporary),
                part="test",
                reading=settings.reading,
                saved=read_with(predictor.manifest),
            )
            queries = _asked(predictor, table)
        with clock.stage("evaluate"):
            vectors = predictor.vectors(queries.read)
            index = predictor.index
            words = index.words or evaluation.BM25(index.documents.read)
            tables = {
                "": scoring.rankings(index, queries, vectors),
                "bm25": scoring.word_rankings(index, words, queries),
            }
            measured = scoring.measure(
                host, metrics, tables, queries, index, seed=settings.seed, shown=settings.show_rows
            )
    ids = index.documents.ids
    report = Report(
        **of_saved(folder, predictor.manifest, name, {"test": len(queries.read)}, settings.data_licence, clock),
        metrics=measured.metrics,
        baselines=measured.baselines,
        findings=measured.findings,
        analysis=measured.analysis,
    )
    records = {
        "ids": queries.part.ids,
        "truth": [tuple(ids[document] for document in found) for found in queries.right],
        "predicted": [() if place is None else (ids[place],) for place in measured.first],
        "probabilities": np.zeros((len(queries.read), 0)),
    }
    return reviewed(host, owner, report, records)


def _asked(predictor: SearchPredictor, table: Any) -> scoring.Asked:
    """Return the queries of a table, with the places of their documents in those of the run."""
    collection, _ = data.collect({"test": table}, None, prepare=predictor.prepare, least=1)
    documents = predictor.index.documents
    known = {" ".join(read.split()): place for place, read in enumerate(documents.read)}
    texts = [" ".join(read.split()) for read in collection.documents.read]
    strange = [number for number, text in enumerate(texts) if text not in known]
    if strange:
        shown = ", ".join(repr(collection.documents.texts[number][:60]) for number in strange[:_SHOWN])
        raise DataError(
            f"{len(strange):,} of {len(texts):,} documents are not among the {len(documents):,} that the run "
            f"searches: {shown}.",
            "A run searches the documents it was made with; adapt again with the new ones, or name them as corpus.",
        )
    times = None
    if predictor.dated:
        if "time" not in collection.queries.column_names:
            raise DataError("The documents of the run have times, and the queries have none.", "Name the time.")
        times = predictor.limits(collection.queries["read"][:], collection.queries["time"][:])
    members = range(len(collection.right))
    part = rows.as_part("test", collection, members, collection.ties(by_document=True))
    return scoring.Asked(
        part=part,
        texts=collection.queries["text"][:],
        read=collection.queries["read"][:],
        right=[tuple(sorted(known[texts[document]] for document in found)) for found in collection.right],
        moments=times,
    )
