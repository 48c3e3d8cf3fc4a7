"""What learning takes is said before it: counted by hand, within what a run then keeps, and nothing is written."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from acclimate import Run, bundle, estimate
from acclimate.contracts import OptionError

PRESET = "general/anomaly-detection"


def test_what_is_told_is_what_a_run_keeps(
    parts: Path, tiny: str, inspected: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = estimate(PRESET, parts, backbone=tiny)
    bank = bundle.read_tensors(inspected.output / "weights.safetensors")["scorer.features"]
    train = inspected.report.rows["train"]
    assert (found.images, found.members, found.channels) == (train, *bank.shape)
    assert found.patches % train == 0
    assert found.members == round(0.1 * found.patches), "a tenth of the patches is kept"
    assert found.bank_bytes == bank.numel() * bank.element_size()
    assert found.feature_bytes == 4 * found.patches * found.channels
    assert found.fits
    assert {"features", "coreset", "scores"} <= set(found.seconds)
    assert json.loads(json.dumps(found.to_dict()))["fits"] is True
    assert list(tmp_path.iterdir()) == [], "nothing is written"


def test_larger_images_take_more(parts: Path, tiny: str) -> None:
    small, large = (estimate(PRESET, parts, backbone=tiny, image_size=side) for side in (32, 64))
    assert large.patches == 4 * small.patches
    assert large.bank_bytes == pytest.approx(4 * small.bank_bytes, rel=0.01)


def test_what_does_not_fit_is_said_and_not_begun(
    parts: Path, inspect: Callable[..., Run], tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from acclimate.api.detecting import learning

    class Full:
        available = 1000

    monkeypatch.setattr(learning.psutil, "virtual_memory", Full)
    found = estimate(PRESET, parts, backbone=tiny)
    assert (found.fits, found.free_bytes) == (False, 1000)
    with pytest.raises(OptionError, match="do not fit into memory"):
        inspect(parts, output=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_other_tasks_are_refused(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("text,label\na,b\n")
    with pytest.raises(OptionError, match="general/text-classification is for text-classification") as raised:
        estimate("general/text-classification", tmp_path / "rows.csv")
    assert "budget" in raised.value.hint
