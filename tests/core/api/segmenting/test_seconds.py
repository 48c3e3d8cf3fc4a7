"""What training on masks is estimated to take."""

from collections.abc import Callable
from math import ceil
from pathlib import Path

import pytest
from acclimate import training
from acclimate.api.adapting import ask
from acclimate.api.segmenting.flow import prepared
from acclimate.api.segmenting.learning import seconds
from acclimate.plugins import default_host


@pytest.mark.parametrize("most", [None, 5])
def test_it_is_all_steps_and_all_whole_images(
    discs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int | None
) -> None:
    def timed(work: Callable[[], object]) -> float:
        kind = "step" if work.__qualname__.startswith("step_seconds") else "image"
        work()
        return {"step": 3.0, "image": 0.5}[kind]

    monkeypatch.setattr(training, "seconds_of", timed)
    options = {"classes": "noise,disc", "crop_size": 32, "epochs": 4, "batch_size": 4, "max_steps": most}
    host = default_host()
    asked = ask(host, "general/image-segmentation", discs, "full", None, None, None, tmp_path / "run", options)
    _, subject, plan = prepared(host, asked, tmp_path, shown=False)
    train, validation, test = (len(subject.examples[name]) for name in ("train", "validation", "test"))
    steps = min(4 * ceil(train / 4), most or 1000)
    validations = 1 + ceil(steps / ceil(train / 4))  # before the first epoch too
    expected = 3.0 * steps + 0.5 * (validations * validation + test)
    assert seconds(subject, plan) == expected
