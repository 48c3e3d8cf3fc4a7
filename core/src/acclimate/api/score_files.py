"""The scores in a file of predictions, or of the rows a run was measured on, read one row at a time."""

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acclimate import bundle, data
from acclimate.api.detecting.deciding import decided_of
from acclimate.api.detecting.writing import TABLE
from acclimate.api.predictor import load_classifier
from acclimate.api.saved import RESULTS, TRUTH
from acclimate.contracts import BundleError, DataError, OptionError, Prediction
from acclimate.plugins import Host

Row = Mapping[str, Any]
_READERS: Mapping[str, data.Reader] = {
    ".csv": data.csv_rows,
    ".jsonl": data.jsonl_rows,
    ".parquet": data.parquet_rows,
}


@dataclass(kw_only=True)
class Scored:
    """What one set of predictions holds; `kind` is "parts" or "labels".

    `decision` names what is counted in `decided`, "rejected" or "flagged", "" where nothing is decided. `classes` are
    all labels of the run, where rows tell them, and `threshold` is that of the run.
    """

    source: str
    kind: str
    values: "array[float]" = field(default_factory=lambda: array("d"))
    rows: int = 0
    unreadable: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    decision: str = ""
    decided: int = 0
    classes: frozenset[str] | None = None
    threshold: float | None = None

    @property
    def scores(self) -> NDArray[np.float64]:
        """The scores [rows] of the rows that have one."""
        return np.frombuffer(self.values, dtype=np.float64)


def read_scores(source: Path, *, positive: str, host: Host) -> Scored:
    """Return the scores of a file of predictions, of the folder that `predict` writes of parts, or of a saved run.

    A run gives those of its test rows; one that inspects parts those of its good ones, as most in production are.

    Raises:
        DataError: when it holds no scores, or rows of more than one run.
        OptionError: for another kind of file, and where `positive` names no label, or has no probability.
        BundleError: when the folder is no run, or a byte of it was changed.
    """
    if (source / bundle.MANIFEST).is_file():
        return _of_run(source, positive, host)
    file = source / TABLE if (source / TABLE).is_file() else source
    if file.suffix not in _READERS:
        raise OptionError(
            f"Predictions are read from {', '.join(_READERS)}, a folder with {TABLE}, or a saved run; "
            f"found {str(source)!r}.",
            "Write them with acclimate predict RUN DATA --output FILE.",
        )
    return _gathered(_READERS[file.suffix](str(file)), str(source), positive)


def _of_run(folder: Path, positive: str, host: Host) -> Scored:
    manifest = bundle.read_manifest(folder)
    tensors = bundle.read_tensors(folder / RESULTS)
    name = f"{folder} (test rows)"
    if manifest["task"] == "anomaly-detection":
        if TRUTH not in tensors:
            raise BundleError(
                f"{folder} does not say which of its test parts are good.",
                "Adapt it again with this release, or compare two files of predictions.",
            )
        good = tensors["test.logits"][:, 0].numpy()[tensors[TRUTH].numpy() == 0]
        limit = decided_of(manifest).threshold
        rows = ({"score": score, "threshold": limit, "rejected": bool(score > limit)} for score in good.tolist())
        return _gathered(rows, f"{folder} (good test parts)", positive)
    predictor = load_classifier(folder, host)
    predictions = predictor.predictions(tensors["test.logits"].double().numpy())
    several = predictor.thresholds is not None
    return _gathered((_row_of(each, several) for each in predictions), name, positive)


def _row_of(prediction: Prediction, several: bool) -> dict[str, Any]:
    row = asdict(prediction)
    if several:
        del row["label"]
    return {name: value for name, value in row.items() if value is not None}


def _gathered(rows: Iterable[Row], source: str, positive: str) -> Scored:
    found: Scored | None = None
    unreadable = 0
    for number, row in enumerate(rows, 1):
        if row.get("error"):
            unreadable += 1
            continue
        where = f"{source} line {row.get('__line__', number)}"
        if found is None:
            found = Scored(source=source, kind=_kind(row, source))
        found.rows += 1
        (_add_part if found.kind == "parts" else _add_label)(found, row, where, positive)
    if found is None:
        raise DataError(f"{source} has no row that could be read.", "Column 'error' says why, where there is one.")
    if not found.values:
        raise DataError(f"No row of {source} has a score.", "Give predictions with scores or probabilities.")
    found.unreadable = unreadable
    return found


def _kind(row: Row, source: str) -> str:
    if "score" in row and "threshold" in row:
        return "parts"
    if ("label" in row or "labels" in row) and ("probability" in row or "probabilities" in row):
        return "labels"
    columns = ", ".join(name for name in row if name != "__line__")
    raise DataError(
        f"{source} has no scores: it has {columns}.",
        "Give what predict writes of parts (score, threshold) or of labels (label, probability).",
    )


def _add_part(found: Scored, row: Row, where: str, positive: str) -> None:
    if positive:
        raise OptionError(f"Parts have no labels, found positive={positive!r}.", "Leave positive out.")
    threshold = _number(row, "threshold", where)
    if found.threshold is None:
        found.threshold = threshold
    if threshold != found.threshold:
        raise DataError(
            f"{where} was decided at {threshold:g}, others at {found.threshold:g}: they are of different runs.",
            "Give predictions of one run.",
        )
    found.values.append(_number(row, "score", where))
    found.decision = "rejected"
    found.decided += _said(row["rejected"])


def _add_label(found: Scored, row: Row, where: str, positive: str) -> None:
    several = "labels" in row and "label" not in row
    names = [row["label"]] if not several else row["labels"]
    found.labels.update(names if not isinstance(names, str) else [each for each in names.split("|") if each])
    if "flagged" in row and row["flagged"] not in (None, ""):
        found.decision = "flagged"
        found.decided += _said(row["flagged"])
    known = row.get("probabilities")
    if isinstance(known, Mapping):
        found.classes = frozenset(known)
    if not positive:
        if several:
            raise OptionError(
                f"Rows of {found.source} carry several labels, each with its probability.",
                "Name the one that is watched: positive (--positive).",
            )
        value = known.get(row["label"]) if isinstance(known, Mapping) else row.get("probability")
        if value not in (None, ""):  # that of being out of scope is not known
            found.values.append(_number({"probability": value}, "probability", where))
        return
    if not isinstance(known, Mapping):
        raise OptionError(
            f"{found.source} has the probability of the given label only, and not that of {positive!r}.",
            "Write predictions to .jsonl or .parquet.",
        )
    if positive not in known:
        raise OptionError(f"No label is called {positive!r}; there are {', '.join(sorted(known))}.", "Name one.")
    found.values.append(_number(known, positive, where))


def _said(value: Any) -> bool:
    return value is True or str(value).lower() == "true"


def _number(row: Row, name: str, where: str) -> float:
    try:
        value = float(row[name])
    except (KeyError, TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f"{where} has {name} {row.get(name)!r}, and a number was expected.", "Write the file anew.")
    return value
