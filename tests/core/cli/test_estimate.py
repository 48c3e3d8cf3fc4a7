"""The command `estimate`: words, JSON, and nothing on disk."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


def test_it_says_what_good_parts_take(acclimate: Callable[..., Any], tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for number in range(24):
        place = tmp_path / "parts" / ("good" if number < 20 else "scratch")
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 255, (40, 40, 3), dtype=np.uint8)).save(place / f"{number}.png")
    words = acclimate("estimate", "anomaly-detection", "parts")
    assert words.code == 0, words.err
    assert " images × 784 patches × 152 channels: " in words.out
    found = json.loads(acclimate("estimate", "anomaly-detection", "parts", "--json").out)
    assert found["feature_bytes"] == found["patches"] * 152 * 4
    assert [entry.name for entry in tmp_path.iterdir()] == ["parts"]
    assert acclimate("estimate", "text-classification", "parts").code == 2
