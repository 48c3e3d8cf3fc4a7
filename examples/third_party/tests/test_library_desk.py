from pathlib import Path

import numpy as np
import pytest
from acclimate_library_desk import handovers, inbox

SAMPLE = Path(__file__).parents[1] / "sample" / "enquiries.inbox"


def test_the_sample_reads_to_four_desks() -> None:
    rows = list(inbox.read(str(SAMPLE)))
    assert {row["label"] for row in rows} == {"loans", "local-history", "digital", "rooms"}
    assert all(row["text"] and "\n" not in row["text"] for row in rows)


def test_each_desk_asked_before_the_right_one_is_a_handover() -> None:
    scores = np.array([[0.7, 0.2, 0.1], [0.7, 0.2, 0.1], [0.5, 0.5, 0.0]])
    assert handovers.handovers(np.array([0, 2, 1]), scores, np.array([1.0, 2.0, 1.0])) == (0 + 2 * 2 + 0.5) / 4


def test_an_enquiry_without_a_desk_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.inbox").write_text("Where are the maps?\n")
    with pytest.raises(ValueError, match="desk: NAME"):
        list(inbox.read(str(tmp_path / "x.inbox")))
