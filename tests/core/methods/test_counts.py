"""How many parameters train, by formulas of the tiny configurations' numbers, written down apart from the methods."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import pytest
from acclimate.plugins import Host
from acclimate.testing import tiny
from acclimate.testing.conformance import Cell

# Width, blocks, feed-forward width, vocabulary, positions, labels; rank, bottleneck, length of a prefix and a prompt.
d, L, f, V, P, c = 16, 2, 32, 64, 64, 3
r, b, m, n = 8, 8, 4, 8
HEAD = d * c + c
KV = 8  # features of Llama's keys and values: one head of 8
PATCHES, PIXELS = 16, 3 * 8 * 8  # of a ViT on 32 x 32 pixels
# ResNet's 3 x 3 convolutions as (inputs, outputs), block by block; three blocks have a 1 x 1 shortcut.
BLOCKS = [(8, 8), (8, 12), (12, 16), (16, 16), (16, 20)]
SHORTCUTS = [(i, o) for i, o in BLOCKS if i != o]
STEM = 3 * 7 * 7 * 8
RESNET_HEAD = 20 * c + c

NORM = 2 * d  # a scale and a shift
BERT_BLOCK = 4 * (d * d + d) + (d * f + f) + (f * d + d) + 2 * NORM
BERT = (V + P + 2) * d + NORM + L * BERT_BLOCK
VIT = d + (PATCHES + 1) * d + PIXELS * d + d + L * BERT_BLOCK + NORM
LLAMA_BLOCK = 2 * d * d + 2 * d * KV + 3 * d * f + 2 * d
LLAMA = V * d + L * LLAMA_BLOCK + d
BATCH_NORMS = 2 * (8 + sum(2 * o for _, o in BLOCKS) + sum(o for _, o in SHORTCUTS))
RESNET_TOP = sum(9 * (i * o + o * o) + 4 * o for i, o in BLOCKS[3:]) + 16 * 20 + 2 * 20
RESNET = STEM + sum(9 * (i * o + o * o) for i, o in BLOCKS) + sum(i * o for i, o in SHORTCUTS) + BATCH_NORMS

# Inputs + outputs of every linear layer of a block, and outputs alone.
BERT_ENDS, BERT_OUT = 4 * (d + d) + 2 * (d + f), 4 * d + f + d
LLAMA_ENDS, LLAMA_OUT = 2 * (d + d) + 2 * (d + KV) + 3 * (d + f), 2 * d + 2 * KV + 2 * f + d
RESNET_ENDS = (
    147 + 8 + sum(9 * i + o + 9 * o + o for i, o in BLOCKS) + sum(i + o for i, o in SHORTCUTS)
)  # a kernel's inputs are its channels times its pixels
BOTTLENECK = 2 * d * b + b + d
CONV_BOTTLENECKS = sum(2 * o * b + b + o for _, o in BLOCKS)

# A residual network of volumes: 3 x 3 x 3 convolutions, one block in each stage, widths an eighth of the usual ones.
STAGES = [(8, 8), (8, 16), (16, 32), (32, 64)]
LONGER = [(i, o) for i, o in STAGES if i != o]
VOLUME_NORMS = 2 * (8 + sum(2 * o for _, o in STAGES) + sum(o for _, o in LONGER))
VOLUME_BLOCKS = [27 * (i * o + o * o) + 4 * o + (i * o + 2 * o) * (i != o) for i, o in STAGES]
VOLUME = 343 * 8 + 2 * 8 + sum(VOLUME_BLOCKS)
VOLUME_ENDS = 343 + 8 + sum(27 * i + o + 27 * o + o for i, o in STAGES) + sum(i + o for i, o in LONGER)
VOLUME_OUT = 8 + sum(2 * o for _, o in STAGES) + sum(o for _, o in LONGER)
VOLUME_HEAD = 64 * c + c

FULL = {
    "bert": BERT + HEAD,
    "vit": VIT + HEAD,
    "llama": LLAMA + HEAD,
    "resnet": RESNET + RESNET_HEAD,
    "resnet-3d": VOLUME + VOLUME_HEAD,
}
# (method, options) with the count on each architecture.
TABLE: list[tuple[str, Mapping[str, Any], Mapping[str, int]]] = [
    ("frozen", {}, {"bert": HEAD, "vit": HEAD, "llama": HEAD, "resnet": RESNET_HEAD, "resnet-3d": VOLUME_HEAD}),
    ("full", {}, FULL),
    ("layerwise", {}, FULL),
    ("scratch", {}, FULL),
    ("contrastive", {}, {"bert": FULL["bert"], "llama": FULL["llama"]}),
    (
        "partial",
        {"blocks": 1},
        {
            "bert": BERT_BLOCK + HEAD,
            "vit": BERT_BLOCK + NORM + HEAD,
            "llama": LLAMA_BLOCK + d + HEAD,
        },
    ),
    (
        "partial",
        {"blocks": 2},
        {"resnet": RESNET_TOP + RESNET_HEAD, "resnet-3d": sum(VOLUME_BLOCKS[2:]) + VOLUME_HEAD},
    ),
    (
        "lora",
        {"rank": r},
        {
            "bert": L * r * BERT_ENDS + HEAD,
            "vit": L * r * BERT_ENDS + r * (PIXELS + d) + HEAD,
            "llama": L * r * LLAMA_ENDS + HEAD,
            "resnet": r * RESNET_ENDS + RESNET_HEAD,
            "resnet-3d": r * VOLUME_ENDS + VOLUME_HEAD,
        },
    ),
    (
        "lora",
        {"rank": r, "dora": True},
        {
            "bert": L * (r * BERT_ENDS + BERT_OUT) + HEAD,
            "vit": L * (r * BERT_ENDS + BERT_OUT) + r * (PIXELS + d) + d + HEAD,
            "llama": L * (r * LLAMA_ENDS + LLAMA_OUT) + HEAD,
            "resnet-3d": r * VOLUME_ENDS + VOLUME_OUT + VOLUME_HEAD,
        },
    ),
    (
        "qlora",
        {"rank": r},
        {
            "bert": L * r * BERT_ENDS + HEAD,
            "vit": L * r * BERT_ENDS + HEAD,
            "llama": L * r * LLAMA_ENDS + HEAD,
        },
    ),
    *(
        (
            "adapters",
            {"width": b, "placement": placement},
            {
                "bert": places * L * BOTTLENECK + HEAD,
                "vit": places * L * BOTTLENECK + HEAD,
                "llama": places * L * BOTTLENECK + HEAD,
                "resnet": CONV_BOTTLENECKS + RESNET_HEAD,
            },
        )
        for placement, places in (("pfeiffer", 1), ("houlsby", 2), ("parallel", 1))
    ),
    (
        "prefix",
        {"length": m},
        {
            "bert": L * (2 * m * d + 2) + HEAD,
            "vit": L * (2 * m * d + 2) + HEAD,
            "llama": L * (2 * m * KV + 1) + HEAD,
        },
    ),
    ("prompt", {"length": n}, {"bert": n * d + HEAD, "vit": n * d + HEAD, "llama": n * d + HEAD}),
    (
        "prompt",
        {"length": n, "encoder": True},
        {"bert": n * d + 2 * d * (d + 1) + HEAD, "llama": n * d + 2 * d * (d + 1) + HEAD},
    ),
    ("prompt", {"length": n, "deep": True}, {"vit": L * n * d + HEAD}),
    (
        "ia3",
        {},
        {
            "bert": L * (2 * d + f) + HEAD,
            "vit": L * (2 * d + f) + HEAD,
            "llama": L * (2 * KV + f) + HEAD,
            "resnet": sum(o for _, o in BLOCKS) + RESNET_HEAD,
        },
    ),
    (
        "bitfit",
        {},
        {
            "bert": d + L * (BERT_OUT + 2 * d) + HEAD,
            "vit": d + L * (BERT_OUT + 2 * d) + d + HEAD,
            "resnet": BATCH_NORMS // 2 + RESNET_HEAD,
            "resnet-3d": VOLUME_NORMS // 2 + VOLUME_HEAD,
        },
    ),
    (
        "norm",
        {},
        {
            "bert": NORM + L * 2 * NORM + HEAD,
            "vit": L * 2 * NORM + NORM + HEAD,
            "llama": (2 * L + 1) * d + HEAD,
            "resnet": BATCH_NORMS + RESNET_HEAD,
            "resnet-3d": VOLUME_NORMS + VOLUME_HEAD,
        },
    ),
    ("peft", {"type": "LOHA"}, {"bert": 2 * L * r * BERT_ENDS + HEAD, "llama": 2 * L * r * LLAMA_ENDS + HEAD}),
    ("peft", {"type": "HRA"}, {"bert": L * r * (5 * d + f) + HEAD, "llama": L * r * (6 * d + f) + HEAD}),
]
WITHOUT = pytest.mark.skipif(find_spec("monai") is None, reason="the extra acclimate[volumes3d] is not installed")
ROWS = [
    pytest.param(
        method,
        options,
        architecture,
        count,
        id=f"{method}-{number}-{architecture}",
        marks=[WITHOUT] if architecture in tiny.VOLUME else [],
    )
    for number, (method, options, counts) in enumerate(TABLE)
    for architecture, count in counts.items()
]


@pytest.mark.parametrize(("method", "options", "architecture", "count"), ROWS)
def test_as_many_parameters_train_as_the_formula_says(
    method: str, options: Mapping[str, Any], architecture: str, count: int
) -> None:
    (task, *_) = tiny.tasks(architecture)
    cell = Cell(method=Host(discover=False).methods()[method], architecture=architecture, task=task, options=options)
    model = cell.build()
    groups = cell.install(model, cell.plan(model))
    assert sum(parameter.numel() for group in groups for parameter in group["params"]) == count


def test_every_method_has_a_formula() -> None:
    training = {
        name for name, method in Host(discover=False).methods().items() if method.tasks != ("anomaly-detection",)
    }
    # A head on one feature more, which hangs on the good parts of a run: tests/core/api/test_fused.py.
    assert {method for method, _, _ in TABLE} == training - {"fused"}
