"""How often a 95 % interval contains the true value, on simulated test sets whose true values are known."""

import argparse
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from acclimate.api import scoring
from acclimate.contracts import Score
from acclimate.evaluation import ScoredRows, paired
from acclimate.plugins import Host
from recording import record

FORMULAS = ("accuracy", "balanced_accuracy", "auroc")
BOOTSTRAPPED = ("macro_f1", "mcc")
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


def share_covered(scores: Sequence[Score], value: float) -> float:
    """Return the share of intervals that contain a value."""
    return sum(each.low <= value <= each.high for each in scores) / len(scores)


def simulate(names: Sequence[str], samples: int, seed: int) -> tuple[list[list[str]], list[dict[str, Any]]]:
    """Return a row of the table for each kind of test set, and the numbers behind it.

    Where `macro_f1` is among the `names`, the difference of two methods in it is measured too.
    """
    host = Host(discover=False)
    metrics = scoring.metrics_of(host, "general", names, task="text-classification", multilabel=False)
    functions = scoring.functions_of(host, metrics, multilabel=False)
    macro_f1, ones = functions.get("macro_f1"), np.ones(MANY)
    rows, raw = [], []
    for size, group, share, apart in SETS:
        rng = np.random.default_rng(seed)
        truth, scores, worse, _ = draw(rng, MANY, group=group, share=share, apart=apart)
        # In groups the others of these are bootstrapped, which takes a thousand times as long.
        asked = {"auroc": metrics["auroc"]} if group > 1 and "auroc" in names else metrics
        true = {name: functions[name](truth, scores, ones) for name in asked}
        if macro_f1 is not None:
            true[DIFFERENCE] = macro_f1(truth, worse, ones) - true["macro_f1"]
        found: dict[str, list[Score]] = {name: [] for name in true}
        for number in range(samples):
            truth, scores, worse, members = draw(rng, size, group=group, share=share, apart=apart)
            groups = members if group > 1 else None
            scored = scoring.score(host, truth, {"": scores}, asked, groups=groups, seed=number)[""]
            for name, score in scored.items():
                found[name].append(score)
            if macro_f1 is not None:
                found[DIFFERENCE].append(difference(truth, scores, worse, groups, macro_f1, seed=number))
        covered = {name: share_covered(found[name], value) for name, value in true.items()}
        width = {name: float(np.mean([each.high - each.low for each in found[name]])) for name in true}
        kind = {"rows": size, "group": group, "positive": share, "apart": apart}
        raw.append({**kind, "true": true, "covered": covered, "width": width})
        name = f"{size:,} rows, {share:.0%} positive" + (f", {size // group} groups of {group}" if group > 1 else "")
        name += ", easy" * (apart == EASY)
        columns = [*names, DIFFERENCE] if macro_f1 is not None else names
        rows.append([name, *(f"{covered[each]:.3f} ({width[each]:.2f})" if each in true else "" for each in columns)])
        print(rows[-1], flush=True)
    return rows, raw


def claim(samples: int) -> str:
    """Return what both tables say of themselves."""
    spread = 1.96 * math.sqrt(0.95 * 0.05 / samples)
    return (
        f"Of {samples:,} simulated test sets each, and in brackets the mean width; a perfect interval has 0.95 ± "
        f"{spread:.3f}. The true value is that of {MANY:,} rows. Rows of a group share half the variance of what is "
        "hard about them. In the easy set all rows are right in half of the test sets."
    )


def main() -> None:
    """Draw the test sets and record how many intervals contain the value of endless rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("formulas", "bootstrapped"))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.only != "bootstrapped":
        rows, raw = simulate(FORMULAS, 2000, arguments.seed)
        record(
            "coverage_formulas",
            script="coverage.py",
            title="How often a 95 % interval by a formula contains the true value",
            claim=f"{claim(2000)} Accuracy has Wilson's interval, balanced accuracy Wilson's put together by MOVER, "
            "AUROC DeLong's with Student's t, and in groups Obuchowski's. In groups the others are bootstrapped.",
            header=["test set", *(f"`{name}`" for name in FORMULAS)],
            rows=rows,
            raw=raw,
        )
    if arguments.only != "formulas":
        rows, raw = simulate(BOOTSTRAPPED, 200, arguments.seed)
        record(
            "coverage",
            title="How often a 95 % bootstrap interval contains the true value",
            claim=f"{claim(200)} The difference is that of two methods on the same rows.",
            header=[
                "test set",
                *(f"`{name}`" for name in BOOTSTRAPPED),
                DIFFERENCE.replace("macro_f1", "`macro_f1`"),
            ],
            rows=rows,
            raw=raw,
        )


if __name__ == "__main__":
    main()
