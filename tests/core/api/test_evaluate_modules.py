"""A module of `evaluate` in a folder here is a metric with an interval; nothing else of that kind is loaded."""

import importlib.util
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from acclimate.api import Run, adapt, evaluate, evaluate_modules, repeat, scoring
from acclimate.bundle.write import SEAL, sealed
from acclimate.contracts import MissingPackageError, OptionError
from acclimate.evaluation import accuracy, score
from acclimate.plugins import Host

pytest.importorskip("evaluate", reason="the extra acclimate[evaluate] is not installed")

Finished = Callable[[str, str], Run]
MODULE = """
import datasets
import evaluate


class {name}(evaluate.Metric):
    def _info(self):
        whole = datasets.Value("int64")
        features = datasets.Features({features})
        return evaluate.MetricInfo(description="", citation="", inputs_description="", features=features)

    def _compute(self, {arguments}):
        return {result}
{more}
"""
SHARE = '{"share": sum(a == b for a, b in zip(predictions, references)) / len(references)}'
PAIR = '{"predictions": whole, "references": whole}'


def write(
    folder: Path,
    *,
    name: str = "Share",
    features: str = PAIR,
    arguments: str = "predictions, references",
    result: str = SHARE,
    more: str = "",
) -> Path:
    folder.mkdir(exist_ok=True)
    text = MODULE.format(name=name, features=features, arguments=arguments, result=result, more=more)
    (folder / f"{folder.name}.py").write_text(text)
    return folder


def test_a_module_in_a_folder_is_a_metric_with_the_interval_of_ours(tmp_path: Path) -> None:
    name = f"evaluate:{write(tmp_path / 'right_share')}"
    host = Host(discover=False)
    task = "text-classification"
    metrics = scoring.metrics_of(host, "general", [name], task=task, multilabel=False)
    rng = np.random.default_rng(0)
    truth, scores = rng.integers(3, size=60), rng.normal(size=(60, 3))
    scores[np.arange(60), truth] += 1
    functions = scoring.functions_of(host, metrics, multilabel=False)
    found = score(truth, scores, functions, resamples=200)[name]
    assert found == score(truth, scores, {"ours": accuracy}, resamples=200)["ours"]
    assert found.low < found.value < found.high
    assert metrics[name].name == "evaluate.right-share"


@pytest.mark.slow
def test_a_saved_run_is_measured_by_a_module_that_is_named(finished: Finished, texts: Path, tmp_path: Path) -> None:
    run = finished("text", "frozen")
    script = write(tmp_path / "share") / "share.py"
    named = f"evaluate:{script}"
    report = evaluate(run.output, texts, metrics=(named, "accuracy"))
    assert report.metrics[named].value == pytest.approx(report.metrics["accuracy"].value)
    assert report.baselines["majority_class"][named].value == pytest.approx(
        report.baselines["majority_class"]["accuracy"].value
    )


def test_a_run_does_not_say_which_code_measures_it_again(finished: Finished, texts: Path, tmp_path: Path) -> None:
    run = shutil.copytree(finished("text", "frozen").output, tmp_path / "run")
    manifest = json.loads((run / "manifest.json").read_text())
    named = f"evaluate:{write(tmp_path / 'share', more='raise SystemExit')}"
    del manifest[SEAL]
    results = {"metrics": {**manifest["results"]["metrics"], named: {"value": 1, "low": 1, "high": 1}}}
    (run / "manifest.json").write_text(sealed({**manifest, "results": results}))
    with pytest.raises(
        OptionError, match=r"is run only where you name it\. Name the metrics: --metrics accuracy,.*eval"
    ):
        evaluate(run, texts)
    asked = {**manifest["request"], "options": {**manifest["request"]["options"], "metrics": [named]}}
    (run / "manifest.json").write_text(sealed({**manifest, "request": asked}))
    with pytest.raises(OptionError, match=r"is run only where you name it"):
        repeat(run, output=tmp_path / "again", shown=False)
    assert list(evaluate(run, texts, metrics=("accuracy",)).metrics) == ["accuracy"]


@pytest.mark.slow
def test_a_new_run_reports_a_module_that_is_named(texts: Path, tmp_path: Path) -> None:
    named = f"evaluate:{write(tmp_path / 'share')}"
    output = tmp_path / "run"
    run = adapt("general/text-classification", texts, method="frozen", metrics=[named], output=output, shown=False)
    assert list(run.report.metrics) == [named]
    found = run.report.metrics[named]
    assert found.low <= found.value <= found.high


@pytest.mark.parametrize("name", ["evaluate:accuracy", "evaluate:owner/bleu", "evaluate:", "evaluate:./missing.py"])
def test_a_name_of_a_hub_is_refused_before_anything_is_computed(name: str, texts: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"no folder and no script .* Download the module, review it, and name its"):
        adapt("general/text-classification", texts, method="frozen", metrics=(name,), output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"more": "class Other(Share):\n    pass"}, "one class of evaluate.Metric in .*, found Share, Other"),
        ({"more": "    def _download_and_prepare(self, dl_manager):\n        pass"}, "downloads what it needs"),
        ({"features": '{"predictions": whole}', "arguments": "predictions"}, "references, found predictions"),
    ],
)
def test_modules_that_cannot_be_used_are_refused(changed: dict[str, str], message: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "share", **changed)
    with pytest.raises(OptionError, match=message):
        evaluate_modules.module_metric(f"evaluate:{folder}", "text-classification")


@pytest.mark.parametrize("result", ['{"a": 1.0, "b": 2.0}', '{"a": [0.5]}', "0.5"])
def test_a_result_that_is_not_one_number_is_shown(result: str, tmp_path: Path) -> None:
    metric = evaluate_modules.module_metric(
        f"evaluate:{write(tmp_path / 'share', result=result)}", "text-classification"
    )
    with pytest.raises(OptionError, match=r"Expected one number from .*share.py, found"):
        metric.function()(np.array([0, 1]), np.eye(2), np.ones(2))


def test_a_folder_without_its_script_says_which_one_is_expected(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=rf"Expected the script {tmp_path.name}.py in "):
        evaluate_modules.module_metric(f"evaluate:{tmp_path}", "text-classification")


def test_without_the_package_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, found = write(tmp_path / "share"), importlib.util.find_spec
    monkeypatch.setattr(evaluate_modules, "find_spec", lambda name: None if name == "evaluate" else found(name))
    with pytest.raises(MissingPackageError, match=r"needs the package 'evaluate'. .* 'acclimate\[evaluate\]'"):
        evaluate_modules.module_metric(f"evaluate:{folder}", "text-classification")


def test_rows_of_several_labels_are_refused(tmp_path: Path) -> None:
    name = f"evaluate:{write(tmp_path / 'share')}"
    with pytest.raises(OptionError, match=r"several labels, which metric 'evaluate:.*' is not for"):
        scoring.metrics_of(Host(discover=False), "general", [name], task="text-classification", multilabel=True)
