"""Contract clauses that carry several labels (CUAD): `frozen` with both solvers against TF-IDF with linear SVMs."""

import argparse
import csv
import gzip
import json
import random
import tempfile
from collections import Counter
from pathlib import Path

from acclimate import adapt
from recording import SHARED, record, spread

DATA = SHARED / "legal" / "cuad_clauses" / "all.csv.gz"
SOLVERS = ("sklearn", "torch")


def clauses(contracts: int, fewest: int, seed: int) -> list[dict[str, object]]:
    """Return one row per text of the contracts that `seed` draws, with all its labels; labels with fewer than
    `fewest` rows among them are left out."""
    labels: dict[tuple[str, str], set[str]] = {}
    with gzip.open(DATA, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            labels.setdefault((row["contract"], row["text"]), set()).add(row["label"])
    chosen = set(random.Random(seed).sample(sorted({contract for contract, _ in labels}), contracts))
    labels = {key: names for key, names in labels.items() if key[0] in chosen and key[1].strip()}
    counts = Counter(name for names in labels.values() for name in names)
    kept = {key: sorted(name for name in names if counts[name] >= fewest) for key, names in labels.items()}
    return [{"contract": key[0], "text": key[1], "label": names} for key, names in kept.items() if names]


def main() -> None:
    """Run both solvers with every seed and record the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--contracts", type=int, default=30)
    parser.add_argument("--fewest", type=int, default=15)
    arguments = parser.parse_args()
    rows = {seed: clauses(arguments.contracts, arguments.fewest, seed) for seed in arguments.seeds}
    reports = {}
    with tempfile.TemporaryDirectory() as folder:
        for seed in arguments.seeds:
            table = Path(folder) / f"clauses-{seed}.jsonl"
            table.write_text("\n".join(json.dumps(row) for row in rows[seed]), encoding="utf-8")
            for solver in SOLVERS:
                run = adapt(
                    "general/text-classification",
                    table,
                    group="contract",
                    allow_leakage=True,  # contracts share clauses word for word, and so will the next one
                    method="frozen",
                    options={"solver": solver},
                    max_tokens=128,
                    seed=seed,
                    output=Path(folder) / f"{solver}-{seed}",
                )
                print(run.report, flush=True)
                reports[solver, seed] = run.report
    lines = []
    for seed in arguments.seeds:
        for solver in SOLVERS:
            report = reports[solver, seed]
            lines.append(_line(str(seed), f"frozen, {solver}", report.metrics, f"{report.seconds['train']:.1f}"))
        lines.append(_line(str(seed), "TF-IDF, linear SVMs", reports[SOLVERS[0], seed].baselines["tfidf_svm"], ""))
        lines.append(_line(str(seed), "label prior", reports[SOLVERS[0], seed].baselines["label_prior"], ""))
    drawn = "; ".join(
        f"{seed}: {len(rows[seed]):,} clauses, {len(reports[SOLVERS[0], seed].labels)} labels, "
        f"{sum(len(row['label']) > 1 for row in rows[seed]):,} clauses with several"  # type: ignore[misc,arg-type]
        for seed in arguments.seeds
    )
    means = {
        solver: [reports[solver, seed].metrics["macro_f1"].value for seed in arguments.seeds] for solver in SOLVERS
    }
    tfidf = [reports[SOLVERS[0], seed].baselines["tfidf_svm"]["macro_f1"].value for seed in arguments.seeds]
    record(
        "multilabel",
        title="Contract clauses with several labels (CUAD)",
        claim=f"Each seed draws {arguments.contracts} of the contracts, keeps the labels that {arguments.fewest} or "
        f"more of their clauses have, and deals the contracts to train, validation and test ({drawn}). Macro-F1, "
        f"mean (range) over seeds: frozen {spread(means['sklearn'])} (sklearn), {spread(means['torch'])} (torch), "
        f"TF-IDF {spread(tfidf)}. Seconds of training include the features in the first run of a seed only, since "
        "the second finds them kept.",
        header=["seed", "model", "macro-F1", "micro-F1", "exact match", "AUROC", "average precision", "training s"],
        rows=lines,
        raw={f"{solver}-{seed}": report.to_dict() for (solver, seed), report in reports.items()},
    )


def _line(seed: str, model: str, metrics: object, seconds: str) -> list[str]:
    names = ("macro_f1", "micro_f1", "subset_accuracy", "auroc", "average_precision")
    return [seed, model, *(str(metrics[name]) for name in names), seconds]  # type: ignore[index]


if __name__ == "__main__":
    main()
