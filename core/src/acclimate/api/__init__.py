"""The Python API: `adapt`, `evaluate` and `load`."""

from acclimate.api.adapting import Run, adapt
from acclimate.api.demos import demo
from acclimate.api.evaluating import evaluate, predict_rows
from acclimate.api.predictor import Predictor, load

__all__ = ["Predictor", "Run", "adapt", "demo", "evaluate", "load", "predict_rows"]
