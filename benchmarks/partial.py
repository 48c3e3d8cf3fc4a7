"""`partial` on recorded activations against `partial` that computes them in every epoch: same curve, less time."""

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import Any

from acclimate import adapt
from acclimate.contracts import Report
from acclimate.plugins import Host
from recording import SHARED, record, spread

DATA = SHARED / "finance" / "twitter_financial_news" / "train.csv"
BLOCKS = 6  # of MiniLM


def one(host: Host, cache: str, blocks: int, seed: int, rows: int, epochs: int) -> Report:
    """Return the report of a run whose top `blocks` blocks train."""
    with tempfile.TemporaryDirectory() as folder:
        return adapt(
            "general/text-classification",
            DATA,
            method="partial",
            options={"blocks": blocks, "cache": cache},
            precision="float32",
            epochs=epochs,
            patience=epochs,
            max_rows=rows,
            seed=seed,
            output=Path(folder) / "run",
            host=host,
            shown=False,
        ).report


def main() -> None:
    """Alternate both for each frozen share and seed, and record the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--blocks", type=int, nargs="+", default=[1, 3, 5])
    parser.add_argument("--rows", type=int, default=240)
    parser.add_argument("--epochs", type=int, default=4)
    arguments = parser.parse_args()
    host = Host(discover=False)
    raw: list[dict[str, Any]] = []
    one(host, "auto", BLOCKS - 1, 0, arguments.rows, 1)  # imports and the cache of features
    for blocks in arguments.blocks:
        for place, seed in enumerate(arguments.seeds):
            order = ("auto", "off") if place % 2 == 0 else ("off", "auto")
            found = {cache: one(host, cache, blocks, seed, arguments.rows, arguments.epochs) for cache in order}
            curves = [[entry["log_loss"] for entry in found[cache].history] for cache in ("auto", "off")]
            raw.append(
                {
                    "frozen": (BLOCKS - blocks) / BLOCKS,
                    "seed": seed,
                    "seconds": [found[cache].seconds["train"] for cache in ("auto", "off")],
                    "curves": curves,
                    "difference": max(abs(a - b) for a, b in zip(*curves, strict=True)),
                }
            )
            print(raw[-1], flush=True)
    _record(raw, arguments)


def _record(raw: list[dict[str, Any]], arguments: argparse.Namespace) -> None:
    rows = []
    for share in dict.fromkeys(entry["frozen"] for entry in raw):
        found = [entry for entry in raw if entry["frozen"] == share]
        ratios = [entry["seconds"][1] / entry["seconds"][0] for entry in found]
        rows.append(
            [
                f"{BLOCKS * share:.0f} of {BLOCKS}",
                spread(ratios),
                f"{statistics.median(entry['seconds'][0] for entry in found):.1f}",
                f"{statistics.median(entry['seconds'][1] for entry in found):.1f}",
                f"{max(entry['difference'] for entry in found):.1g}",
            ]
        )
    record(
        "partial",
        title="`partial` on recorded activations",
        claim="Training time without recording over that with it, recording included, by the share of blocks that "
        f"are frozen; {len(arguments.seeds)} seeds, alternating. MiniLM on {arguments.rows} rows of Twitter "
        f"financial news, {arguments.epochs} epochs, float32, one core. The last column is the greatest "
        "difference between the validation losses of any epoch and seed, the start included.",
        header=["frozen blocks", "times faster", "recorded s", "off s", "greatest difference"],
        rows=rows,
        raw=raw,
    )


if __name__ == "__main__":
    main()
