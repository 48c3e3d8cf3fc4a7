"""How often a 95 % interval contains the true value, on simulated test sets whose true values are known."""

import argparse
import math

import numpy as np
from acclimate.api import scoring
from acclimate.plugins import Host
from recording import record

NAMES = ("accuracy", "balanced_accuracy", "macro_f1", "mcc", "auroc")
MANY = 400_000  # rows that stand for endless ones


def draw(
    rng: np.random.Generator, rows: int, *, group: int, share: float
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return truth [rows], log-probabilities [rows, 2] and groups; rows of a group share half of what is hard."""
    count = math.ceil(rows / group)
    member = np.repeat(np.arange(count), group)[:rows]
    truth = (rng.random(rows) < share).astype(np.int64)
    noise = rng.normal(size=rows)
    if group > 1:
        noise = math.sqrt(0.5) * (noise + rng.normal(size=count)[member])
    logit = 2.0 * (truth - 0.5) + noise
    return (
        truth,
        np.stack([-np.logaddexp(0, logit), -np.logaddexp(0, -logit)], axis=1),
        [str(each) for each in member],
    )


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
    for size, group, share in ((50, 1, 0.5), (200, 1, 0.2), (1000, 1, 0.2), (400, 10, 0.3)):
        rng = np.random.default_rng(arguments.seed)
        truth, scores, _ = draw(rng, MANY, group=group, share=share)
        true = {name: function(truth, scores, np.ones(MANY)) for name, function in functions.items()}
        covered = dict.fromkeys(NAMES, 0)
        for number in range(arguments.samples):
            truth, scores, groups = draw(rng, size, group=group, share=share)
            found = scoring.score(
                host, truth, {"": scores}, metrics, groups=groups if group > 1 else None, seed=number
            )[""]
            for name in NAMES:
                covered[name] += found[name].low <= true[name] <= found[name].high
        shares = {name: covered[name] / arguments.samples for name in NAMES}
        raw.append({"rows": size, "group": group, "positive": share, "true": true, "covered": shares})
        name = f"{size:,} rows, {share:.0%} positive" + (f", {size // group} groups of {group}" if group > 1 else "")
        rows.append([name, *(f"{shares[each]:.3f}" for each in NAMES)])
        print(rows[-1], flush=True)
    spread = 1.96 * math.sqrt(0.95 * 0.05 / arguments.samples)
    record(
        "coverage",
        title="How often a 95 % interval contains the true value",
        claim=f"Of {arguments.samples} simulated test sets each; a perfect interval has 0.95 ± {spread:.3f}. The "
        f"true value is that of {MANY:,} rows. Rows of a group share half the variance of what is hard about them, "
        "and the intervals there draw whole groups. Accuracy without groups is Wilson's, AUROC without groups "
        "DeLong's, all others are bootstrapped.",
        header=["test set", *(f"`{name}`" for name in NAMES)],
        rows=rows,
        raw=raw,
    )


if __name__ == "__main__":
    main()
