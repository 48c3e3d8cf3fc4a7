"""How often a 95 % interval contains the true value, on simulated test sets whose true values are known."""

import argparse
import math
import multiprocessing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from acclimate.api import scoring
from acclimate.contracts import Score
from acclimate.evaluation import ScoredRows, paired
from acclimate.plugins import Host
from recording import record

FORMULAS = ("accuracy", "balanced_accuracy", "auroc")
BOOTSTRAPPED = ("macro_f1", "mcc")
HELD = ("sensitivity_at_specificity_90", "specificity_at_sensitivity_90")
ALL_RIGHT = ("accuracy", "macro_f1", "weighted_f1", "mcc", "quadratic_kappa", "ordinal_mae")
LABELS = ("no", "yes")
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
# Here about half of the test sets show no mistake.
EASY_SETS = ((30, 1, 0.5, EASY), (100, 1, 0.2, 5.0), (100, 10, 0.3, 4.5))
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """So many `samples` of test sets of one kind: rows, rows of a group, share of positive rows, how far apart.

    Where `compared` the difference of two methods in `macro_f1` is measured too, which must be among the `names`.
    """

    names: tuple[str, ...]
    kind: tuple[int, int, float, float]
    samples: int
    seed: int
    compared: bool

    def run(self) -> tuple[list[str], dict[str, Any]]:
        """Return the row of the table, and the numbers behind it."""
        host = Host(discover=False)
        metrics = scoring.metrics_of(
            host, "general", self.names, task="text-classification", multilabel=False, labels=LABELS, positive="yes"
        )
        functions = scoring.functions_of(host, metrics, multilabel=False)
        size, group, share, apart = self.kind
        rng, ones = np.random.default_rng(self.seed), np.ones(MANY)
        truth, scores, worse, _ = draw(rng, MANY, group=group, share=share, apart=apart)
        # In groups the others of these are bootstrapped, which takes a thousand times as long.
        asked = {"auroc": metrics["auroc"]} if group > 1 and "auroc" in self.names else metrics
        true = {name: functions[name](truth, scores, ones) for name in asked}
        if self.compared:
            true[DIFFERENCE] = functions["macro_f1"](truth, worse, ones) - true["macro_f1"]
        found: dict[str, list[Score]] = {name: [] for name in true}
        all_right = 0
        for number in range(self.samples):
            truth, scores, worse, members = draw(rng, size, group=group, share=share, apart=apart)
            groups = members if group > 1 else None
            all_right += bool((scores.argmax(axis=1) == truth).all())
            scored = scoring.score(host, truth, {"": scores}, asked, groups=groups, seed=number)[""]
            for name, score in scored.items():
                found[name].append(score)
            if self.compared:
                found[DIFFERENCE].append(difference(truth, scores, worse, groups, functions["macro_f1"], seed=number))
        covered = {name: share_covered(found[name], value) for name, value in true.items()}
        width = {name: float(np.mean([each.high - each.low for each in found[name]])) for name in true}
        name = f"{size:,} rows, {share:.0%} positive" + (f", {size // group} groups of {group}" if group > 1 else "")
        name += f", easy: all right in {all_right / self.samples:.0%} of sets" * (apart >= EASY)
        columns = [*self.names, DIFFERENCE] if self.compared else self.names
        row = [name, *(f"{covered[each]:.3f} ({width[each]:.2f})" if each in true else "" for each in columns)]
        print(row, flush=True)
        kind = {
            "rows": size,
            "group": group,
            "positive": share,
            "apart": apart,
            "all_right": all_right / self.samples,
        }
        return row, {**kind, "true": true, "covered": covered, "width": width}


def claim(samples: int) -> str:
    """Return what every table says of itself."""
    spread = 1.96 * math.sqrt(0.95 * 0.05 / samples)
    return (
        f"Of {samples:,} simulated test sets each, and in brackets the mean width; a perfect interval has 0.95 ± "
        f"{spread:.3f}. The true value is that of {MANY:,} rows. Rows of a group share half the variance of what is "
        "hard about them."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table: the file that it is recorded in, its metrics and test sets, and what it says of itself."""

    file: str
    names: tuple[str, ...]
    title: str
    says: str
    samples: int = 200
    sets: tuple[tuple[int, int, float, float], ...] = SETS
    more: tuple[str, ...] = ()


TABLES = {
    "formulas": Table(
        file="coverage_formulas",
        names=FORMULAS,
        samples=2000,
        title="How often a 95 % interval by a formula contains the true value",
        says="Accuracy has Wilson's interval, balanced accuracy Wilson's put together by MOVER, AUROC DeLong's with "
        "Student's t, and in groups Obuchowski's. In groups the others are bootstrapped.",
    ),
    "bootstrapped": Table(
        file="coverage",
        names=BOOTSTRAPPED,
        title="How often a 95 % bootstrap interval contains the true value",
        says="The difference is that of two methods on the same rows. Where all rows are right the bounds are those "
        "of Dirichlet's law.",
        more=(DIFFERENCE.replace("macro_f1", "`macro_f1`"),),
    ),
    "held": Table(
        file="coverage_held_rates",
        names=HELD,
        title="How often a 95 % interval of a rate at a held rate contains the true value",
        says="All are bootstrapped, but those of a ranking without a mistake: these are Wilson's for as many rows, "
        "or groups, as the rarer label has.",
    ),
    "all_right": Table(
        file="coverage_all_right",
        names=ALL_RIGHT,
        sets=EASY_SETS,
        title="How often a 95 % interval contains the true value where many test sets show no mistake",
        says="Where all rows are right the bounds are those of Dirichlet's law (of accuracy Wilson's, in groups for "
        "as many rows as there are groups), else those of the bootstrap (of accuracy without groups Wilson's).",
    ),
}


def main() -> None:
    """Simulate and record the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=TABLES)
    parser.add_argument("--samples", type=int, help="test sets of each kind, in place of those of the table")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1, help="how many kinds of test sets at a time")
    arguments = parser.parse_args()
    for name, table in TABLES.items():
        if arguments.only not in (None, name):
            continue
        samples = arguments.samples or table.samples
        asked = [
            Simulation(names=table.names, kind=kind, samples=samples, seed=arguments.seed, compared=bool(table.more))
            for kind in table.sets
        ]
        with multiprocessing.get_context("fork").Pool(arguments.processes) as pool:
            done = pool.map(Simulation.run, asked, chunksize=1)
        record(
            table.file,
            script=f"coverage.py --only {name}",
            title=table.title,
            claim=f"{claim(samples)} {table.says}",
            header=["test set", *(f"`{metric}`" for metric in table.names), *table.more],
            rows=[row for row, _ in done],
            raw=[numbers for _, numbers in done],
        )


if __name__ == "__main__":
    main()
