"""A method written as one word."""

from typing import Any

import pytest
from acclimate.api.variant import read_variant
from acclimate.contracts import OptionError


@pytest.mark.parametrize(
    ("text", "method", "settings", "options"),
    [
        ("lora", "lora", {}, {}),
        ("lora:rank=16:dora=true", "lora", {}, {"rank": 16, "dora": True}),
        ("full:head=random:epochs=2", "full", {"head": "random", "epochs": 2}, {}),
        ("full:learning_rate=1e-4:layer_decay=0.9", "full", {"learning_rate": 1e-4}, {"layer_decay": 0.9}),
        ("peft:LOHA", "peft", {}, {"type": "LOHA"}),
        ("peft:LOHA:r=4:batch_size=8", "peft", {"batch_size": 8}, {"type": "LOHA", "r": 4}),
        ("peft:r=4", "peft", {}, {"r": 4}),
        ("desk/sorted:order=1e5x", "desk/sorted", {}, {"order": "1e5x"}),
    ],
)
def test_settings_and_options_stand_behind_the_name(
    text: str, method: str, settings: dict[str, Any], options: dict[str, Any]
) -> None:
    found = read_variant(text)
    assert (found.method, found.settings, found.options) == (method, settings, options)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lora:rank", "written NAME=VALUE, found 'rank'"),
        ("lora:=3", "written NAME=VALUE, found '=3'"),
        ("lora:", "written NAME=VALUE, found ''"),
        ("lora:rank=1:rank=2", "says 'rank' twice"),
    ],
)
def test_a_part_that_says_nothing_is_refused(text: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        read_variant(text)
