"""Every way a plugin can be broken, each as an installed distribution, all in one environment with a good one."""

from collections.abc import Callable
from typing import Any

import pytest

GOOD = """
    from acclimate.plugins import hookimpl, Loader, Preset, Ref

    @hookimpl
    def register_presets():
        yield Preset(name="job", summary="A job.", task="text-classification")

    @hookimpl
    def register_loaders():
        yield Loader(name="ledger", summary="A ledger.", read=Ref("acme_good.reading:rows"), suffixes=(".led",))
"""
START = "from acclimate.plugins import *\n"
PRESET = "Preset(name='job', summary='A job.', task='text-classification')"
REGISTER = START + "@hookimpl\ndef register_presets():\n    "
METRIC = "Metric(name='cost', summary='Cost.', tasks=('text-classification',), score={score})"
METRICS = START + "@hookimpl\ndef register_metrics():\n    yield " + METRIC

# entry point: source of its module, expected state, expected parts of the reason
BROKEN: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "raises": ("raise RuntimeError('no licence\\nfile')", "failed", ("RuntimeError: no licence file",)),
    "cannot-import": ("import not_there", "failed", ("ModuleNotFoundError", "'not_there'")),
    "syntax-error": ("def (", "failed", ("SyntaxError",)),
    "exits": ("import sys\nsys.exit(3)", "failed", ("SystemExit: 3",)),
    "misspelt": (
        START + f"@hookimpl\ndef regster_presets():\n    yield {PRESET}",
        "failed",
        ("regster_presets is not a hook", "Did you mean 'register_presets'"),
    ),
    "misspelt-unmarked": (
        START + f"@hookimpl\ndef register_metrics():\n    return ()\ndef register_preset():\n    yield {PRESET}",
        "failed",
        ("register_preset in acme_misspelt_unmarked.plugin is not a hook", "Did you mean 'register_presets'"),
    ),
    "unmarked": (
        START + f"def register_presets():\n    yield {PRESET}",
        "failed",
        ("register_presets in acme_unmarked.plugin is not marked with @hookimpl",),
    ),
    "no-hook": ("greeting = 'hello'", "failed", ("defines no hook", "register_presets")),
    "wrapper": (
        START + "@hookimpl(wrapper=True)\ndef observe(event):\n    return (yield)",
        "failed",
        ("observe is a wrapper",),
    ),
    "unknown-argument": (
        START + "@hookimpl\ndef choose_backbone(needs):\n    return None",
        "failed",
        ("PluginValidationError", "choose_backbone", "needs"),
    ),
    "newer-core": ("raise AssertionError('was imported')", "incompatible", ("needs acclimate>=9", "installed is")),
    "repeats": (REGISTER + f"return [{PRESET}, {PRESET}]", "failed", ("register_presets gave the name 'job' twice",)),
    "wrong-type": (REGISTER + "yield {'name': 'job'}", "failed", ("gave {'name': 'job'}, not a Preset",)),
    "wrong-kind": (
        METRICS.replace("register_metrics", "register_loaders").format(score="Ref('json:loads')"),
        "failed",
        ("register_loaders gave Metric(", "not a Loader"),
    ),
    "forgot-yield": (REGISTER + PRESET, "failed", ("register_presets gave None, not an iterable of Preset",)),
    "one-not-list": (REGISTER + f"return {PRESET}", "failed", ("gave Preset(", "not an iterable of Preset")),
    "bad-offer": (
        REGISTER + "yield Preset(name='My Job', summary='A job.', task='text-classification')",
        "failed",
        ("ValueError", "'My Job'"),
    ),
    "raises-in-hook": (REGISTER + "raise OSError('disk')", "failed", ("OSError: disk",)),
    "raises-midway": (REGISTER + f"yield {PRESET}\n    raise OSError('disk')", "failed", ("OSError: disk",)),
    "exits-in-hook": (REGISTER + "raise SystemExit('bye')", "failed", ("SystemExit: bye",)),
    "no-module": (
        METRICS.format(score="Ref('acme_no_module.costs:cost')"),
        "failed",
        ("'cost': score names 'acme_no_module.costs:cost'", "there is no module 'acme_no_module.costs'"),
    ),
    "no-package": (
        METRICS.format(score="Ref('acme_elsewhere.costs:cost')"),
        "failed",
        ("there is no module 'acme_elsewhere.costs'",),
    ),
    "no-attribute": (
        METRICS.format(score="Ref('acme_no_attribute.heavy:csot')"),
        "failed",
        ("the module 'acme_no_attribute.heavy' has no 'csot'", "Did you mean 'cost'"),
    ),
    "broken-module": (
        METRICS.format(score="Ref('acme_broken_module.torn:cost')"),
        "failed",
        ("the module 'acme_broken_module.torn' has a syntax error in line 1",),
    ),
    "text-not-ref": (
        METRICS.format(score="'acme_text_not_ref.heavy:cost'"),
        "failed",
        ("score is 'acme_text_not_ref.heavy:cost', not a Ref",),
    ),
    "Upper": (REGISTER + f"yield {PRESET}", "failed", ("The entry point 'Upper' is not lower-case",)),
    "general": (REGISTER + f"yield {PRESET}", "failed", ("already taken by plugin 'general' (acclimate ",)),
}
# What a referenced module would cost, were it imported when plugins are listed.
HEAVY = (
    "raise AssertionError('a referenced module was imported')\ndef cost(truth, scores, weights):\n    return 0.0\n"
)
PROBE = """
    import json, sys
    from acclimate.plugins import Host, Need
    from acclimate.contracts import UnknownNameError

    host = Host()
    errors = {}
    for state in host.plugins():
        if state.state != "loaded":
            try:
                host.preset(state.name + "/job")
            except UnknownNameError as error:
                errors[state.name] = str(error)
    need = Need(task="text-classification", modality="text", rows=10, labels=("a", "b"))
    print(json.dumps({
        "plugins": [state.to_dict() for state in host.plugins()],
        "errors": errors,
        "presets": sorted(host.presets()),
        "metrics": sorted(host.metrics()),
        "ledger": host.choose_loader("good", "x.led").name,
        "backbone": host.choose_backbone("good", need).name,
        "heavy": sorted({"torch", "transformers", "numpy"} & set(sys.modules)),
    }))
"""


@pytest.fixture(scope="module")
def crowd(new_site: Callable[[], Any]) -> dict[str, Any]:
    site = new_site()
    for name, (source, _, _) in BROKEN.items():
        package = f"acme_{name.lower().replace('-', '_')}"
        files = {
            f"{package}/__init__.py": "",
            f"{package}/plugin.py": source,
            f"{package}/heavy.py": HEAVY,
            f"{package}/torn.py": "def (",
        }
        requires = ("acclimate>=9",) if name == "newer-core" else ("acclimate>=0.1",)
        site.install(f"acme-{name.lower()}", files, {name: f"{package}.plugin"}, requires=requires)
    good = {"acme_good/__init__.py": "", "acme_good/plugin.py": GOOD, "acme_good/reading.py": "def rows(source): ..."}
    site.install("acme-good", good, {"good": "acme_good.plugin"})
    twin = {"acme_twin/__init__.py": "", "acme_twin/plugin.py": GOOD}
    site.install("acme-twin", twin, {"good": "acme_twin.plugin"}, version="7.1")
    probed: dict[str, Any] = site.run(PROBE)
    return probed


def _of(crowd: dict[str, Any], distribution: str) -> dict[str, Any]:
    (state,) = (each for each in crowd["plugins"] if each["distribution"] == distribution)
    return dict(state)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_listed_with_its_reason_and_offers_nothing(crowd: dict[str, Any], name: str) -> None:
    _, state, reasons = BROKEN[name]
    found = _of(crowd, f"acme-{name.lower()}")
    assert (found["name"], found["version"], found["state"]) == (name, "0.2.0", state)
    assert [reason for reason in reasons if reason not in found["reason"]] == [], found["reason"]
    assert found["offers"] == {}


@pytest.mark.parametrize("name", BROKEN)
def test_asking_for_a_broken_plugins_preset_names_it_and_its_reason(crowd: dict[str, Any], name: str) -> None:
    error = crowd["errors"][name]
    message = error.partition("Known:")[0].partition("Did you mean 'g")[0]
    assert f"There is no preset '{name}/job'. Plugin '{name}' (acme-{name.lower()} 0.2.0) is not loaded" in message
    assert _of(crowd, f"acme-{name.lower()}")["reason"].rstrip(".") in error


def test_the_second_distribution_of_one_plugin_name_fails_naming_the_first(crowd: dict[str, Any]) -> None:
    assert _of(crowd, "acme-good")["state"] == "loaded"
    second = _of(crowd, "acme-twin")
    assert second["state"] == "failed"
    assert second["reason"] == "The name 'good' is already taken by plugin 'good' (acme-good 0.2.0)."


def test_the_good_neighbour_and_core_go_on_working(crowd: dict[str, Any]) -> None:
    assert _of(crowd, "acme-good")["offers"] == {"loaders": ["good/ledger"], "presets": ["good/job"]}
    expected = {"good/job", "general/text-classification", "general/image-classification"}
    assert expected <= set(crowd["presets"])
    assert {"accuracy", "macro_f1", "mcc", "auroc"} <= set(crowd["metrics"])
    assert (crowd["ledger"], crowd["backbone"]) == ("ledger", "minilm-l6")


def test_no_offer_of_a_failed_plugin_remains(crowd: dict[str, Any]) -> None:
    idle = {state["name"] for state in crowd["plugins"] if state["state"] != "loaded"} - {"good", "general"}
    offered = {name.partition("/")[0] for name in [*crowd["presets"], *crowd["metrics"]] if "/" in name}
    assert not offered & idle


def test_plugins_are_listed_by_name_then_distribution(crowd: dict[str, Any]) -> None:
    listed = [(state["name"], state["distribution"]) for state in crowd["plugins"]]
    assert listed[0] == ("general", "acclimate")
    assert listed[1:] == sorted(listed[1:])


def test_listing_imports_none_of_torch_transformers_numpy(crowd: dict[str, Any]) -> None:
    assert crowd["heavy"] == []
