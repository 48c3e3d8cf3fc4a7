"""Benchmark results: one JSON file each under docs/results, and docs/results.md made from all of them."""

import json
import platform
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from acclimate.contracts import Report, Score

# Of a report what is of one machine, what shows rows of the data, and what grows with the square of labels or the
# points of curves: it stays out of what is published.
_UNPUBLISHED = ("output", "mistakes", "worst", "misses", "confusion", "curves")
ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "results"
SHARED = ROOT.parent / "shared" / "data"


def record(
    name: str,
    *,
    title: str,
    claim: str,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    raw: Any,
    script: str = "",
) -> None:
    """Write the result of one benchmark and make docs/results.md anew; `script` is the file where not `name`.py."""
    from acclimate.training import processor

    FOLDER.mkdir(parents=True, exist_ok=True)
    libraries = {library: version(library) for library in ("acclimate", "torch", "transformers", "scikit-learn")}
    result = {
        "title": title,
        "claim": claim,
        "header": list(header),
        "rows": [list(row) for row in rows],
        "raw": published(raw),
        "script": f"benchmarks/{script or name + '.py'}",
        "commit": _commit(),
        "date": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "processor": processor(),
        "libraries": libraries,
    }
    (FOLDER / f"{name}.json").write_text(json.dumps(result, indent=2) + "\n")
    render()
    print(table(header, rows))


def published(value: Any) -> Any:
    """Return a report, or any nest of reports, without the rows that it shows and where its run lies."""
    if isinstance(value, dict):
        return {key: published(item) for key, item in value.items() if key not in _UNPUBLISHED}
    return [published(item) for item in value] if isinstance(value, list | tuple) else value


def _commit() -> str:
    """Return the commit of the checkout; a copy without its history has none."""
    if not (ROOT / ".git").exists():
        return "unknown"
    command = ["git", "describe", "--always", "--dirty"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def render() -> None:
    """Write docs/results.md from every recorded result."""
    parts = [
        "# Measured results\n",
        "Every table is written by the script named under it, on the machine and commit named there. Quality is the "
        "test score with its 95 % bootstrap interval; speed is a ratio within one run, since absolute times depend "
        "on the machine.\n",
    ]
    for file in sorted(FOLDER.glob("*.json")):
        result = json.loads(file.read_text())
        libraries = ", ".join(f"{name} {number}" for name, number in result["libraries"].items())
        parts += [
            f"## {result['title']}\n",
            f"{result['claim']}\n",
            table(result["header"], result["rows"]) + "\n",
            f"`{result['script']}`, {result['date']}, commit {result['commit']}, Python {result['python']}, "
            f"{libraries}, {result['processor']}\n",
        ]
    (ROOT / "docs" / "results.md").write_text("\n".join(parts))


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def beside(own: str, reports: Sequence[Report], baselines: Mapping[str, str]) -> dict[str, list[Mapping[str, Score]]]:
    """Return the scores of a model by seed as `own`, and those of baselines by how they are told."""
    sides: dict[str, list[Mapping[str, Score]]] = {own: [report.metrics for report in reports]}
    return sides | {side: [report.baselines[name] for report in reports] for side, name in baselines.items()}


def by_seed(
    sides: Mapping[str, Sequence[Mapping[str, Score]]], seeds: Sequence[int], names: Sequence[str]
) -> list[list[str]]:
    """Return scores by seed, and their means, as rows; `sides[name][place]` are those of `seeds[place]`.

    A score that a side does not have, as baselines that point at no evidence, leaves its place empty.
    """
    rows = []
    for side, found in sides.items():
        rows += [
            [side, str(seed), *(str(scores.get(name, "")) for name in names)]
            for seed, scores in zip(seeds, found, strict=True)
        ]
        means = [spread([scores[name].value for scores in found]) if name in found[0] else "" for name in names]
        rows.append([side, "mean (range)", *means])
    return rows


def mean_of(found: Sequence[Mapping[str, Score]], name: str) -> float:
    """Return the mean of a metric over seeds."""
    return statistics.mean(scores[name].value for scores in found)


def spread(values: Sequence[float]) -> str:
    """Return the mean with the least and the greatest value."""
    return f"{statistics.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})"
