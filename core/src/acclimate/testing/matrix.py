"""The cells of Acclimate's own methods: every method on every architecture and task."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from acclimate.plugins import Host
from acclimate.testing import tiny
from acclimate.testing.conformance import Cell


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
    "qlora": ("resnet", "efficientnet"),
    "prefix": ("convnext", "resnet", "efficientnet"),
    "prompt": ("swin", "convnext", "resnet", "efficientnet"),
    "bitfit": ("modernbert", "llama", "qwen3", "gemma", "t5"),
}
# A few architectures that show each kind of structure; the rest of the matrix is for the slow suite.
QUICK = ("bert", "modernbert", "llama", "gpt2", "vit", "timm-vit", "efficientnet")


def cells(host: Host, methods: Mapping[str, Promise] = PROMISES) -> Iterator[tuple[str, Cell]]:
    """Yield every cell of a task that the method does, with its name, "lora-bert-text-classification"."""
    for name, promise in methods.items():
        method = host.methods()[name]
        for architecture in (*tiny.TEXT, *tiny.IMAGE):
            for task in (task for task in tiny.tasks(architecture) if task in method.tasks):
                yield (
                    f"{name}-{architecture}-{task}",
                    Cell(
                        method=method,
                        architecture=architecture,
                        task=task,
                        options=promise.options,
                        rate=promise.image if architecture in tiny.IMAGE else promise.text,
                        identity=promise.identity,
                        merges=promise.merges,
                        unquantised=host.methods()[promise.unquantised] if promise.unquantised else None,
                        epochs=promise.epochs,
                    ),
                )
