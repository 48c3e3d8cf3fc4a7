"""Every method beside full fine-tuning, on texts (Twitter financial news) and images (solar cells), by `compare`."""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from acclimate import compare
from acclimate.contracts import MethodResult
from recording import SHARED, record

NEWS = SHARED / "finance" / "twitter_financial_news"
TASKS: dict[str, dict[str, Any]] = {
    "text": {
        "title": "Twitter financial news: every method beside full fine-tuning of MiniLM",
        "preset": "general/text-classification",
        "source": str(NEWS / "train.csv"),
        "test": str(NEWS / "valid.csv"),
        "metric": "macro_f1",
        "methods": ("full", "layerwise", "lora", "adapters", "prefix", "prompt", "ia3", "bitfit", "norm", "frozen"),
        "max_rows": 2000,
    },
    "image": {
        "title": "Solar cells: every method beside full fine-tuning of EfficientNet-Lite0",
        "preset": "manufacturing/defects",
        "source": "package:elpv-dataset",
        "metric": "accuracy",
        "methods": ("full", "layerwise", "lora", "adapters", "norm", "frozen"),
        "max_rows": 1000,
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
    title, preset, source = (task.pop(name) for name in ("title", "preset", "source"))
    methods = tuple(arguments.methods or task.pop("methods"))
    task.pop("methods", None)
    with tempfile.TemporaryDirectory() as folder:
        output = arguments.output or Path(folder) / "comparison"
        found = compare(preset, source, methods=methods, seeds=arguments.seeds, output=output, **task)
    print(found)
    record(
        f"methods_{arguments.task}",
        title=title,
        claim=f"{task['max_rows']:,} rows of the source, split by each of {arguments.seeds} seeds"
        + (", tested on the given test file." if "test" in task else ".")
        + " The difference to the best is paired on the same rows and seeds.",
        header=["method", "score", "difference to best", "trained", "seconds", "peak MiB"],
        rows=[_row(method) for method in found.methods],
        raw=_without_folders(found.to_dict()),
        script=f"methods.py {arguments.task}",
    )


def _without_folders(value: Any) -> Any:
    """Return the comparison without where its runs lie on this machine."""
    if isinstance(value, dict):
        return {key: _without_folders(item) for key, item in value.items() if key != "output"}
    return [_without_folders(item) for item in value] if isinstance(value, list | tuple) else value


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
