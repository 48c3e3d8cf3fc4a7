"""Runs that come before another one: where they are saved, and what is told of them."""

from pathlib import Path

from acclimate.contracts import Finding, Report

_FIGURES = 4


def beside(output: Path, name: str) -> Path:
    """Return where what belongs to a run is put: a folder of its own beside it."""
    return output.with_name(f"{output.name}-{name}")


def told_of(report: Report, code: str) -> Finding:
    """Say what came of the run before, which learned from less, and where its report is."""
    figures = ", ".join(f"{name} {score}" for name, score in list(report.metrics.items())[:_FIGURES])
    message = (
        f"With less, {report.preset} by {report.method} on {report.rows['train']:,} rows has on "
        f"{report.rows['test']:,} other test rows: {figures}. Its report is {Path(report.output).name}/report.html."
    )
    return Finding(code=code, level="note", message=message)
