"""Every method beside full fine-tuning, on texts (Twitter financial news) and images (solar cells), by `compare`."""

import argparse
import csv
import random
import re
import tempfile
from pathlib import Path
from typing import Any

from acclimate import compare
from acclimate.contracts import MethodResult
from acclimate_manufacturing import solar_cells
from recording import SHARED, record

NEWS = SHARED / "finance" / "twitter_financial_news"
_TEXT = {
    "preset": "general/text-classification",
    "source": str(NEWS / "train.csv"),
    "test": str(NEWS / "valid.csv"),
    "metric": "macro_f1",
    "allow_leakage": True,  # of the published split, whose test rows repeat a training row now and then
}
TASKS: dict[str, dict[str, Any]] = {
    "text": {
        **_TEXT,
        "title": "Twitter financial news: every method beside full fine-tuning of MiniLM",
        "methods": ("full", "layerwise", "lora", "adapters", "prefix", "prompt", "frozen"),
        "max_rows": 2000,
    },
    "text500": {
        **_TEXT,
        "title": "Twitter financial news, 500 training rows: what pretraining gives",
        "methods": ("full", "full:head=random", "frozen", "scratch"),
        "max_rows": 556,
    },
    "image500": {
        "title": "Solar cells, 500 training rows: methods beside full fine-tuning of EfficientNet-Lite0, and what "
        "pretraining gives",
        "preset": "manufacturing/defects",
        "metric": "accuracy",
        # From scratch for as many epochs as `full`; its own 20 take 17 minutes a seed.
        "methods": ("full", "layerwise", "lora", "frozen", "scratch:epochs=8"),
        "max_rows": 556,
        "allow_leakage": True,  # flawless cells look alike, in whatever part
    },
}


def main() -> None:
    """Compare the methods of one task and record the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--methods", nargs="+")
    parser.add_argument("--output", type=Path, help="where finished runs are kept; the benchmark goes on from there")
    arguments = parser.parse_args()
    task = dict(TASKS[arguments.task])
    title, preset = task.pop("title"), task.pop("preset")
    methods = tuple(task.pop("methods"))
    name, script = f"methods_{arguments.task}", f"methods.py {arguments.task}"
    if arguments.methods and set(arguments.methods) != set(methods):  # a part of the table stands beside it
        methods = tuple(arguments.methods)
        name += "_" + "_".join(re.sub(r"\W", "-", method) for method in methods)
        script += f" --methods {' '.join(methods)}"
        title += f" ({', '.join(methods)})"
    with tempfile.TemporaryDirectory() as folder:
        output = arguments.output or Path(folder) / "comparison"
        if "source" not in task:
            rows = output.with_name(f"{output.name}-rows")
            rows.mkdir(parents=True, exist_ok=True)
            task["source"], task["test"] = deal_cells(rows)
        source = task.pop("source")
        found = compare(preset, source, methods=methods, seeds=arguments.seeds, output=output, **task)
    print(found)
    record(
        name,
        title=title,
        claim=f"{task['max_rows']:,} rows of the source, split by each of {arguments.seeds} seeds"
        + (", tested on the given test file." if "test" in task else ".")
        + " The difference to the best is paired on the same rows and seeds. Test rows that repeat a training row "
        "are left in, for all methods alike.",
        header=["method", "score", "difference to best", "trained", "seconds", "peak MiB"],
        rows=[_row(method) for method in found.methods],
        raw=found.to_dict(),
        script=script,
    )


def deal_cells(folder: Path, test: int = 800) -> tuple[str, str]:
    """Write tables of the solar cells, one to draw training rows from and one of test rows, and return both."""
    rows = list(solar_cells.read("package:elpv-dataset"))
    random.Random(0).shuffle(rows)
    paths = []
    for name, part in (("pool", rows[test:]), ("test", rows[:test])):
        path = folder / f"{name}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=["image", "label", "cell_type"], extrasaction="ignore")
            writer.writeheader()
            writer.writerows(part)
        paths.append(str(path))
    return paths[0], paths[1]


def _row(method: MethodResult) -> list[str]:
    if method.score is None:
        return [method.name, method.reason, "", "", "", ""]
    difference = "best"
    if method.difference is not None:
        found = method.difference
        difference = f"{found.value:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"
    return [
        method.name,
        str(method.score),
        difference + (" (not significant)" if method.significant is False else ""),
        f"{method.parameters['trainable']:,} ({100 * (method.share or 0):.2f} %)",
        f"{method.seconds or 0:.0f}",
        f"{(method.peak_memory_bytes or 0) / 2**20:.0f}",
    ]


if __name__ == "__main__":
    main()
