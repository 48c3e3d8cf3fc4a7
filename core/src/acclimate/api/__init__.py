"""The Python API: `adapt`, `compare`, `estimate`, `evaluate`, `latency`, `load`, `monitor`, `repeat`, `suspects`."""

from acclimate.api.adapting import Run, adapt
from acclimate.api.comparing import compare
from acclimate.api.demos import demo
from acclimate.api.estimating import estimate
from acclimate.api.evaluating import evaluate
from acclimate.api.exporting import Exported, export
from acclimate.api.merging import Merged, merge
from acclimate.api.monitoring import monitor
from acclimate.api.predicting import predict_rows
from acclimate.api.predictions import Predicted, write_predictions
from acclimate.api.predictor import Predictor, load
from acclimate.api.repeating import Repetition, repeat
from acclimate.api.saved import read_report
from acclimate.api.suspecting import suspects
from acclimate.api.timing import Latency, latency

__all__ = [
    "Exported",
    "Latency",
    "Merged",
    "Predicted",
    "Predictor",
    "Repetition",
    "Run",
    "adapt",
    "compare",
    "demo",
    "estimate",
    "evaluate",
    "export",
    "latency",
    "load",
    "merge",
    "monitor",
    "predict_rows",
    "read_report",
    "repeat",
    "suspects",
    "write_predictions",
]
