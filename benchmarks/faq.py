"""Questions and answers of ChatterBot's corpus: `support/faq` tuned against the untuned encoder and BM25."""

import argparse
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from acclimate import adapt, evaluation
from acclimate.api.adapting import ask
from acclimate.api.retrieving.scoring import functions_of_rows, metrics_of
from acclimate.plugins import default_host
from recording import SHARED, record, spread

DATA = SHARED / "support" / "chatterbot_qa" / "english_qa.csv"
PRESET = "support/faq"
# BM25 is the untuned encoder with all of its weight in the ranking given to words.
SIDES: dict[str, dict[str, Any]] = {
    "full": {"method": "full"},
    "frozen": {"method": "frozen", "fusion": 0.0},
    "bm25": {"method": "frozen", "fusion": 1.0},
}


def measure(seed: int, *, max_tokens: int) -> dict[str, tuple[dict[str, Any], evaluation.ScoredRows]]:
    """Return by side the report and the measured test queries of one seed."""
    found = {}
    for name, options in SIDES.items():
        with tempfile.TemporaryDirectory() as folder:
            run = adapt(
                PRESET, DATA, seed=seed, max_tokens=max_tokens, output=Path(folder) / "run", shown=False, **options
            )
        print(f"seed {seed}, {name}\n{run.report}", flush=True)
        found[name] = (run.report.to_dict(), run.test_rows)
    return found


def main() -> None:
    """Run the seeds, each in a process of its own, and record the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--max-tokens", type=int, default=64)
    arguments = parser.parse_args()
    with ProcessPoolExecutor(len(arguments.seeds)) as pool:
        every = list(pool.map(partial(measure, max_tokens=arguments.max_tokens), arguments.seeds))
    by_seed = dict(zip(arguments.seeds, every, strict=True))
    host = default_host()
    request = ask(host, PRESET, str(DATA), "full", None, None, None, None, {})
    functions = functions_of_rows(host, metrics_of(host, request))
    runs = {name: {seed: found[name][1] for seed, found in by_seed.items()} for name in SIDES}
    names = list(functions)
    rows = [
        [str(seed), name, *(_told(found[name][0]["metrics"][metric]) for metric in names)]
        for seed, found in by_seed.items()
        for name in SIDES
    ]
    gains = {other: _gain(runs, other, functions) for other in ("frozen", "bm25")}
    means = {
        name: spread([found[name][0]["metrics"]["mrr"]["value"] for found in by_seed.values()]) for name in SIDES
    }
    told = "; ".join(
        f"against {name} {gain:+.3f} [{low:+.3f}, {high:+.3f}]" for name, (gain, low, high) in gains.items()
    )
    counts = by_seed[arguments.seeds[0]]["full"][0]
    record(
        "faq",
        title="Questions to answers (ChatterBot's corpus): full fine-tuning of MiniLM for search",
        claim=f"{counts['analysis']['search']['documents']:,} answers are searched; in each seed the queries are "
        f"split so that no answer of a test query trained ({counts['rows']['train']:,} train, "
        f"{counts['rows']['validation']:,} validation, {counts['rows']['test']:,} test queries in the first), and "
        f"texts are cut at {arguments.max_tokens} tokens. Mean reciprocal rank, mean (range) over the seeds: tuned "
        f"{means['full']}, untuned {means['frozen']}, BM25 {means['bm25']}. Gain of the tuned one on the same "
        f"queries, paired over queries and seeds: {told}.",
        header=["seed", "model", *names],
        rows=rows,
        raw={
            "gains": {name: {"value": gain[0], "low": gain[1], "high": gain[2]} for name, gain in gains.items()},
            "reports": {f"{name}-{seed}": found[name][0] for seed, found in by_seed.items() for name in SIDES},
        },
    )


def _gain(runs: dict[str, Any], other: str, functions: dict[str, Any]) -> tuple[float, float, float]:
    """Return how much more the tuned model has of the first metric than another, with the paired interval."""
    pair = {"full": runs["full"], other: runs[other]}
    found = evaluation.paired(pair, functions)
    difference = found.differences["full" if found.best == other else other]
    if found.best == other:
        return difference.value, difference.low, difference.high
    return -difference.value, -difference.high, -difference.low


def _told(score: dict[str, Any]) -> str:
    return f"{score['value']:.3f} [{score['low']:.3f}, {score['high']:.3f}]"


if __name__ == "__main__":
    main()
