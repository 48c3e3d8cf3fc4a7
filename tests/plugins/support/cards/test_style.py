"""A classifier of approved replies scores others only after it has shown that it can tell."""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acclimate import adapt, load
from acclimate.cli import main
from acclimate.contracts import DataError, OptionError
from acclimate_support.cards import style

KIND, CURT = ("please", "thanks"), ("cancel", "stop")
ASKED = ("order", "parcel", "money", "week", "today", "refund")


def reply(number: int, words: tuple[str, ...]) -> str:
    chosen = random.Random(number)
    return " ".join([chosen.choice(words), *chosen.choices(ASKED, k=4), f"the {chosen.choice(words)} {number}"])


def learn(folder: Path, quick: dict[str, Any], *, alike: bool = False, **options: Any) -> Path:
    """Return a run on 160 replies, of which approved and other ones have the same words where they are `alike`."""
    rows = ["text,label"]
    for number in range(160):
        label = ("approved", "other")[number % 2]
        rows.append(f"{reply(number, KIND if alike or label == 'approved' else CURT)},{label}")
    folder.mkdir()
    (folder / "replies.csv").write_text("\n".join(rows))
    given = {"metrics": ("auroc", "macro_f1"), **quick, **options}
    return adapt("general/text-classification", folder / "replies.csv", output=folder / "run", **given).output


@pytest.fixture
def judge(tmp_path: Path, quick: dict[str, Any]) -> Path:
    return learn(tmp_path / "judge", quick)


def test_replies_are_as_likely_approved_as_the_run_says(judge: Path) -> None:
    replies = [reply(number, KIND if number < 1015 else CURT) for number in range(1000, 1020)]
    found = style(judge, replies)
    model = load(judge)
    probabilities = model.probabilities(replies)[:, model.labels.index("approved")]
    assert found.replies == 20
    assert found.approved.value == pytest.approx(probabilities.mean())
    assert found.share.value == pytest.approx(np.mean(probabilities > 0.5))
    assert found.share.low < found.share.value < found.share.high
    assert found.share.value > style(judge, replies[15:]).share.value
    assert found.auroc.value == model.manifest["results"]["metrics"]["auroc"]["value"]
    with pytest.raises(DataError, match="no reply to measure"):
        style(judge, [])
    with pytest.raises(OptionError, match=r"has no label 'good', but approved, other.*--approved"):
        style(judge, replies, label="good")


def test_what_cannot_tell_may_not_score(tmp_path: Path, quick: dict[str, Any]) -> None:
    guessing = learn(tmp_path / "alike", quick, alike=True)
    with pytest.raises(OptionError, match=r"may not score: its AUROC on its own test rows is 0\.\d+ \[0\.\d+, "):
        style(guessing, ["please"])
    unmeasured = learn(tmp_path / "unmeasured", quick, metrics=("macro_f1",))
    with pytest.raises(OptionError, match=r"was not measured by AUROC.*--metrics auroc"):
        style(unmeasured, ["please"])


def test_the_command_says_both(
    judge: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "card.yaml").write_text("banned: [cancel]\n")
    (tmp_path / "replies.csv").write_text("text\nplease order the thanks\nplease parcel the please\n")
    given = ["acclimate", "tone", str(tmp_path / "card.yaml"), str(tmp_path / "replies.csv"), "--style", str(judge)]
    for more in ([], ["--json"]):
        monkeypatch.setattr("sys.argv", [*given, *more])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 0
    told = capsys.readouterr().out
    assert "like approved replies" in told
    found = json.loads(told[told.index("{") :])
    assert found["passed"]["banned"]["value"] == 1
    assert found["style"]["replies"] == 2
