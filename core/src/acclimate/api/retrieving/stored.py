"""The documents of a saved run: one JSON object on each line, in the order of their vectors."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from acclimate.contracts import BundleError
from acclimate.data import Documents, moments_of

FILE = "documents.jsonl"


def documents_text(documents: Documents) -> str:
    """Return documents as JSON Lines: id, text, and time where they have one."""
    rows = zip(documents.ids, documents.texts, documents.times, strict=True)
    lines = ({"id": id, "text": text, **({"time": time} if time else {})} for id, text, time in rows)
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def read_documents(folder: Path, prepare: Callable[[str], str] | None, *, count: int) -> Documents:
    """Return the documents of a saved run.

    Raises:
        BundleError: when there are not as many as its manifest says, or a line is none of its own.
    """
    file = folder / FILE
    try:
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line]
        ids, texts = tuple(str(row["id"]) for row in rows), tuple(str(row["text"]) for row in rows)
        times = tuple(str(row.get("time", "")) for row in rows)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BundleError(f"{file} cannot be read: {error}.", "Restore the run from a copy.") from error
    if len(rows) != count:
        raise BundleError(f"{file} has {len(rows):,} documents, its manifest says {count:,}.", "Restore the run.")
    read = prepare or str
    dated = any(times)
    return Documents(
        ids=ids,
        texts=texts,
        read=tuple(read(text) for text in texts),
        times=times,
        moments=moments_of(times, ())[0] if dated else np.full(len(ids), -np.inf),
    )
