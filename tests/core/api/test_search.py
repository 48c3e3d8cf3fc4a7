"""Method `auto`: what it tries, what it keeps, and what it says about that."""

import csv
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from acclimate.api import Run, adapt, adapting, search
from acclimate.api.folds import deal_folds
from acclimate.contracts import BackboneError, Method, OptionError, Preset
from acclimate.methods import solve_head
from acclimate.plugins import Host, Ref, hookimpl
from sklearn.linear_model import LogisticRegression

TEXT = "general/text-classification"
MORE = {"epochs": 12, "learning_rate": 1e-2, "batch_size": 16}
WORDS = 40


@pytest.fixture(scope="module", autouse=True)
def two_candidates() -> Iterator[None]:
    """Leave `contrastive` out, which core offers first where rows are few: each search is of lora, then full."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "_OF_FEW", {"text": (), "image": ()})
        yield


@pytest.fixture(scope="module")
def backbone(save_backbone: Callable[[Sequence[str]], str]) -> str:
    """Return the folder of a tiny random BERT, whose every word is one token."""
    return save_backbone([f"w{number}" for number in range(WORDS)])


@pytest.fixture(scope="module")
def rare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return texts of ten words; half of all words stand for one label, which 16 frozen numbers cannot hold."""
    rng = random.Random(5)
    rows = []
    for number in range(150):
        label = number % 2
        own = [f"w{word}" for word in range(WORDS) if word % 2 == label]
        other = [f"w{word}" for word in range(WORDS) if word % 2 != label]
        words = [*rng.choices(own, k=6), *rng.choices(other, k=4)]
        rng.shuffle(words)
        rows.append({"id": f"r{number}", "text": " ".join(words), "label": "ab"[label], "client": f"c{number // 5}"})
    path = tmp_path_factory.mktemp("rare") / "rare.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def searched(source: Path, backbone: str, output: Path, **more: Any) -> Run:
    given = {"method": "auto", "precision": "float32", "shown": False, **MORE, **more}
    return adapt(TEXT, source, backbone=backbone, output=output, **given)


@pytest.fixture(scope="module")
def better(rare: Path, backbone: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return searched(rare, backbone, tmp_path_factory.mktemp("better") / "run", budget=5)


def methods(run: Run) -> dict[str, Mapping[str, Any]]:
    return {each["method"]: each for each in run.report.settings["auto"]["methods"]}


def timeless(run: Run) -> dict[str, Any]:
    found = dict(run.report.settings["auto"])
    kept = [{k: v for k, v in each.items() if "seconds" not in k} for each in found["methods"]]
    return {**found, "methods": kept}


@pytest.mark.slow
def test_a_candidate_takes_the_place_of_frozen_when_the_interval_of_the_difference_lies_above_0(better: Run) -> None:
    found = methods(better)
    assert list(found) == ["frozen", "lora", "full"]
    winners = [each for each in found.values() if each["outcome"] == "better"]
    assert winners
    assert better.report.method == winners[-1]["method"] == better.report.settings["auto"]["chosen"]
    assert all(each["difference"]["low"] > 0 for each in winners)
    for each in found.values():
        assert each["outcome"] in ("first", "better", "not-better")
        assert each["outcome"] != "not-better" or each["difference"]["low"] <= 0


@pytest.mark.slow
def test_the_run_of_the_winner_is_the_run_of_that_method(
    better: Run, rare: Path, backbone: str, tmp_path: Path
) -> None:
    alone = searched(rare, backbone, tmp_path / "run", method=better.report.method)
    assert np.array_equal(alone.test_rows.scores, better.test_rows.scores)
    assert alone.report.metrics == better.report.metrics
    assert alone.report.history == better.report.history
    assert "auto" not in alone.report.settings
    assert set(better.report.seconds) - set(alone.report.seconds) == {"search"}


@pytest.mark.slow
def test_a_search_says_the_scores_and_differences_it_decided_by(better: Run) -> None:
    said = {finding.code: finding for finding in better.report.findings if finding.code.startswith("auto-")}
    assert {finding.level for finding in said.values()} == {"note"}
    first = methods(better)["frozen"]["score"]
    assert f"accuracy {first['value']:.3f} [{first['low']:.3f}, {first['high']:.3f}]" in said["auto-first"].message
    assert "against frozen: it takes its place" in said["auto-better"].message
    assert "test rows played no part" in said["auto-chosen"].message
    assert said["auto-chosen"].message in str(better.report)


@pytest.mark.slow
def test_frozen_stays_and_nothing_else_is_trained_when_nothing_is_better(
    rare: Path, backbone: str, tmp_path: Path
) -> None:
    """One step at a tiny rate changes no prediction: the difference is 0, and its interval too."""
    run = searched(rare, backbone, tmp_path / "run", max_steps=1, learning_rate=1e-9)
    assert run.report.method == "frozen"
    assert run.report.history == ()
    for name in ("lora", "full"):
        found = methods(run)[name]
        assert found["outcome"] == "not-better"
        assert found["difference"]["low"] <= 0 <= found["difference"]["high"]
    assert "no other method that was measured is better" in str(run.report)


def test_a_budget_that_is_too_small_leaves_frozen_and_says_so(rare: Path, backbone: str, tmp_path: Path) -> None:
    run = searched(rare, backbone, tmp_path / "run", budget=1e-6)
    assert run.report.method == "frozen"
    assert [each["outcome"] for each in methods(run).values()] == ["first", "not-started", "not-started"]
    assert "lora was not started: the budget was used up" in str(run.report)
    assert "no other method was measured" in str(run.report)


def test_a_candidate_that_would_not_fit_is_not_started_and_the_numbers_are_told(
    rare: Path, backbone: str, tmp_path: Path
) -> None:
    run = searched(rare, backbone, tmp_path / "run", budget=1, epochs=100_000)
    found = methods(run)["full"]
    assert found["outcome"] == "not-started"
    assert found["estimated_seconds"] > found["left_seconds"] > 0
    told = f"takes about {found['estimated_seconds']:.0f} s and {found['left_seconds']:.0f} s of the budget were left"
    assert told in str(run.report)


def test_a_candidate_that_overruns_is_stopped_at_the_end_of_an_epoch(
    rare: Path, backbone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    epochs: list[str] = []
    moved = 0.0
    real, started = search.perf_counter, search.stages.learn

    def learn(subject: Any, plan: Any, tell: Callable[..., None]) -> Any:
        def late(kind: str, **details: Any) -> None:
            nonlocal moved
            if kind == "epoch" and plan.method == "lora":
                epochs.append(kind)
                moved = 3_000.0
            tell(kind, **details)

        return started(subject, plan, late)

    monkeypatch.setattr(search, "perf_counter", lambda: real() + moved)
    monkeypatch.setattr(search, "stages", SimpleNamespace(learn=learn))
    run = searched(rare, backbone, tmp_path / "run", budget=10)
    assert methods(run)["lora"]["outcome"] == "stopped"
    assert len(epochs) == 1
    assert methods(run)["full"]["outcome"] == "not-started"
    assert run.report.method == "frozen"
    assert "lora was stopped after" in str(run.report)


def refuse(model: Any, need: Any, settings: Any) -> Any:
    raise BackboneError("There is nothing to update here.")


def explode(model: Any, need: Any, settings: Any) -> Any:
    raise ZeroDivisionError("a bug")


def trade(plan: str, answer: str | None = None) -> Host:
    """Return a host with a plugin whose own method "lora" has that plan."""

    class Trade:
        @hookimpl
        def register_presets(self) -> Any:
            yield Preset(name="mail", summary="Mail.", task="text-classification")

        @hookimpl
        def register_methods(self) -> Any:
            tasks = ("text-classification",)
            yield Method(name="lora", summary="Its own.", tasks=tasks, plan=Ref(plan))

        @hookimpl
        def choose_method(self) -> str | None:
            return answer

    host = Host(discover=False, strict=True)
    host.register(Trade(), "trade")
    return host


def mail(host: Host, source: Path, backbone: str, output: Path, **more: Any) -> Run:
    given = {"max_steps": 1, "precision": "float32", "shown": False, **more}
    return adapt("trade/mail", source, backbone=backbone, output=output, host=host, **given)


def test_a_candidate_that_refuses_the_backbone_is_listed_with_its_reason(
    rare: Path, backbone: str, tmp_path: Path
) -> None:
    plan_of = search.make_plan

    def make_plan(host: Any, request: Any, method: Method, model: Any, train: Any) -> Any:
        return refuse(model, None, None) if method.name == "lora" else plan_of(host, request, method, model, train)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "make_plan", make_plan)
        run = searched(rare, backbone, tmp_path / "run", max_steps=1)
    assert methods(run)["lora"]["outcome"] == "refused"
    assert methods(run)["full"]["outcome"] in ("better", "not-better")
    assert "auto: lora was left out: There is nothing to update here." in str(run.report)


def test_any_other_error_of_a_candidate_ends_the_run(
    rare: Path, backbone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "price", explode)
    with pytest.raises(ZeroDivisionError):
        searched(rare, backbone, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_plugin_that_names_a_method_is_not_searched_for(rare: Path, backbone: str, tmp_path: Path) -> None:
    run = mail(trade("acclimate.methods.full:plan", "full"), rare, backbone, tmp_path / "run")
    assert run.report.method == "full"
    assert "auto" not in run.report.settings
    assert "plugin 'trade' names for such rows; nothing was searched" in str(run.report)


@pytest.mark.slow
def test_a_plugin_that_names_none_gets_a_search_with_its_own_methods(
    rare: Path, backbone: str, tmp_path: Path
) -> None:
    """Its "lora" is `full` under that name: both candidates have the same scores, and the second gains nothing."""
    run = mail(trade("acclimate.methods.full:plan"), rare, backbone, tmp_path / "run", max_steps=4)
    own, core = methods(run)["lora"], methods(run)["full"]
    assert own["score"] == core["score"]
    assert core["outcome"] == "not-better"


@pytest.mark.slow
def test_test_rows_are_never_looked_at(
    better: Run, rare: Path, backbone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Tripwire:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(f"the search looked at {name} of the test rows")

        def __len__(self) -> int:
            raise AssertionError("the search counted the test rows")

    def guarded(host: Any, request: Any, subject: Any, *, ends: float) -> Any:
        parts, examples = dict(subject.parts), dict(subject.examples)
        blind = replace(subject, parts={**parts, "test": Tripwire()}, examples={**examples, "test": Tripwire()})
        return search.search(host, request, blind, ends=ends)

    monkeypatch.setattr(adapting, "search", guarded)
    run = searched(rare, backbone, tmp_path / "run", budget=5)
    assert timeless(run) == timeless(better), "the same seed gives the same search"


def held(source: Path, backbone: str, output: Path, patch: pytest.MonkeyPatch, **more: Any) -> Any:
    """Return what a search was given, and its folds."""
    seen: list[Any] = []

    def watch(host: Any, request: Any, subject: Any, *, ends: float) -> Any:
        seen.append((subject, deal_folds(subject, request.preset.split)))
        return search.search(host, request, subject, ends=ends)

    patch.setattr(adapting, "search", watch)
    searched(source, backbone, output, budget=1e-6, **more)
    return seen[0]


@pytest.mark.parametrize("group", ["", "client"])
def test_each_training_row_is_held_out_once_and_groups_never_straddle(
    rare: Path, backbone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: str
) -> None:
    subject, folds = held(rare, backbone, tmp_path / "run", monkeypatch, group=group)
    ids = subject.parts["train"].ids
    assert sorted(row for fold in folds for row in fold.held_out) == list(range(len(ids)))
    for fold in folds:
        parts = [set(fold.train), set(fold.validation), set(fold.held_out)]
        assert all(parts)
        assert sum(map(len, parts)) == len(set.union(*parts)) == len(ids)
        if group:
            clients = [{int(ids[row][1:]) // 5 for row in part} for part in parts]
            assert sum(map(len, clients)) == len(set.union(*clients))
        else:
            shares = [subject.parts["train"].truth[sorted(part)].mean() for part in parts]
            assert shares == pytest.approx([0.5] * 3, abs=0.1)


def test_too_few_groups_for_folds_leave_frozen_and_say_so(rare: Path, backbone: str, tmp_path: Path) -> None:
    header, *lines = rare.read_text().splitlines()
    groups = {"train": ("g0", "g1"), "validation": ("g2", "g3"), "test": ("g4", "g5")}
    for number, (name, own) in enumerate(groups.items()):
        mine = lines[50 * number : 50 * number + 50]
        rows = [f"{line.rpartition(',')[0]},{own[place // 2 % 2]}" for place, line in enumerate(mine)]
        (tmp_path / f"{name}.csv").write_text("\n".join([header, *rows]))
    given = {name: tmp_path / f"{name}.csv" for name in ("validation", "test")}
    run = searched(tmp_path / "train.csv", backbone, tmp_path / "run", group="client", **given)
    assert run.report.method == "frozen"
    assert "the training rows cannot be cross-validated. 2 groups are too few" in str(run.report)
    assert run.report.settings["auto"]["methods"] == []


def test_scores_of_frozen_are_those_of_heads_that_did_not_see_the_row(
    rare: Path, backbone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An independent cross-validation: scikit-learn's own regression on features computed here, on the same folds."""
    subject, folds = held(rare, backbone, tmp_path / "run", monkeypatch)
    with torch.no_grad():
        features = subject.model.features(
            subject.examples["train"].batch(range(len(subject.parts["train"].ids)))
        ).numpy()
    truth = subject.parts["train"].truth
    right = np.zeros(len(truth))
    for fold in folds:
        x, mean, scale = features, features[fold.train].mean(0), features[fold.train].std(0)
        c = solve_head(features[fold.train], truth[fold.train], 2, seed=0).c
        head = LogisticRegression(C=c, max_iter=300).fit((x[fold.train] - mean) / scale, truth[fold.train])
        right[fold.held_out] = head.predict((x[fold.held_out] - mean) / scale) == truth[fold.held_out]
    run = searched(rare, backbone, tmp_path / "again", budget=1e-6)
    assert methods(run)["frozen"]["score"]["value"] == pytest.approx(right.mean(), abs=0.011)


@pytest.mark.parametrize("budget", [0, -1, float("nan"), float("inf"), "ten", True])
def test_a_budget_that_is_no_number_of_minutes_is_refused(rare: Path, budget: Any) -> None:
    with pytest.raises(OptionError, match=f"budget is minutes above 0, found {budget!r}"):
        adapt(TEXT, rare, method="auto", budget=budget, shown=False)


def test_a_budget_with_another_method_is_refused(rare: Path) -> None:
    with pytest.raises(OptionError, match="budget bounds the search of method 'auto', found it with method 'lora'"):
        adapt(TEXT, rare, method="lora", budget=3, shown=False)


def test_options_of_a_method_are_refused_by_a_search(rare: Path, backbone: str, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="takes no options, found rank"):
        searched(rare, backbone, tmp_path / "run", options={"rank": 2})


@pytest.mark.parametrize(
    ("modality", "rows", "names"),
    [
        ("text", 128, ("contrastive", "lora", "full")),
        ("text", 129, ("lora", "full")),
        ("image", 10, ("full", "lora")),
    ],
)
def test_candidates_go_by_modality_and_rows(
    modality: str, rows: int, names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_OF_FEW", {"text": ("contrastive",), "image": ()})
    assert search.candidates(modality, rows, 2) == names


@pytest.mark.slow
def test_progress_goes_to_standard_error_only_where_it_is_shown(
    rare: Path, backbone: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    searched(rare, backbone, tmp_path / "quiet", max_steps=1)
    assert "auto:" not in "".join(capfd.readouterr())
    searched(rare, backbone, tmp_path / "loud", max_steps=1, shown=True)
    said = capfd.readouterr()
    assert "auto: lora, fold 3 of 3" in said.err
    assert said.out == ""
