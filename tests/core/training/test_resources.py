"""Precision is measured once and remembered; randomness stays inside its block."""

import json
import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from acclimate.training import choose_arithmetic, peak_memory_bytes, seeded
from acclimate.training import resources as machine


class Step:
    """A step that takes as long as it is told for each precision."""

    def __init__(self, float32: float = 0.0, bfloat16: float = 0.0) -> None:
        self.spent = {"float32": float32, "bfloat16": bfloat16}
        self.calls: list[str] = []

    def __call__(self, precision: str) -> None:
        self.calls.append(precision)
        time.sleep(self.spent[precision])


@pytest.fixture
def with_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that the hardware multiplies bfloat16."""
    monkeypatch.setattr(machine, "has_bfloat16", lambda: True)


@pytest.mark.parametrize("wanted", ["float32", "bfloat16"])
def test_what_is_asked_for_is_taken_without_measuring(wanted: str, tmp_path: Path) -> None:
    step = Step()
    found = choose_arithmetic(wanted, step, store=tmp_path / "p.json", key="k")  # type: ignore[arg-type]
    assert found.precision == wanted
    assert found.ratio is None
    assert "asked for" in found.reason
    assert not step.calls
    assert not (tmp_path / "p.json").exists()


def test_hardware_without_bfloat16_is_not_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(machine, "has_bfloat16", lambda: False)
    step = Step()
    found = choose_arithmetic("auto", step, store=tmp_path / "p.json", key="k")
    assert (found.precision, found.ratio, step.calls) == ("float32", None, [])


@pytest.mark.parametrize(
    ("step", "precision"),
    [(Step(0.02, 0.005), "bfloat16"), (Step(0.005, 0.02), "float32"), (Step(0.01, 0.01), "float32")],
    ids=["faster", "slower", "alike"],
)
@pytest.mark.usefixtures("with_bfloat16")
def test_the_faster_arithmetic_is_measured_once_and_remembered(step: Step, precision: str, tmp_path: Path) -> None:
    store = tmp_path / "new folder" / "precision.json"
    first = choose_arithmetic("auto", step, store=store, key="k")
    assert first.precision == precision
    assert first.ratio is not None
    assert f"{first.ratio:.1f} times" in first.reason
    assert {step.calls.count("float32"), step.calls.count("bfloat16")} == {4}
    step.calls.clear()
    assert choose_arithmetic("auto", step, store=store, key="k") == first
    assert not step.calls
    assert [path.name for path in store.parent.iterdir()] == ["precision.json"]


@pytest.mark.usefixtures("with_bfloat16")
def test_each_key_is_measured_for_itself_and_none_is_lost(tmp_path: Path) -> None:
    store, step = tmp_path / "p.json", Step(0.001, 0.001)
    for key in ("forward", "training"):
        choose_arithmetic("auto", step, store=store, key=key)
    assert step.calls.count("float32") == 8
    assert len(json.loads(store.read_text())) == 2


@pytest.mark.parametrize(("ratio", "precision"), [(1.14, "float32"), (1.15, "bfloat16"), (3.0, "bfloat16")])
@pytest.mark.usefixtures("with_bfloat16")
def test_bfloat16_must_be_worth_its_rounding(ratio: float, precision: str, tmp_path: Path) -> None:
    store = tmp_path / "p.json"
    choose_arithmetic("auto", Step(), store=store, key="k")
    [name] = json.loads(store.read_text())
    store.write_text(json.dumps({name: ratio}))
    assert choose_arithmetic("auto", Step(), store=store, key="k").precision == precision


def draw() -> tuple[float, float, float]:
    return random.random(), float(np.random.rand()), float(torch.rand(()))


def test_seeded_repeats_inside_and_changes_nothing_outside() -> None:
    random.seed(1), np.random.seed(2), torch.manual_seed(3)
    expected = draw()
    random.seed(1), np.random.seed(2), torch.manual_seed(3)
    with seeded(7):
        one = draw()
    with seeded(7):
        assert draw() == one
    with seeded(8):
        assert draw() != one
    assert draw() == expected


def test_seeded_gives_the_states_back_after_an_error() -> None:
    def fail() -> None:
        with seeded(7):
            draw()
            raise KeyError

    torch.manual_seed(3)
    expected = float(torch.rand(()))
    torch.manual_seed(3)
    with pytest.raises(KeyError):
        fail()
    assert float(torch.rand(())) == expected


@pytest.mark.parametrize("make", [lambda: torch.ones(20_000_000)])
def test_peak_memory_is_in_bytes(make: Callable[[], torch.Tensor]) -> None:
    kept = make()
    if torch.cuda.is_available():
        pytest.skip("the peak is that of the accelerator")
    assert kept.nbytes < peak_memory_bytes() < 2**40
