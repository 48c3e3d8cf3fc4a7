"""How often a 95 % interval contains the true value, on simulated test sets whose true values are known."""

import argparse
import math
from collections.abc import Callable

import numpy as np
from acclimate.api import scoring
from acclimate.contracts import Score
from acclimate.evaluation import ScoredRows, paired
from acclimate.plugins import Host
from recording import record

NAMES = ("accuracy", "balanced_accuracy", "macro_f1", "mcc", "auroc")
MANY = 400_000  # rows that stand for endless ones
SETS = ((50, 1, 0.5), (100, 1, 0.1), (200, 1, 0.2), (1000, 1, 0.2), (150, 10, 0.3), (400, 10, 0.3))
DIFFERENCE = "difference in macro_f1"


def draw(
    rng: np.random.Generator, rows: int, *, group: int, share: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Return truth [rows], log-probabilities [rows, 2] of a method and of a worse one, and groups.

    Rows of a group share half the variance of what is hard, and the methods share half of it too.
    """
    count = math.ceil(rows / group)
    member = np.repeat(np.arange(count), group)[:rows]
    truth = (rng.random(rows) < share).astype(np.int64)
    noise = rng.normal(size=rows)
    if group > 1:
        noise = math.sqrt(0.5) * (noise + rng.normal(size=count)[member])
    logit = 2.0 * (truth - 0.5) + noise
    other = 2.0 * (truth - 0.5) + noise + rng.normal(size=rows)
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


def main() -> None:
    """Draw the test sets and record how many intervals contain the value of endless rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    host = Host(discover=False)
    metrics = scoring.metrics_of(host, "general", NAMES, task="text-classification", multilabel=False)
    functions = scoring.functions_of(host, metrics, multilabel=False)
    rows, raw = [], []
    for size, group, share in SETS:
        rng = np.random.default_rng(arguments.seed)
        truth, scores, worse, _ = draw(rng, MANY, group=group, share=share)
        true = {name: function(truth, scores, np.ones(MANY)) for name, function in functions.items()}
        macro_f1 = functions["macro_f1"]
        true[DIFFERENCE] = macro_f1(truth, worse, np.ones(MANY)) - true["macro_f1"]
        covered, width = dict.fromkeys(true, 0), dict.fromkeys(true, 0.0)
        for number in range(arguments.samples):
            truth, scores, worse, members = draw(rng, size, group=group, share=share)
            groups = members if group > 1 else None
            found = scoring.score(host, truth, {"": scores}, metrics, groups=groups, seed=number)[""]
            found[DIFFERENCE] = difference(truth, scores, worse, groups, macro_f1, seed=number)
            for name, value in true.items():
                covered[name] += found[name].low <= value <= found[name].high
                width[name] += (found[name].high - found[name].low) / arguments.samples
        shares = {name: count / arguments.samples for name, count in covered.items()}
        raw.append({"rows": size, "group": group, "positive": share, "true": true, "covered": shares, "width": width})
        name = f"{size:,} rows, {share:.0%} positive" + (f", {size // group} groups of {group}" if group > 1 else "")
        rows.append([name, *(f"{shares[each]:.3f} ({width[each]:.2f})" for each in true)])
        print(rows[-1], flush=True)
    spread = 1.96 * math.sqrt(0.95 * 0.05 / arguments.samples)
    record(
        "coverage",
        title="How often a 95 % interval contains the true value",
        claim=f"Of {arguments.samples} simulated test sets each, and in brackets the mean width; a perfect interval "
        f"has 0.95 ± {spread:.3f}. The true value is that of {MANY:,} rows. Rows of a group share half the variance "
        "of what is hard about them, and the intervals there draw whole groups. Accuracy without groups is Wilson's, "
        "AUROC without groups DeLong's, all others are bootstrapped. The difference is that of two methods on the "
        "same rows.",
        header=["test set", *(f"`{name}`" for name in NAMES), "difference in `macro_f1`"],
        rows=rows,
        raw=raw,
    )


if __name__ == "__main__":
    main()
