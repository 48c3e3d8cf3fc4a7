"""Names in loan agreements through finance/entities, beside a dictionary of the training names."""

import argparse
import os
import tempfile
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from acclimate import adapt
from acclimate.contracts import Report
from recording import SHARED, beside, by_seed, mean_of, record

DATA = SHARED / "finance" / "sec_fin_ner"
METRICS = ("span_f1", "span_precision", "span_recall", "span_f1_partial", "span_macro_f1")
BASELINES = {
    "a dictionary of the training spans": "training_dictionary",
    "the usual tag of each word": "majority_tag",
    "frozen MiniLM with a linear head": "frozen_linear",
}


def measured(method: str, epochs: int | None, seed: int) -> Report:
    """Return the report of one seed."""
    with tempfile.TemporaryDirectory() as folder:
        run = adapt(
            "finance/entities",
            DATA / "FIN5_train.jsonl",
            test=DATA / "FIN3_test.jsonl",
            allow_leakage=True,  # the published split: some of its test sentences repeat a training sentence
            method=method,
            seed=seed,
            output=Path(folder) / "run",
            shown=False,
            **({"epochs": epochs} if epochs else {}),
        )
    print(run.report, flush=True)
    return run.report


def main() -> None:
    """Run the seeds and record the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--method", default="full")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--at-once", type=int, default=1)
    asked = parser.parse_args()
    # Each worker has a session of its own, as separate commands would have.
    with get_context("fork").Pool(asked.at_once, initializer=os.setsid) as pool:
        reports = pool.map(partial(measured, asked.method, asked.epochs), asked.seeds, chunksize=1)
    sides = beside(f"{asked.method} MiniLM", reports, BASELINES)
    own, words = (
        mean_of(sides[f"{asked.method} MiniLM"], "span_f1"),
        mean_of(sides["a dictionary of the training spans"], "span_f1"),
    )
    record(
        "finance_entities",
        title=f"Names in loan agreements: finance/entities, method {asked.method}, MiniLM, "
        f"{reports[0].settings['epochs']} epochs",
        claim=f"MiniLM is {100 * (own - words):+.1f} points of span F1 from a dictionary of the training "
        "names, on the published split (FIN5 to train, FIN3 to test), whose repeats are left in. Seeds "
        "choose the validation sentences, a tenth of FIN5.",
        header=["model", "seed", *METRICS],
        rows=by_seed(sides, asked.seeds, METRICS),
        raw=[report.to_dict() for report in reports],
    )


if __name__ == "__main__":
    main()
