"""QLoRA: low-rank updates of linear layers whose own weights are kept in four bits (Dettmers et al. 2023)."""

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any, cast

import torch
from torch import Tensor, nn

from acclimate.contracts import BackboneError, MissingPackageError, Need, Plan, Settings, import_bitsandbytes
from acclimate.methods import lora
from acclimate.methods.model import Adaptable
from acclimate.methods.options import read_options
from acclimate.methods.order import calls
from acclimate.methods.structure import module_at, replace_module, sizes

OPTIONS = {"rank": 8, "alpha": 16.0, "dropout": 0.0, "rslora": False, "lora_plus": 1.0, "weight_decay": 0.0}
_SHARES = (1.0, 0.95, 0.9, 0.85, 0.8)  # of the largest weight of a block, where it may be clipped
_BLOCK = 32  # weights that share one scale; Dettmers et al. take 64, which rounds coarser for 0.02 bytes less


def plan(model: Adaptable, need: Need, settings: Settings) -> Plan:
    """Keep the encoder's linear layers in NF4 with double quantisation, and train updates of them with the head.

    A weight then takes 0.53 bytes. Embeddings are kept in bfloat16; heads, normalisation layers and convolutions are
    left as they are. What is saved is the quantised model that was measured. Merging folds the updates into weights
    that its caller gives, in full precision: those that the four bits stand for, whose logits were measured
    (`acclimate merge`), or the original ones.

    Options:
        rank, alpha, dropout, rslora, lora_plus, weight_decay: as for method 'lora'.

    Raises:
        MissingPackageError: without bitsandbytes.
        BackboneError: for encoders without linear layers.
        OptionError: for a value out of range.
    """
    options = read_options("qlora", settings.options, OPTIONS)
    lora.check_ranges("qlora", options)
    if find_spec("bitsandbytes") is None:
        raise MissingPackageError(
            "Method 'qlora' needs the package 'bitsandbytes'.", "Install it: pip install 'acclimate[qlora]'."
        )
    names = [name for name, module in model.encoder.named_modules() if sizes(module)]
    if not names:
        raise BackboneError(
            f"{type(model.encoder).__name__} has no linear layer to keep in four bits.",
            "Use method 'lora', 'norm' or 'full'.",
        )
    running = calls(model.encoder)  # DeBERTa reads the weight of a table that it never calls
    tables = [name for name in running if isinstance(module_at(model.encoder, name), nn.Embedding)]
    adapter = {
        "targets": names,
        "embeddings": list(dict.fromkeys(tables)),
        "dora": False,
        "init": "default",
        **{name: options[name] for name in OPTIONS if name != "weight_decay"},
    }
    return lora.plan_updates("qlora", model, need, settings, options, adapter)


def install(model: Adaptable, adapter: Mapping[str, Any]) -> None:
    """Quantise the layers that `adapter` names and add the updates."""
    import_bitsandbytes()
    for name in adapter["targets"]:
        replace_module(model.encoder, name, NF4Linear(module_at(model.encoder, name)))
    for name in adapter["embeddings"]:
        table = cast(nn.Embedding, module_at(model.encoder, name))
        table.weight.data = table.weight.data.bfloat16()  # in place: a head that shares it goes on sharing it
        table.register_forward_hook(lambda _module, _inputs, output: output.float())
    lora.install(model, adapter)


def merge(model: Adaptable, adapter: Mapping[str, Any], original: Callable[[str], Tensor]) -> None:
    """Fold the updates into the original weights; the encoder is then of plain layers, none of them quantised."""
    for name in adapter["targets"]:
        layer: Any = module_at(model.encoder, name)
        base = cast(NF4Linear, layer.get_base_layer())
        weight = original(f"{name}.weight").to(base.packed.device)
        added = layer.get_delta_weight("default").to(weight.dtype)
        replace_module(model.encoder, name, base.plain(weight + (added.T if base.transposed else added)))
    for name in adapter["embeddings"]:
        table = cast(nn.Embedding, module_at(model.encoder, name))
        table.weight.data = original(f"{name}.weight").to(table.weight.device)


class NF4Linear(nn.Linear):
    """A linear layer whose weight is kept as 4-bit NormalFloat in blocks of 32, with 8-bit scales.

    Unlike the layer of bitsandbytes, whose quantisation state is no part of the module, everything is a buffer: it is
    saved, loaded, moved and copied as any other module is.
    """

    packed: Tensor
    scales: Tensor

    def __init__(self, base: nn.Module) -> None:
        from bitsandbytes.functional import quantize_4bit

        nn.Module.__init__(self)
        size = sizes(base)
        assert size is not None
        self.in_features, self.out_features = size
        self.transposed = not isinstance(base, nn.Linear)  # GPT-2 keeps its weights as [inputs, outputs]
        self.bias = cast(Any, base).bias
        weight = cast(Tensor, base.weight).detach().float()
        weight = (weight.T if self.transposed else weight).contiguous()
        packed, state = quantize_4bit(_clipped(weight), blocksize=_BLOCK, compress_statistics=True, quant_type="nf4")
        parts = {
            "packed": packed,
            "scales": state.absmax,
            "scales_mean": state.offset,
            "scales_of_scales": state.state2.absmax,
        }
        for name, tensor in parts.items():
            self.register_buffer(name, tensor)
        # The codes are the same in every layer: constants of the formats, not state of the model.
        self.register_buffer("levels", state.code, persistent=False)
        self.register_buffer("scale_levels", state.state2.code, persistent=False)
        self.scale_block = int(state.state2.blocksize)

    @property
    def weight(self) -> Tensor:  # type: ignore[override]
        """The weight [outputs, inputs] in float32, as the four bits give it."""
        return self.dequantised(torch.float32)

    @property
    def quantised_bytes(self) -> int:
        """What the weight takes: the four bits with their scales."""
        return sum(buffer.nbytes for name, buffer in self.named_buffers() if not name.endswith("levels"))

    def dequantised(self, dtype: torch.dtype) -> Tensor:
        """Return the weight [outputs, inputs]."""
        from bitsandbytes.functional import dequantize_4bit

        return cast(Tensor, dequantize_4bit(self.packed, self._state(dtype)))

    def forward(self, x: Tensor) -> Tensor:
        """Return x times the weight, plus the bias; the weight itself receives no gradient."""
        if torch.is_autocast_enabled(x.device.type):
            x = x.to(torch.get_autocast_dtype(x.device.type))
        if x.is_cuda:
            from bitsandbytes import matmul_4bit

            product = matmul_4bit(x, self.packed, self._state(x.dtype))
        else:
            product = _Product.apply(x, self)
        return cast(Tensor, product if self.bias is None else product + self.bias.to(product.dtype))

    def plain(self, weight: Tensor) -> nn.Module:
        """Return a layer of the kind that was quantised, with this weight in its own layout, and the bias."""
        from transformers.pytorch_utils import Conv1D

        layer: Any
        if self.transposed:
            layer = Conv1D(self.out_features, self.in_features)
        else:
            layer = nn.Linear(self.in_features, self.out_features, bias=self.bias is not None)
        layer.weight = nn.Parameter(weight)
        layer.bias = self.bias
        return cast(nn.Module, layer)

    def _state(self, dtype: torch.dtype) -> Any:
        from bitsandbytes.functional import QuantState

        nested = QuantState(
            absmax=self.scales_of_scales,
            code=self.scale_levels,
            blocksize=self.scale_block,
            dtype=torch.float32,
        )
        return QuantState(
            absmax=self.scales,
            shape=torch.Size((self.out_features, self.in_features)),
            code=self.levels,
            blocksize=_BLOCK,
            quant_type="nf4",
            dtype=dtype,
            offset=self.scales_mean,
            state2=nested,
        )


def _clipped(weight: Tensor) -> Tensor:
    """Return the weight with each block clipped where NF4 is closest to it by least squares (Banner et al. 2019).

    The scale of a block is its largest weight; a smaller one loses that weight and has finer steps for all others.
    It needs no data, and five times the work of quantising once.
    """
    from bitsandbytes.functional import dequantize_4bit, quantize_4bit

    blocks = nn.functional.pad(weight.flatten(), (0, -weight.numel() % _BLOCK)).view(-1, _BLOCK)
    largest = blocks.abs().amax(dim=1, keepdim=True)
    best, least = blocks, torch.full_like(largest, torch.inf)
    for share in _SHARES:
        clipped = blocks.clamp(-share * largest, share * largest)
        found = dequantize_4bit(*quantize_4bit(clipped, blocksize=_BLOCK, quant_type="nf4"))
        error = (found - blocks).square().sum(dim=1, keepdim=True)
        best, least = torch.where(error < least, clipped, best), torch.minimum(error, least)
    return best.flatten()[: weight.numel()].view_as(weight)


class _Product(torch.autograd.Function):
    """x times a quantised weight, which is unpacked for each pass and never kept."""

    @staticmethod
    def forward(context: Any, x: Tensor, layer: NF4Linear) -> Tensor:
        context.layer = layer
        return nn.functional.linear(x, layer.dequantised(x.dtype))

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient @ context.layer.dequantised(gradient.dtype), None
