"""What has to hold between the labels and ids of loaded tables before anything is trained."""

from collections import Counter
from collections.abc import Mapping, Sequence

from datasets import Dataset

from acclimate.contracts import GOOD_NAMES, DataError, did_you_mean
from acclimate.data.cells import Tally, place
from acclimate.data.labels import is_multilabel, label_sets

_SHOWN = 10


def check_classes(rows: Dataset, *, what: str = "training data") -> None:
    """Pass when there are two classes or more, each with two rows or more.

    Where rows may carry several labels, pass when some label is on some rows and not on others.

    Raises:
        DataError: otherwise; it names the class or classes.
    """
    if is_multilabel(rows):
        _check_sets(rows, what)
        return
    counts = Counter(rows["label"][:])
    if len(counts) < 2:
        only = next(iter(counts), "")
        raise DataError(
            f"The {what} has only one class: all {len(rows):,} rows are {only!r}.",
            "At least two classes are needed; check which column holds the label."
            + (" Good parts alone are for a preset of anomaly-detection." if only.casefold() in GOOD_NAMES else ""),
        )
    single = sorted(label for label, count in counts.items() if count == 1)
    if single:
        raise DataError(
            f"{len(single):,} of {len(counts):,} classes of the {what} have a single row: {_listed(single)}.",
            _advice(single),
        )


def _check_sets(rows: Dataset, what: str) -> None:
    sets = {tuple(sorted(names)) for names in label_sets(rows)}
    if len(sets) < 2:
        only = ", ".join(repr(name) for name in next(iter(sets), ())) or "no label"
        raise DataError(
            f"The {what} has nothing to tell apart: all {len(rows):,} rows have {only}.",
            "Some rows must carry a label that others do not; check which column holds the labels.",
        )


def check_trained(train: Dataset, labels: Sequence[str], whole: Dataset) -> None:
    """Pass when every label is on some row of `train`, which is a part of `whole`.

    Raises:
        DataError: otherwise; it names the labels with how many rows of all carry them.
    """
    trained = {label for names in label_sets(train) for label in names}
    missed = [label for label in labels if label not in trained]
    if missed:
        counts = Counter(label for names in label_sets(whole) for label in names)
        named = ", ".join(f"{label!r} ({counts[label]})" for label in missed[:_SHOWN])
        raise DataError(
            f"{len(missed):,} of {len(labels):,} labels are on no training row (in brackets, rows of all parts that "
            f"have it): {named}{_rest(missed)}.",
            "Add rows with these labels, or take the labels out.",
        )


def check_alike(tables: Mapping[str, Dataset]) -> None:
    """Pass when all tables have one label per row, or all may have several.

    Raises:
        DataError: otherwise.
    """
    several = {part: is_multilabel(rows) for part, rows in tables.items()}
    if len(set(several.values())) > 1:
        lists = ", ".join(part for part, found in several.items() if found)
        plain = ", ".join(part for part, found in several.items() if not found)
        raise DataError(
            f"Rows may carry several labels in {lists}, and carry one each in {plain}.",
            "Write the label column of all files alike: lists, text with a label_separator, or one label.",
        )


def _rest(names: Sequence[str]) -> str:
    return f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names[:_SHOWN]) + _rest(names)


def _advice(single: Sequence[str]) -> str:
    numbers = all(name.lstrip("+-").replace(".", "", 1).isdigit() for name in single)
    if numbers and any("." in name for name in single):
        return "The labels look like measurements: sort them into named ranges first ('low', 'high')."
    separator = next((mark for mark in "|;" if any(mark in name for name in single)), "")
    if separator:
        return f"If {separator} stands between the labels of a row, say so: label_separator={separator!r}."
    return "Each class needs at least 2 rows: merge these classes, add rows, or remove them."


def check_known_labels(rows: Dataset, labels: Sequence[str], part: str) -> None:
    """Pass when every label of a test or validation part is one that was trained on.

    Raises:
        DataError: otherwise; it gives each unknown label, its lines and the nearest known label.
    """
    known = set(labels)
    tallies: dict[str, Tally] = {}
    for ordinal, (names, line) in enumerate(zip(label_sets(rows), rows["line"][:], strict=True), 1):
        for label in names:
            if label not in known:
                tallies.setdefault(label, Tally()).add(place(line, ordinal))
    if tallies:
        shown = [_unknown(label, tally, labels) for label, tally in list(tallies.items())[:_SHOWN]]
        rest = f"; and {len(tallies) - _SHOWN:,} more labels" if len(tallies) > _SHOWN else ""
        raise DataError(
            f"The {part} data has labels that the training data does not have: {'; '.join(shown)}{rest}.",
            "Correct the labels, or add rows with them to the training data.",
        )


def _unknown(label: str, tally: Tally, labels: Sequence[str]) -> str:
    rows = "1 row" if tally.count == 1 else f"{tally.count:,} rows"
    hint = did_you_mean(label, labels) if len(labels) <= _SHOWN else did_you_mean(label, labels)[:80]
    return f"{label!r} ({rows}, {tally}; {hint.rstrip('.')})"


def check_disjoint(parts: Mapping[str, Dataset]) -> None:
    """Pass when no row id occurs in two parts.

    Raises:
        DataError: otherwise; it gives the number of such ids and the first of them with both places.
    """
    seen: dict[str, tuple[str, str]] = {}
    twice: list[str] = []
    for part, rows in parts.items():
        here = zip(rows["id"][:], rows["line"][:], strict=True)
        for ordinal, (key, line) in enumerate(here, 1):
            first, where = seen.setdefault(key, (part, place(line, ordinal)))
            if first != part:
                twice.append(f"{key!r} ({first} {where}, {part} {place(line, ordinal)})")
    if twice:
        rest = f" and {len(twice) - _SHOWN:,} more" if len(twice) > _SHOWN else ""
        raise DataError(
            f"{len(twice):,} ids occur in two parts: {', '.join(twice[:_SHOWN])}{rest}.",
            "A row that is trained on cannot test the model: remove it from one of them.",
        )
