"""What `gpu.py` measures: shapes of Llama, their rows, their operations per token, and the clock for both sides."""

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

import torch
from acclimate import training
from acclimate.plugins import Host
from torch import Tensor, nn

IGNORED = -100
FULL_BYTES = 16  # of float32 weight, gradient and AdamW's two moments, for each parameter
_KEPT_ROWS, _IDS = 64, 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A shape of Llama, and the batch that it is trained on: `batch` rows of `tokens` tokens."""

    name: str
    batch: int
    tokens: int
    shape: Mapping[str, Any]


_LLAMA = {"vocab_size": 128_256, "num_attention_heads": 32, "num_key_value_heads": 8, "max_position_embeddings": 8192}
SIZES = {
    size.name: size
    for size in (
        Size(
            name="tiny",
            batch=2,
            tokens=32,
            shape={
                "vocab_size": 256,
                "hidden_size": 64,
                "intermediate_size": 128,
                "num_hidden_layers": 2,
                "num_attention_heads": 4,
                "num_key_value_heads": 2,
                "head_dim": 16,
                "tie_word_embeddings": True,
            },
        ),
        # As Llama-3.2-1B.
        Size(
            name="1B",
            batch=4,
            tokens=1024,
            shape={
                **_LLAMA,
                "hidden_size": 2048,
                "intermediate_size": 8192,
                "num_hidden_layers": 16,
                "head_dim": 64,
                "tie_word_embeddings": True,
            },
        ),
        # As Llama-3.1-8B.
        Size(
            name="8B",
            batch=2,
            tokens=1024,
            shape={
                **_LLAMA,
                "hidden_size": 4096,
                "intermediate_size": 14_336,
                "num_hidden_layers": 32,
                "head_dim": 128,
                "tie_word_embeddings": False,
            },
        ),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What is measured: a method on a size, with one implementation of attention, its layers compiled or not."""

    size: Size
    method: str
    attention: str = "sdpa"
    compiled: bool = False

    def __str__(self) -> str:
        return f"{self.size.name} {self.method} {self.attention}{' compiled' if self.compiled else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """`warmup` steps that are not timed, then `blocks` repetitions of `block` steps."""

    warmup: int
    block: int
    blocks: int

    @property
    def total(self) -> int:
        """All steps; one more, since a block ends where the next forward pass begins."""
        return self.warmup + self.block * self.blocks + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one side did: tokens per second of each repetition, floating-point operations per token, peak memory.

    `start_loss` is that of the untrained model on the first batch, `mean_loss` the mean over the training steps.
    """

    tokens_per_second: tuple[float, ...]
    flops_per_token: float
    peak_bytes: int | None
    start_loss: float
    mean_loss: float
    trained: int


class Tokens:
    """Rows of random tokens, drawn from few ids so that there is something to learn; every row of full length."""

    lengths = None

    def __init__(self, size: Size, rows: int) -> None:
        random = torch.Generator().manual_seed(0)
        self.rows = rows
        self.ids = torch.randint(1, _IDS, (_KEPT_ROWS, size.tokens), generator=random)

    def __len__(self) -> int:
        return self.rows

    def batch(self, rows: Sequence[int], augment: object = None) -> dict[str, Tensor]:
        """Return `input_ids` and `truth`, the next token of each; both [batch, tokens]."""
        del augment
        ids = self.ids[[row % _KEPT_ROWS for row in rows]]
        truth = torch.full_like(ids, IGNORED)
        truth[:, :-1] = ids[:, 1:]
        return {"input_ids": ids, "truth": truth}


@dataclass(frozen=True, kw_only=True)
class Side:
    """A model ready to train. `loss` is that of one batch, `train` takes steps and returns their mean loss."""

    model: nn.Module
    decoder: Any
    trained: Sequence[nn.Parameter]
    flops_per_token: float
    loss: Callable[[Mapping[str, Tensor]], Tensor]
    train: Callable[[Tokens, int], float]


@dataclass(slots=True)
class Clock:
    """The time at which blocks of training steps begin, seen from the forward passes of a model."""

    steps: Steps
    seen: int = 0
    marks: list[float] = field(default_factory=list)

    def __call__(self, module: nn.Module, inputs: object) -> None:
        """Count a forward pass; a pre-hook of the model."""
        del inputs
        if not module.training:
            return
        past = self.seen - self.steps.warmup
        if past >= 0 and past % self.steps.block == 0:
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            self.marks.append(time.perf_counter())
        self.seen += 1

    def rates(self, per_step: int) -> tuple[float, ...]:
        """Return what `per_step` of each step makes per second, for each block."""
        spent = (end - start for start, end in zip(self.marks, self.marks[1:], strict=False))
        return tuple(self.steps.block * per_step / seconds for seconds in spent)


def parameters_of(size: Size) -> int:
    """Return the number of parameters of a size, without building it."""
    from transformers import AutoModelForCausalLM, LlamaConfig

    with torch.device("meta"):
        model: nn.Module = AutoModelForCausalLM.from_config(LlamaConfig(**size.shape))
    return sum(parameter.numel() for parameter in model.parameters())


def refusal(cell: Cell, host: Host) -> str:
    """Return why a cell cannot run on this machine, or ""."""
    if cell.method not in host.methods():
        return f"skipped: no method {cell.method!r} is offered"
    if cell.method == "qlora" and find_spec("bitsandbytes") is None:
        return "skipped: bitsandbytes is not installed"
    if cell.method == "full" and torch.cuda.is_available():
        needed = FULL_BYTES * parameters_of(cell.size)
        held = torch.cuda.get_device_properties(0).total_memory
        if needed > held:
            return f"does not fit: {needed / 1e9:.0f} GB for weights, gradients and AdamW of {held / 1e9:.0f} GB"
    return ""


def measure(cell: Cell, make: Callable[[Cell], Side], steps: Steps) -> Measured:
    """Build one side of a cell, check that it learns, and time it.

    Raises:
        RuntimeError: when the device has too little memory, or the layers cannot be compiled.
    """
    side = make(cell)
    rows = Tokens(cell.size, steps.total * cell.size.batch)
    start_loss = _start_loss(side, rows, cell.size.batch)
    if cell.compiled:
        for layer in side.decoder.layers:
            layer.compile()
    clock = Clock(steps)
    side.model.register_forward_pre_hook(clock)
    if torch.cuda.is_available():
        gc.collect()
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    mean_loss = side.train(rows, steps.total)
    return Measured(
        tokens_per_second=clock.rates(cell.size.batch * cell.size.tokens),
        flops_per_token=side.flops_per_token,
        peak_bytes=torch.cuda.max_memory_allocated() if torch.cuda.is_available() else None,
        start_loss=start_loss,
        mean_loss=mean_loss,
        trained=sum(parameter.numel() for parameter in side.trained),
    )


def release() -> None:
    """Give back what a side that is no longer referred to held, compiled code included."""
    torch.compiler.reset()
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _start_loss(side: Side, rows: Tokens, batch: int) -> float:
    device = training.device()
    inputs = {name: value.to(device) for name, value in rows.batch(range(batch)).items()}
    side.model.eval()
    with torch.no_grad(), torch.autocast(device.type, torch.bfloat16):
        return float(side.loss(inputs))


def linear_parameters(model: nn.Module) -> int:
    """Return the weights that are multiplied with every token: linear layers and the head, no embeddings."""
    return sum(module.weight.numel() for module in model.modules() if isinstance(module, nn.Linear))


def flops_per_token(cell: Cell, linear: int, trained: Sequence[nn.Parameter]) -> float:
    """Return the floating-point operations of one token, forward and backward.

    With N weights in linear layers, a forward pass takes 2 N, the gradient of the inputs 2 N and that of the weights
    2 N: 6 N for `full`, 4 N for a frozen base and 6 for each weight that is added. Attention over s tokens adds
    12 L h s in L layers of width h, the causal half not taken off (Chowdhery et al. 2022, PaLM, appendix B).
    """
    shape = cell.size.shape
    width = shape["num_attention_heads"] * shape["head_dim"]
    attention = 12 * shape["num_hidden_layers"] * width * cell.size.tokens
    if cell.method == "full":
        return 6.0 * linear + attention
    return 4.0 * linear + 6.0 * sum(parameter.numel() for parameter in trained) + attention
