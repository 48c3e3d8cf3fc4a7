"""Every method on real weights in bfloat16 on a GPU: it trains, is saved, and comes back as it was."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from acclimate.api import Predictor, Run, adapt, evaluate
from acclimate.contracts import BackboneError
from acclimate.plugins import Host

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")]

BACKBONES = {"text": "minilm-l6", "image": "efficientnet-lite0"}
METRICS = {"accuracy": (0.0, 1.0), "macro_f1": (0.0, 1.0), "mcc": (-1.0, 1.0), "auroc": (0.0, 1.0)}
SAME = 1e-6  # the kernels and their order are the same; only the softmax is left to round
Sources = Mapping[str, Mapping[str, Path]]


def offered() -> Iterator[tuple[str, str]]:
    """Yield each modality with each method that core offers for it, and `qlora` in any case."""
    methods = Host(discover=False).methods()
    for modality in BACKBONES:
        task = f"{modality}-classification"
        names = [name for name, method in methods.items() if task in method.tasks]
        yield from ((modality, name) for name in sorted({*names, "qlora"}))


@pytest.fixture(scope="module")
def host() -> Host:
    """Return core's own offers."""
    return Host(discover=False)


@pytest.fixture(scope="module")
def runs(sources: Sources, host: Host, tmp_path_factory: pytest.TempPathFactory) -> "Runs":
    """Return the runs of this module, each done when it is first asked for."""
    return Runs(sources, host, tmp_path_factory.mktemp("runs"))


class Runs:
    """Short runs by modality and method."""

    def __init__(self, sources: Sources, host: Host, folder: Path) -> None:
        self.sources, self.host, self.folder = sources, host, folder
        self.done: dict[tuple[str, str], Run | str] = {}

    def __call__(self, modality: str, method: str) -> Run:
        """Return a run of four steps, or skip visibly where the method refuses the backbone."""
        if (modality, method) not in self.done:
            self.done[modality, method] = self._run(modality, method)
        found = self.done[modality, method]
        if isinstance(found, str):
            pytest.skip(found)
        return found

    def _run(self, modality: str, method: str) -> Run | str:
        offer = self.host.methods().get(method)
        task = f"{modality}-classification"
        if offer is None or task not in offer.tasks:
            return f"the host offers no method {method!r} for {task}"
        try:
            return adapt(
                f"general/{task}",
                self.sources[modality]["train"],
                test=self.sources[modality]["test"],
                method=method,
                backbone=BACKBONES[modality],
                output=self.folder / f"{modality}-{method}",
                host=self.host,
                precision="bfloat16",
                max_steps=None if method == "frozen" else 4,
                batch_size=None if method == "frozen" else 8,
                seed=1,
                shown=False,
            )
        except BackboneError as refusal:
            return f"{method} refuses {BACKBONES[modality]}: {refusal.message}"


every_cell = pytest.mark.parametrize(("modality", "method"), list(offered()))


@every_cell
def test_a_run_finishes_with_scores_in_range(runs: Runs, modality: str, method: str) -> None:
    report = runs(modality, method).report
    assert report.method == method
    assert set(report.metrics) == set(METRICS)
    for name, (low, high) in METRICS.items():
        score = report.metrics[name]
        assert low <= score.low <= score.value <= score.high <= high, name
    assert 0 < report.parameters["trainable"] <= report.parameters["total"]
    assert report.peak_memory_bytes > 1_000_000
    losses = [entry["log_loss"] for entry in report.history]
    assert all(math.isfinite(loss) for loss in losses)
    assert bool(losses) is (method != "frozen")


@every_cell
def test_a_saved_run_comes_back_on_the_gpu_with_equal_probabilities(
    runs: Runs, host: Host, items: Mapping[str, list[str]], modality: str, method: str
) -> None:
    run = runs(modality, method)
    first, second = (Predictor(run.output, host) for _ in range(2))
    assert all(parameter.is_cuda == torch.cuda.is_available() for parameter in first.model.parameters())
    assert first.manifest["precision"] == "bfloat16"
    probabilities = first.probabilities(items[modality])
    assert np.isfinite(probabilities).all()
    assert probabilities.sum(axis=1) == pytest.approx(1.0)
    assert np.allclose(second.probabilities(items[modality]), probabilities, atol=SAME)


@every_cell
def test_the_saved_model_repeats_the_scores_of_the_report(
    runs: Runs, host: Host, sources: Sources, modality: str, method: str
) -> None:
    """The report was made by the model in memory; the one on disk must score the same on the same rows."""
    run = runs(modality, method)
    again = evaluate(run.output, sources[modality]["test"], host=host)
    assert again.confusion == run.report.confusion
    for name, score in run.report.metrics.items():
        assert again.metrics[name].value == pytest.approx(score.value, abs=SAME), name
