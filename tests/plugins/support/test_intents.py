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


def test_rows_out_of_scope_are_known_by_name_and_told(
    tmp_path: Path, quick: dict[str, Any], tickets: Callable[..., Path]
) -> None:
    run = adapt(intents, tickets(outside=40, label="Out_of_Scope"), output=tmp_path / "run", **quick)
    scope = run.report.analysis.scope
    assert scope is not None
    assert (scope.outside, scope.score, scope.retention) == ("Out_of_Scope", "energy", 0.95)
    assert run.report.labels == ("cancel", "delivery", "refund")
    assert scope.rows["outside"] > 0
    as_label = adapt(
        intents, tickets(outside=40, label="oos"), output=tmp_path / "label", out_of_scope="none", **quick
    )
    assert "oos" in as_label.report.labels
    assert as_label.report.analysis.scope.rows["outside"] == 0  # type: ignore[union-attr]


def test_messages_with_several_intents_are_told_by_their_thresholds(
    tmp_path: Path, quick: dict[str, Any], tickets: Callable[..., Path]
) -> None:
    path = tickets(rows=90)
    path.write_text(path.read_text().replace(",refund,", ",refund|cancel,"))
    run = adapt(intents, path, label_separator="|", output=tmp_path / "run", **quick)
    assert run.report.analysis.scope is None
    assert "none is told to be out of scope" in str(run.report)


def test_the_plugin_loads_and_imports_nothing_heavy() -> None:
    host = Host()
    assert {state.name: state.state for state in host.plugins()}["support"] == "loaded"
    assert host.preset("support/intents").preset == intents
    code = "import sys, acclimate_support.plugin; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"torch", "transformers", "numpy", "datasets", "sklearn"}
