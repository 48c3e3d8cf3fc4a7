"""Plugins as they are installed, and the environment variables, in fresh processes."""

import os
from collections.abc import Callable
from typing import Any

import pytest

INSTALLED = """
    from acclimate.plugins import hookimpl, Preset
    print("loading")

    @hookimpl
    def register_presets():
        yield Preset(name="tone", summary="Tone.", task="text-classification")
"""
STATES = """
    import json
    from acclimate.plugins import default_host
    assert default_host() is default_host()
    print(json.dumps([state.to_dict() for state in default_host().plugins() if state.name == "acme"]))
"""


def test_a_plugin_that_prints_while_it_loads_leaves_stdout_alone(new_site: Callable[[], Any]) -> None:
    site = new_site()
    files = {"acme_finance/__init__.py": "", "acme_finance/plugin.py": INSTALLED}
    site.install("acme-finance", files, {"acme": "acme_finance.plugin"})
    (state,) = site.run(STATES)
    assert (state["state"], state["offers"]) == ("loaded", {"presets": ["acme/tone"]})


def test_a_disabled_plugin_is_listed_and_never_imported(new_site: Callable[[], Any]) -> None:
    site = new_site()
    files = {"acme_finance/__init__.py": "raise AssertionError", "acme_finance/plugin.py": ""}
    site.install("acme-finance", files, {"acme": "acme_finance.plugin"})
    (state,) = site.run(STATES, ACCLIMATE_DISABLE_PLUGINS="other, acme")
    assert state["state"] == "disabled"
    assert "ACCLIMATE_DISABLE_PLUGINS" in state["reason"]


def test_a_distribution_that_is_installed_twice_counts_once(new_site: Callable[[], Any]) -> None:
    first, second = new_site(), new_site()
    files = {"acme_finance/__init__.py": "", "acme_finance/plugin.py": INSTALLED}
    for site, version in ((first, "0.2.0"), (second, "0.1.0")):
        site.install("acme-finance", files, {"acme": "acme_finance.plugin"}, version=version)
    (state,) = first.run(STATES, PYTHONPATH=os.pathsep.join(map(str, (first.folder, second.folder))))
    assert (state["version"], state["state"]) == ("0.2.0", "loaded")


@pytest.mark.parametrize("damage", ["METADATA", "entry_points.txt"])
def test_damaged_metadata_of_one_distribution_leaves_the_others_working(
    new_site: Callable[[], Any], damage: str
) -> None:
    site = new_site()
    files = {"acme_finance/__init__.py": "", "acme_finance/plugin.py": INSTALLED}
    site.install("acme-finance", files, {"acme": "acme_finance.plugin"})
    site.install("acme-torn", {}, {"torn": "acme_torn.plugin"})
    info = site.folder / "acme_torn-0.2.0.dist-info"
    if damage == "METADATA":
        (info / damage).unlink()
    else:
        (info / damage).write_text("[acclimate]\ntorn\n")
    listed = site.run(STATES.replace(' if state.name == "acme"', ""))
    states = {state["name"]: state["state"] for state in listed}
    assert states["acme"] == "loaded"
    assert "failed" in {state for name, state in states.items() if name in ("unreadable", "torn")}, listed
