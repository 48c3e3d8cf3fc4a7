"""ONNX files: what was said to be open is open, or nothing is written."""

from pathlib import Path

import numpy as np
import pytest
import torch
from acclimate.api.onnx_files import opened, outputs_of, told_by, write
from acclimate.contracts import BackboneError
from torch import Tensor, nn

pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")


class Open(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * 2


class Fixed(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.ones(1, 4).expand(len(x), -1) * x


def test_a_file_takes_batches_of_any_size_and_tells_what_it_was_given(tmp_path: Path) -> None:
    file = tmp_path / "open.onnx"
    write(Open(), {"x": torch.ones(3, 4)}, file, outputs=["y"], axes=["batch"], told={"labels": ["ä"]}, what="It")
    session = opened(file)
    assert told_by(session) == {"labels": ["ä"]}
    for rows in (1, 3, 8):
        x = np.arange(rows * 4, dtype=np.float32).reshape(rows, 4)
        np.testing.assert_array_equal(outputs_of(session, {"x": x})["y"], 2 * x)


def test_a_module_that_fixes_the_batch_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "fixed.onnx"
    with pytest.raises(BackboneError, match="It cannot be exported: the file would fix batch of x at 3"):
        write(Fixed(), {"x": torch.ones(3, 4)}, file, outputs=["y"], axes=["batch"], told={}, what="It")
    assert not file.exists()
