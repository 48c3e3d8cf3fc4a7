"""What 8 bits cost and gain: runs on solar cells exported in float32 and in int8, measured on their own test rows."""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from acclimate import adapt, latency
from acclimate.api import Exported, export
from recording import record

SOURCE = "package:elpv-dataset"
RUNS: dict[str, dict[str, Any]] = {
    "manufacturing/defects": {"method": "frozen"},
    "manufacturing/anomalies": {"options": {"most": 2000}},
}


def main() -> None:
    """Do the runs, export each twice, and record what both files say and how long they take."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--rows", type=int, default=1000, help="A sample of so many cells of 2,624.")
    arguments = parser.parse_args()
    rows, raw = [], []
    for preset, options in RUNS.items():
        for seed in arguments.seeds:
            done, milliseconds, size = exported(preset, options, seed, arguments.rows)
            assert done.loss is not None
            loss = done.loss
            name = next(iter(loss.before))
            plain, small = (milliseconds[each] for each in ("float32.onnx", "int8.onnx"))
            rows.append(
                [
                    preset,
                    str(seed),
                    name,
                    str(loss.before[name]),
                    str(loss.after[name]),
                    f"{loss.apart.value:+.3f} [{loss.apart.low:+.3f}, {loss.apart.high:+.3f}]",
                    f"{loss.changed:,} of {loss.rows:,}",
                    f"{size:.2f}",
                    f"{plain / small:.2f}",
                ]
            )
            raw.append({"preset": preset, "seed": seed, "loss": loss.to_dict(), "ms": milliseconds, "size": size})
            print(rows[-1], flush=True)
    record(
        "int8",
        title="Runs in 8 bits: what they cost, and how much faster they are",
        claim=f"EfficientNet-Lite0 on {arguments.rows:,} solar cells, exported to ONNX in float32 and with --int8 (7 "
        "bits for weights); scores of both files on the test rows of each run, with the paired difference. Size is "
        "that of the file as a share of the other's, speed how many times faster its network is (median of one "
        "image at a time, in turns, one thread); of parts the search of the memory is in it, which stays in float32.",
        header=["preset", "seed", "metric", "float32", "int8", "difference", "other answers", "size", "speed"],
        rows=rows,
        raw=raw,
    )


def exported(preset: str, options: dict[str, Any], seed: int, cells: int) -> tuple[Exported, dict[str, float], float]:
    """Return the export in 8 bits, the median milliseconds of both files, and the share of the size."""
    with tempfile.TemporaryDirectory() as folder:
        run = adapt(
            preset,
            SOURCE,
            max_rows=cells,
            seed=seed,
            output=Path(folder) / "run",
            show_rows=False,
            shown=False,
            **options,
        )
        plain = export(run.output, Path(folder) / "float32.onnx").output
        small = export(run.output, Path(folder) / "int8.onnx", int8=True)
        timed = latency(run.output, onnx=(plain, small.output), repeats=100, threads=1).timed
        size = small.output.stat().st_size / plain.stat().st_size
    return small, {each.what: each.milliseconds["compute"].p50 for each in timed}, size


if __name__ == "__main__":
    main()
