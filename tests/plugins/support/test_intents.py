"""The preset `support/intents`, from rows to a report."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from acclimate import adapt
from acclimate.plugins import Host
from acclimate_support import intents


def test_a_run_reports_as_the_trade_does(tmp_path: Path, quick: dict[str, Any], tickets: Callable[..., Path]) -> None:
    run = adapt("support/intents", tickets(), output=tmp_path / "run", **quick)
    assert run.report.labels == ("cancel", "delivery", "refund")
    assert set(intents.metrics) == set(run.report.metrics)
    assert run.load().predict(["where parcel today"])[0].label == "delivery"


def test_the_plugin_loads_and_imports_nothing_heavy() -> None:
    host = Host()
    assert {state.name: state.state for state in host.plugins()}["support"] == "loaded"
    assert host.preset("support/intents").preset == intents
    code = "import sys, acclimate_support.plugin; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"torch", "transformers", "numpy", "datasets", "sklearn"}
