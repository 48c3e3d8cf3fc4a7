"""How often a 95 % interval contains the true value, on simulated test sets whose true values are known."""

import argparse
import math
from collections.abc import Callable, Sequence

import numpy as np
from acclimate.api import scoring
from acclimate.contracts import Metric, Score
from acclimate.evaluation import ScoredRows, paired
from acclimate.plugins import Host
from recording import record

NAMES = ("accuracy", "balanced_accuracy", "macro_f1", "mcc", "auroc")
MANY = 400_000  # rows that stand for endless ones
EASY = 4.0  # standard deviations between the labels: of 30 rows some sets have all right
SETS = (
    (50, 1, 0.5, 2.0),
    (100, 1, 0.1, 2.0),
    (200, 1, 0.2, 2.0),
    (1000, 1, 0.2, 2.0),
    (30, 1, 0.5, EASY),
    (150, 10, 0.3, 2.0),
    (400, 10, 0.3, 2.0),
)
DIFFERENCE = "difference in macro_f1"


def draw(
    rng: np.random.Generator, rows: int, *, group: int, share: float, apart: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Return truth [rows], log-probabilities [rows, 2] of a method and of a worse one, and groups.

    The logits of the labels lie `apart` by so many standard deviations. Rows of a group share half the variance of
    what is hard, and the methods share half of it too.
    """
    count = math.ceil(rows / group)
    member = np.repeat(np.arange(count), group)[:rows]
    truth = (rng.random(rows) < share).astype(np.int64)
    noise = rng.normal(size=rows)
    if group > 1:
        noise = math.sqrt(0.5) * (noise + rng.normal(size=count)[member])
    logit = apart * (truth - 0.5) + noise
    other = logit + rng.normal(size=rows)
    return truth, _log_probabilities(logit), _log_probabilities(other), [str(each) for each in member]


def _log_probabilities(logit: np.ndarray) -> np.ndarray:
    return np.stack([-np.logaddexp(0, logit), -np.logaddexp(0, -logit)], axis=1)


def difference(
    truth: np.ndarray,
    scores: np.ndarray,
    worse: np.ndarray,
    groups: list[str] | None,
    metric: Callable[[np.ndarray, np.ndarray, np.ndarray], float],
    *,
    seed: int,
) -> Score:
    """Return how much lower the worse method's metric is, whichever came out better."""
    ids = [str(row) for row in range(len(truth))]
    runs = {
        name: {0: ScoredRows(ids=ids, truth=truth, groups=groups, scores=each)}
        for name, each in (("method", scores), ("worse", worse))
    }
    compared = paired(runs, {"metric": metric}, seed=seed)
    (found,) = compared.differences.values()
    return found if compared.best == "method" else Score(value=-found.value, low=-found.high, high=-found.low)


def has_formula(metric: Metric, groups: list[str] | None) -> bool:
    """Return whether the interval of a metric takes no bootstrap on most test sets."""
    return metric.name in (("accuracy", "balanced_accuracy", "auroc") if groups is None else ("auroc",))


def share_covered(scores: Sequence[Score], value: float) -> float:
    """Return the share of intervals that contain a value."""
    return sum(each.low <= value <= each.high for each in scores) / len(scores)


def main() -> None:
    """Draw the test sets and record how many intervals contain the value of endless rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--bootstrapped", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    host = Host(discover=False)
    metrics = scoring.metrics_of(host, "general", NAMES, task="text-classification", multilabel=False)
    functions = scoring.functions_of(host, metrics, multilabel=False)
    rows, raw = [], []
    for size, group, share, apart in SETS:
        rng = np.random.default_rng(arguments.seed)
        truth, scores, worse, _ = draw(rng, MANY, group=group, share=share, apart=apart)
        true = {name: function(truth, scores, np.ones(MANY)) for name, function in functions.items()}
        macro_f1 = functions["macro_f1"]
        true[DIFFERENCE] = macro_f1(truth, worse, np.ones(MANY)) - true["macro_f1"]
        found: dict[str, list[Score]] = {name: [] for name in true}
        for number in range(arguments.samples):
            truth, scores, worse, members = draw(rng, size, group=group, share=share, apart=apart)
            groups = members if group > 1 else None
            every = number < arguments.bootstrapped
            asked = {name: metric for name, metric in metrics.items() if every or has_formula(metric, groups)}
            for name, score in scoring.score(host, truth, {"": scores}, asked, groups=groups, seed=number)[
                ""
            ].items():
                found[name].append(score)
            if every:
                found[DIFFERENCE].append(difference(truth, scores, worse, groups, macro_f1, seed=number))
        covered = {name: share_covered(found[name], value) for name, value in true.items()}
        width = {name: sum(each.high - each.low for each in found[name]) / len(found[name]) for name in true}
        kind = {"rows": size, "group": group, "positive": share, "apart": apart}
        sets = {name: len(each) for name, each in found.items()}
        raw.append({**kind, "true": true, "sets": sets, "covered": covered, "width": width})
        name = f"{size:,} rows, {share:.0%} positive" + (f", {size // group} groups of {group}" if group > 1 else "")
        name += ", easy" * (apart == EASY)
        rows.append([name, *(f"{covered[each]:.3f} ({width[each]:.2f})" for each in true)])
        print(rows[-1], flush=True)
    spread, fine = (1.96 * math.sqrt(0.95 * 0.05 / count) for count in (arguments.bootstrapped, arguments.samples))
    record(
        "coverage",
        title="How often a 95 % interval contains the true value",
        claim=f"Of {arguments.samples:,} simulated test sets each where a formula gives the interval, of "
        f"{arguments.bootstrapped} where it is bootstrapped; in brackets the mean width. A perfect interval has 0.95 "
        f"± {fine:.3f}, or ± {spread:.3f}. The true value is that of {MANY:,} rows. Rows of a group share half the "
        "variance of what is hard about them. Without groups accuracy has Wilson's interval, balanced accuracy "
        "Wilson's put together by MOVER, AUROC DeLong's; with groups AUROC has Obuchowski's. All others are "
        "bootstrapped, but where all rows are right, as in half of the easy sets. The difference is that of two "
        "methods on the same rows.",
        header=["test set", *(f"`{name}`" for name in NAMES), "difference in `macro_f1`"],
        rows=rows,
        raw=raw,
    )


if __name__ == "__main__":
    main()
