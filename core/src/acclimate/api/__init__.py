"""The Python API: `adapt`, `evaluate` and `load`."""

from acclimate.api.adapt import Run, adapt
from acclimate.api.demo import demo
from acclimate.api.evaluate import evaluate, predict_rows
from acclimate.api.predictor import Predictor, load

__all__ = ["Predictor", "Run", "adapt", "demo", "evaluate", "load", "predict_rows"]
