"""bitsandbytes is imported from its own files: nothing is asked of a hub, nothing printed, nothing left behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("bitsandbytes")

# A package that stands for the one which fetches code; processors without bfloat16 would not ask for it.
KERNELS = """
from pathlib import Path

def get_kernel(name, **_):
    Path(__file__).with_name("asked").write_text(name)
    raise RuntimeError("a network would be used here")
"""


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "kernels.py").write_text(KERNELS)
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "code",
    [
        "import acclimate.training",
        "from acclimate.methods import peft; peft._config_class('LOHA')",
        "import torch; from acclimate.methods.qlora import install; "
        "model = torch.nn.Module(); model.encoder = torch.nn.Sequential(torch.nn.Linear(64, 64)); "
        "install(model, {'targets': ['0'], 'embeddings': [], 'rank': 1, 'alpha': 1.0, 'dropout': 0.0, "
        "'dora': False, 'rslora': False, 'init': 'default'})",
    ],
)
def test_nothing_is_asked_of_a_hub(tmp_path: Path, code: str) -> None:
    done = run(
        f"{code}\nimport sys, logging\nassert 'bitsandbytes' in sys.modules\n"
        "assert not logging.getLogger('bitsandbytes.backends.cpu.ops').disabled\nimport kernels",
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "asked").exists()
    assert "kernels" not in done.stderr


@pytest.mark.slow
def test_without_us_the_hub_is_asked(tmp_path: Path) -> None:
    """Shows that the test above can fail, on processors where bitsandbytes asks at all."""
    done = run("import bitsandbytes.functional as f; print(bool(f.has_avx512bf16()))", tmp_path)
    if done.stdout.strip() != "True":
        pytest.skip("bitsandbytes asks only on processors with bfloat16 instructions")
    assert (tmp_path / "asked").read_text() == "kernels-community/quantization-bitsandbytes"
