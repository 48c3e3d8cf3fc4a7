"""Seconds until the light commands answer, against `python -c pass` in the same run."""

import argparse
import statistics
import subprocess
import sys
import time

from recording import record

COMMANDS = {"acclimate --help": ["--help"], "acclimate plugins list": ["plugins", "list"]}


def seconds(arguments: list[str]) -> float:
    """Return the wall-clock seconds of one start of Python."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Alternate the commands with a bare start of Python and record medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    arguments = parser.parse_args()
    rows, raw = [], {}
    for name, command in COMMANDS.items():
        pairs = [
            (seconds(["-m", "acclimate", *command]), seconds(["-c", "pass"])) for _ in range(arguments.runs + 1)
        ][1:]
        ours, bare = (statistics.median(pair[index] for pair in pairs) for index in (0, 1))
        raw[name] = pairs
        rows.append([name, f"{ours:.2f}", f"{bare:.2f}"])
    record(
        "startup",
        title="Start",
        claim="Neither command imports torch, transformers or numpy (a test holds it).",
        header=["command", "seconds", "bare Python"],
        rows=rows,
        raw=raw,
    )


if __name__ == "__main__":
    main()
