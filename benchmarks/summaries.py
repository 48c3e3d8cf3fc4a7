"""Earnings calls through finance/summaries: MiniLM beside the first sentences and those with the nearest words."""

import argparse
import gzip
import json
import tempfile
from pathlib import Path

from acclimate import adapt
from acclimate.contracts import Report
from recording import SHARED, beside, by_seed, mean_of, record

DATA = SHARED / "finance" / "ectsum"
METRICS = ("rouge_1", "rouge_2", "rouge_l", "number_faithfulness", "number_recall")
BASELINES = {"the first sentences": "lead", "the nearest words (TF-IDF)": "nearest_words"}


def written(folder: Path, part: str, rows: int) -> Path:
    """Write the first rows of a part, with the company that a call is of, and return the file."""
    file = folder / f"{part}.jsonl"
    with gzip.open(DATA / f"{part}.jsonl.gz", "rt", encoding="utf-8") as source, file.open("w") as target:
        for number, line in enumerate(source):
            if number < rows:
                row = json.loads(line)
                target.write(json.dumps({**row, "company": row["id"].partition("_")[0]}) + "\n")
    return file


def measured(asked: argparse.Namespace, seed: int) -> Report:
    """Return the report of one seed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run = adapt(
            "finance/summaries",
            written(folder, "train", 600),
            test=written(folder, "test", asked.test_rows),
            max_rows=asked.rows,
            allow_leakage=True,  # calls of one company stand in several parts of the published split
            method=asked.method,
            seed=seed,
            output=folder / "run",
            shown=False,
            metrics=METRICS,
        )
    print(run.report, flush=True)
    return run.report


def main() -> None:
    """Run the seeds and record the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--method", default="frozen")
    parser.add_argument("--rows", type=int, default=600)
    parser.add_argument("--test-rows", type=int, default=495)
    parser.add_argument("--dry", action="store_true", help="print the reports and record nothing")
    asked = parser.parse_args()
    reports = [measured(asked, seed) for seed in asked.seeds]
    if asked.dry:
        return
    own = f"{asked.method} MiniLM"
    sides = beside(own, reports, BASELINES)
    gain = 100 * (mean_of(sides[own], "rouge_1") - mean_of(sides["the first sentences"], "rouge_1"))
    best = [report.analysis.summaries.ceiling["rouge_1"].value for report in reports if report.analysis.summaries]
    told = reports[0].analysis.summaries
    assert told is not None
    record(
        f"summaries_{asked.method}",
        title=f"Earnings calls in short: finance/summaries, method {asked.method}, MiniLM",
        claim=f"ROUGE-1 is {gain:+.1f} points from that of the first sentences, on {reports[0].rows['test']:,} test "
        f"calls of ECTSum with {told.text_words:,.0f} words on average, after {reports[0].rows['train']:,} training "
        f"calls, drawn by each seed. The best sentences, picked by the reference, have {sum(best) / len(best):.3f}. "
        "Companies of training calls are among the test calls, as in the published split. ROUGE is without stemming: "
        "published figures are not the same measure.",
        header=["summaries", "seed", *METRICS],
        rows=by_seed(sides, asked.seeds, METRICS),
        raw=[report.to_dict() for report in reports],
        script=f"summaries.py --rows {asked.rows} --test-rows {asked.test_rows}",
    )


if __name__ == "__main__":
    main()
