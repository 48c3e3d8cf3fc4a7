"""Whether what a run says has moved from one shift to the next."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from acclimate import evaluation
from acclimate.api.predicting import NO_LABEL
from acclimate.api.score_files import Scored, read_scores
from acclimate.contracts import BinChange, DataError, Drift, Finding, OptionError, RateChange, Watched
from acclimate.plugins import Host, default_host

BINS = 10
_MOVED, _FAR = 0.1, 0.25
_MOST_BINS = 100


def monitor(
    before: str | Path,
    after: str | Path,
    *,
    positive: str = "",
    threshold: float | None = None,
    bins: int = BINS,
    host: Host | None = None,
) -> Drift:
    """Return how far the predictions in `after` have moved from those in `before`; both are of one run.

    No labels are needed: it says that scores have moved, not whether they are still right. Rows are taken to be
    independent of each other; many images of one lot move together, and drift is then said too soon.

    Args:
        before: a file of predictions, as `predict` writes it, or a saved run: then it is what the run said of its
            test rows, of its good ones where it inspects parts.
        after: a file of predictions of the same run.
        positive: the label whose probability is compared; that of the label each row was given, when left out.
        threshold: count scores above it, where the run itself rejects or flags nothing.
        bins: of the stability index, with equally many scores of `before` each.
        host: the plugins to use; those installed when left out.

    Raises:
        DataError: when a file holds no scores, or the two are not of one run.
        OptionError: for options that do not fit them.
        BundleError: when a folder is no run, or a byte of it was changed.
    """
    if not 2 <= bins <= _MOST_BINS:
        raise OptionError(f"bins are 2 to {_MOST_BINS}, found {bins}.", "Ten are usual.")
    host = host or default_host()
    old, new = (read_scores(Path(each), positive=positive, host=host) for each in (before, after))
    _check_one_run(old, new)
    if threshold is not None and old.decision:
        raise OptionError(
            f"These rows say themselves what is {old.decision}, found threshold={threshold:g}.",
            "Leave threshold out.",
        )
    edges = evaluation.bin_edges(old.scores, bins)
    counts = [evaluation.binned(each.scores, edges) for each in (old, new)]
    psi, by_chance = evaluation.stability(*counts)
    ks = evaluation.ks_distance(old.scores, new.scores)
    above, labels = _above(old, new, threshold), _labels(old, new)
    whole = [each.rows + each.unreadable for each in (old, new)]
    unreadable = _change("unreadable", (old.unreadable, whole[0]), (new.unreadable, whole[1]))
    return Drift(
        score=_compared(old, positive),
        before=_watched(old),
        after=_watched(new),
        psi=psi,
        psi_by_chance=by_chance,
        bins=_bins(edges, *counts),
        ks=ks.distance,
        ks_p=ks.p,
        seen_from=ks.seen_from,
        threshold=old.threshold if threshold is None else threshold,
        above=above,
        labels=labels,
        unreadable=unreadable,
        findings=(
            _of_scores(psi, by_chance, ks),
            *_of_rates([*([above] if above else []), *labels, unreadable]),
        ),
    )


def _check_one_run(old: Scored, new: Scored) -> None:
    """Raise DataError where two sets are visibly not of one run."""
    names = f"{old.source} and {new.source}"
    if old.kind != new.kind:
        raise DataError(
            f"{names} are of different runs: one has scores of {old.kind}, the other of {new.kind}.",
            "Give predictions of one run.",
        )
    if old.threshold is not None and new.threshold is not None and not np.isclose(old.threshold, new.threshold):
        raise DataError(
            f"{names} are of different runs: one decides at {old.threshold:g}, the other at {new.threshold:g}.",
            "Scores of two runs cannot be compared; predict both with one of them.",
        )
    strange = _labels_of_one(old, new)
    if strange:
        raise DataError(
            f"{names} are of different runs: {', '.join(sorted(strange)[:5])} are labels of one of them only.",
            "Give predictions of one run.",
        )
    if old.decision != new.decision:
        raise DataError(
            f"{names} are of different runs: only one of them says what is {old.decision or new.decision}.",
            "Give predictions of one run.",
        )


def _labels_of_one(old: Scored, new: Scored) -> frozenset[str]:
    """Return labels that only one of two runs has, as far as rows tell all labels of theirs."""
    if old.classes is not None and new.classes is not None:
        return old.classes ^ new.classes
    known = old.classes or new.classes
    return frozenset() if known is None else frozenset({*old.labels, *new.labels}) - known - {NO_LABEL}


def _compared(old: Scored, positive: str) -> str:
    if old.kind == "parts":
        return "score"
    return f"probability of {positive!r}" if positive else "probability of the given label"


def _watched(of: Scored) -> Watched:
    return Watched(
        source=of.source,
        rows=of.rows,
        scored=len(of.values),
        unreadable=of.unreadable,
        quantiles=tuple(np.quantile(of.scores, np.arange(101) / 100).tolist()),
    )


def _bins(edges: np.ndarray, old: np.ndarray, new: np.ndarray) -> tuple[BinChange, ...]:
    bounds = [None, *edges.tolist(), None]
    return tuple(
        BinChange(low=bounds[k], high=bounds[k + 1], before=int(old[k]), after=int(new[k])) for k in range(len(old))
    )


def _above(old: Scored, new: Scored, threshold: float | None) -> RateChange | None:
    if old.decision:
        return _change(old.decision, (old.decided, old.rows), (new.decided, new.rows))
    if threshold is None:
        return None
    counts = [(int((each.scores > threshold).sum()), len(each.values)) for each in (old, new)]
    return _change(f"above {threshold:g}", *counts)


def _labels(old: Scored, new: Scored) -> tuple[RateChange, ...]:
    names = sorted({*old.labels, *new.labels})
    return tuple(
        _change(name, (old.labels[name], old.rows), (new.labels[name], new.rows), tests=len(names)) for name in names
    )


def _change(name: str, before: tuple[int, int], after: tuple[int, int], *, tests: int = 1) -> RateChange:
    difference, p = evaluation.share_difference(before, after)
    return RateChange(
        name=name,
        before_count=before[0],
        after_count=after[0],
        before=evaluation.exact_share(*before),
        after=evaluation.exact_share(*after),
        difference=difference,
        p=min(1.0, p * tests),
    )


def _of_scores(psi: float, by_chance: float, ks: evaluation.Distance) -> Finding:
    if ks.p >= evaluation.SIGNIFICANT and psi <= by_chance:
        message = (
            "No drift of scores is seen; so many rows show it from a Kolmogorov-Smirnov distance of "
            f"{ks.seen_from:.2f} on."
        )
        return Finding(code="no-drift", level="note", message=message)
    if psi < _MOVED:
        message = f"Scores have moved, and little: the stability index of {psi:.3f} is below {_MOVED:g}."
        return Finding(code="small-drift", level="note", message=message)
    message = (
        f"Scores have moved: the stability index is {psi:.3f} (by chance up to {by_chance:.3f}), the "
        f"Kolmogorov-Smirnov distance {ks.distance.value:.3f} (p {ks.p:.2g}). What was promised or measured of rows "
        "as before need not hold of these: look at the camera, the light and the material, and measure the run again "
        "on labelled rows of now."
    )
    return Finding(code="score-drift", level="problem" if psi >= _FAR else "warning", message=message)


def _of_rates(changes: list[RateChange]) -> Iterator[Finding]:
    for change in changes:
        if change.p < evaluation.SIGNIFICANT:
            low, high = change.difference.low, change.difference.high
            message = (
                f"{change.name}: {change.before.value:.2%} of rows before, {change.after.value:.2%} after "
                f"(difference {low:+.2%} to {high:+.2%}, p {change.p:.2g})."
            )
            yield Finding(code="rate-drift", message=message, details={"name": change.name, "p": change.p})
