"""The cells of Acclimate's own methods: every method on every architecture and task."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from acclimate.plugins import Host
from acclimate.testing import real, tiny
from acclimate.testing.conformance import Cell
from acclimate.testing.zoo import zoo


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What a method promises, and its learning rates and epochs on toy texts and, where it adapts them, images.

    `identity`, `merges` and `unquantised` are explained in `Cell`.
    """

    text: float
    image: float | None = None
    identity: bool = False
    merges: bool = False
    unquantised: str = ""
    epochs: int = 8
    options: Mapping[str, Any] = field(default_factory=dict)


PROMISES: dict[str, Promise] = {
    "frozen": Promise(text=1.0, image=1.0),
    "full": Promise(text=1e-2, image=3e-3),
    "layerwise": Promise(text=1e-2, image=1e-2),
    "partial": Promise(text=1e-2, image=1e-2),
    "lora": Promise(text=3e-2, image=3e-3, identity=True, merges=True),
    "qlora": Promise(text=3e-2, image=3e-3, merges=True, unquantised="lora"),
    "adapters": Promise(text=3e-2, image=3e-2, identity=True, options={"width": 8}),
    "prefix": Promise(text=1e-1, image=1e-1, epochs=20, options={"length": 4}),
    "prompt": Promise(text=3e-1, image=1e-1, epochs=30, options={"length": 8}),
    "ia3": Promise(text=1.0, image=1e-1, identity=True, merges=True, epochs=20),
    "bitfit": Promise(text=3e-2, image=1e-1),
    "norm": Promise(text=2e-1, image=3e-2),
    "contrastive": Promise(text=1e-2, options={"pairs": 24}),
    "scratch": Promise(text=1e-2, image=1e-2),
}
# Architectures that a method cannot adapt, which it must refuse; all others must pass.
REFUSED: dict[str, tuple[str, ...]] = {
    "qlora": ("resnet", "efficientnet", "efficientnet-lite0"),
    "prefix": ("convnext", "resnet", "efficientnet", "efficientnet-lite0"),
    "prompt": ("swin", "convnext", "resnet", "efficientnet", "efficientnet-lite0"),
    "bitfit": ("modernbert", "llama", "qwen3", "gemma", "t5", "smollm2"),
}
# A few architectures that show each kind of structure; the rest of the matrix is for the slow suite.
QUICK = ("bert", "modernbert", "llama", "gpt2", "vit", "timm-vit", "efficientnet", "resnet-3d")

# Options that change what a method adds, each on architectures that show it.
REFUSED_VARIANTS = {
    "lora-pissa": ("vit", "resnet"),
    "lora-olora": ("vit", "resnet"),
    "prompt-encoder": ("vit", "resnet"),
    "prompt-deep": ("bert",),
}
DECIDERS = ("bert", "llama", "vit", "resnet")
VARIANTS: dict[str, tuple[str, Mapping[str, Any], tuple[str, ...]]] = {
    "lora-dora": ("lora", {"dora": True}, (*DECIDERS, "resnet-3d")),
    "lora-rslora": ("lora", {"rslora": True}, DECIDERS),
    "lora-gaussian": ("lora", {"init": "gaussian"}, DECIDERS),
    "lora-orthogonal": ("lora", {"init": "orthogonal"}, ("bert", "llama")),
    "lora-pissa": ("lora", {"init": "pissa"}, DECIDERS),
    "lora-olora": ("lora", {"init": "olora"}, DECIDERS),
    "lora-plus": ("lora", {"lora_plus": 4.0}, DECIDERS),
    "qlora-rslora": ("qlora", {"rslora": True}, ("bert", "llama")),
    "prompt-encoder": ("prompt", {"length": 8, "encoder": True}, DECIDERS),
    "prompt-deep": ("prompt", {"length": 8, "deep": True}, ("vit", "timm-vit", "bert")),
    "adapters-houlsby": ("adapters", {"placement": "houlsby", "width": 8}, DECIDERS),
    "adapters-parallel": ("adapters", {"placement": "parallel", "width": 8}, DECIDERS),
    "layerwise-unfreezing": ("layerwise", {"unfreeze_every": 1}, DECIDERS),
}
# Types of PEFT with the options that tiny layers need, and whether they pass on texts and on images.
PEFT: dict[str, tuple[Mapping[str, Any], bool, bool]] = {
    "ADALORA": ({}, False, False),
    "ADAMSS": ({}, False, False),
    "BEFT": ({}, True, False),
    "BOFT": ({}, True, True),
    "C3A": ({"block_size": 8}, False, False),
    "DEFT": ({}, True, False),
    "DELORA": ({}, True, False),
    "FOURIERFT": ({"n_frequency": 100}, False, False),
    "GLORA": ({}, True, False),
    "GRALORA": ({}, True, False),
    "HIRA": ({}, True, True),
    "HRA": ({}, True, True),
    "IA3": ({}, True, False),
    "LILY": ({}, False, False),
    "LOHA": ({}, True, True),
    "LOKR": ({}, True, True),
    "MISS": ({"r": 4}, True, False),
    "OFT": ({}, True, False),
    "OSF": ({}, False, False),
    "PEANUT": ({}, True, False),
    "PSOFT": ({"r": 4}, False, False),
    "RANDLORA": ({}, True, False),
    "ROAD": ({"group_size": 8}, True, False),
    "SHIRA": ({"r": 4}, True, False),
    "SUPERTUNING": ({}, True, False),
    "TRAINABLE_TOKENS": ({}, False, False),
    "VERA": ({}, False, False),
    "WAVEFT": ({"n_frequency": 100}, True, False),
}

_REAL_EPOCHS = {"minilm": 8, "smollm2": 4, "efficientnet-lite0": 8}
_FROM_SCRATCH = 30  # sixteen blocks of random convolutions pass on little of what they see at first


def cells(
    host: Host, architectures: Sequence[str] = (*tiny.TEXT, *tiny.IMAGE, *tiny.VOLUME)
) -> Iterator[tuple[str, Cell]]:
    """Yield every method on every architecture and task with its name, "lora-bert-text-classification"."""
    for name, promise in PROMISES.items():
        for architecture in architectures:
            for task in zoo(architecture).tasks(architecture):
                yield f"{name}-{architecture}-{task}", _cell(host, name, promise, architecture, task)


def must_refuse(cell: Cell) -> bool:
    """Return whether a cell of a method must be refused; all others must pass."""
    return cell.task not in cell.method.tasks or cell.architecture in REFUSED.get(cell.method.name, ())


def real_cells(host: Host) -> Iterator[tuple[str, Cell]]:
    """Yield the cells of pretrained weights, which learn at the default rates."""
    for name, cell in cells(host, (*real.TEXT, *real.IMAGE)):
        epochs = _FROM_SCRATCH if cell.method.name == "scratch" else min(cell.epochs, _REAL_EPOCHS[cell.architecture])
        yield name, replace(cell, rate=None, epochs=epochs)


def variants(host: Host) -> Iterator[tuple[str, Cell, bool]]:
    """Yield the cells of options and of PEFT's types, with their names and whether they must pass."""
    for name, (method, options, architectures) in VARIANTS.items():
        promise = replace(PROMISES[method], options=options)
        for architecture in architectures:
            passes = architecture not in REFUSED_VARIANTS.get(name, REFUSED.get(method, ()))
            yield f"{name}-{architecture}", _cell(host, method, promise, architecture), passes
    for kind, (own, text, image) in PEFT.items():
        promise = Promise(text=3e-2, image=3e-2, identity=True, merges=True, options={"type": kind, **own})
        for architecture, passes in (("bert", text), ("vit", image)):
            yield f"peft-{kind}-{architecture}", _cell(host, "peft", promise, architecture), passes


def _cell(host: Host, name: str, promise: Promise, architecture: str, task: str = "") -> Cell:
    return Cell(
        method=host.methods()[name],
        architecture=architecture,
        task=task or tiny.tasks(architecture)[0],
        options=promise.options,
        rate=promise.text if architecture in (*tiny.TEXT, *real.TEXT) else promise.image,
        identity=promise.identity,
        merges=promise.merges,
        unquantised=host.methods()[promise.unquantised] if promise.unquantised else None,
        epochs=promise.epochs,
    )
