"""The Python API: `adapt`, `compare`, `evaluate`, `suspects` and `load`."""

from acclimate.api.adapting import Run, adapt
from acclimate.api.comparing import compare
from acclimate.api.demos import demo
from acclimate.api.evaluating import evaluate, predict_rows
from acclimate.api.predictor import Predictor, load
from acclimate.api.saved import read_report
from acclimate.api.suspecting import suspects

__all__ = [
    "Predictor",
    "Run",
    "adapt",
    "compare",
    "demo",
    "evaluate",
    "load",
    "predict_rows",
    "read_report",
    "suspects",
]
