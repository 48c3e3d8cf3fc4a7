"""Prompt tuning: trained virtual tokens beside those of the input, for texts and vision transformers."""

import inspect
from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from acclimate.contracts import BackboneError, Need, OptionError, Plan, Settings
from acclimate.methods.defaults import chosen_defaults, plan_with
from acclimate.methods.layers import groups
from acclimate.methods.model import Adaptable, train_only
from acclimate.methods.options import read_options
from acclimate.methods.structure import module_at, sizes, transformer_blocks

OPTIONS = {"length": 0, "encoder": False, "deep": False, "weight_decay": 0.0}
_LENGTH = {"text": 30, "image": 10}
_HINT = "Use method 'lora', 'adapters', 'ia3' or 'norm'."


def plan(model: Adaptable, need: Need, settings: Settings) -> Plan:
    """Train `length` virtual tokens (Lester et al. 2021; on images Jia et al. 2022) and a new head.

    In a text they stand before the first token and after any padding, and begin as embeddings of tokens drawn from
    the vocabulary. In an image they stand after the patches, and begin small. Nothing but the tokens of the input is
    pooled. With width d, length d parameters train; with `deep`, length d in each block.

    Options:
        length: virtual tokens; 0 stands for 30 before a text, and 10 in an image.
        encoder: texts only: make the virtual tokens by a two-layer perceptron on trained vectors (P-tuning; Liu et
            al. 2021), which trains 2 d (d + 1) parameters more.
        deep: images only: new virtual tokens in every block instead of the first alone.
        weight_decay: AdamW's, on prompts and head.

    Raises:
        BackboneError: for encoders without a sequence of tokens or patches.
        OptionError: for a value out of range or of the other modality.
    """
    options = read_options("prompt", settings.options, OPTIONS)
    text = need.modality == "text"
    length = options["length"] or _LENGTH[need.modality]
    if length < 1 or (options["encoder"] and not text) or (options["deep"] and text):
        raise OptionError(
            f"prompt needs length >= 0, 'encoder' for texts only and 'deep' for images only, found {options} for "
            f"{need.modality}s.",
            "Correct the option.",
        )
    adapter = {"length": length, **(_of_text(model, options) if text else _of_image(model, options))}
    chosen = chosen_defaults("prompt", model, need, settings)

    def train(model: Adaptable) -> list[dict[str, Any]]:
        train_only(model, cast(nn.Module, model.encoder.prompt).parameters())
        return groups(
            model.encoder,
            model.head,
            learning_rate=chosen.rate,
            head_rate=chosen.head_rate,
            layer_decay=1.0,
            weight_decay=options["weight_decay"],
        )

    return plan_with("prompt", chosen, need, settings, groups=train, adapter=adapter)


def install(model: Adaptable, adapter: Mapping[str, Any]) -> None:
    """Add the virtual tokens that `adapter` describes."""
    encoder = model.encoder
    if "blocks" in adapter:
        prompts = ImagePrompts(len(adapter["blocks"]) if adapter["deep"] else 1, adapter["length"], adapter["width"])
        encoder.add_module("prompt", prompts)
        prompts.attach([module_at(encoder, name) for name in adapter["blocks"]])
        return
    table: Any = cast(Any, encoder).get_input_embeddings()
    drawn = torch.randint(0, table.num_embeddings, (adapter["length"],))
    start = table(drawn.to(table.weight.device)).detach().float()
    encoder.add_module("prompt", TextPrompt(start, perceptron=adapter["encoder"]))
    inserted = _Inserted(encoder)
    encoder.register_forward_pre_hook(inserted.before, with_kwargs=True)
    encoder.register_forward_hook(inserted.after)


class TextPrompt(nn.Module):
    """Virtual tokens [length, width], trained themselves or as what a perceptron makes of trained vectors."""

    def __init__(self, start: Tensor, *, perceptron: bool) -> None:
        super().__init__()
        self.tokens = nn.Parameter(start.clone())
        width = start.shape[1]
        layers = (nn.Linear(width, width), nn.Tanh(), nn.Linear(width, width))
        self.perceptron = nn.Sequential(*layers) if perceptron else None
        if perceptron:
            nn.init.zeros_(layers[2].weight)
            nn.init.zeros_(layers[2].bias)

    def forward(self) -> Tensor:
        """Return the virtual tokens [length, width]; the perceptron's part is zero at first."""
        return self.tokens if self.perceptron is None else self.tokens + self.perceptron(self.tokens)


class ImagePrompts(nn.Module):
    """Virtual tokens [layers, length, width] after the patches, of the first block or of each."""

    def __init__(self, layers: int, length: int, width: int) -> None:
        super().__init__()
        self.length = length
        self.tokens = nn.Parameter(torch.empty(layers, length, width).uniform_(-(width**-0.5), width**-0.5))

    def attach(self, blocks: list[nn.Module]) -> None:
        """Let the blocks see the virtual tokens; after the last one they are gone."""
        for place, block in enumerate(blocks):
            if place < len(self.tokens):
                block.register_forward_pre_hook(lambda _, inputs, place=place: self._insert(inputs, place))
        blocks[-1].register_forward_hook(lambda _module, _inputs, output: self._remove(output))

    def _insert(self, inputs: tuple[Any, ...], place: int) -> tuple[Any, ...]:
        hidden: Tensor = inputs[0]
        own = hidden if place == 0 else hidden[:, : -self.length]  # in the place of the last block's
        ours = self.tokens[place].to(hidden.dtype).expand(hidden.shape[0], -1, -1)
        return (torch.cat([own, ours], dim=1), *inputs[1:])

    def _remove(self, output: Any) -> Any:
        if isinstance(output, tuple):
            return (output[0][:, : -self.length], *output[1:])
        return output[:, : -self.length]


class _Inserted:
    """Puts the virtual tokens into a text before its first token, and takes their outputs away again."""

    def __init__(self, encoder: nn.Module) -> None:
        positioned = "position_ids" in inspect.signature(encoder.forward).parameters
        # Elsewhere positions are relative, and virtual tokens come first.
        self.table = _position_table(encoder) if positioned else None
        self.back: Tensor | None = None

    def before(self, encoder: Any, args: Any, inputs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        inputs = dict(inputs)
        ids = inputs.pop("input_ids")
        own = encoder.get_input_embeddings()(ids)  # [batch, tokens, width]
        prompt = encoder.prompt().to(own.dtype)
        mask = inputs.get("attention_mask")
        mask = torch.ones_like(ids) if mask is None else mask
        length, tokens = len(prompt), ids.shape[1]
        start = mask.argmax(dim=1, keepdim=True)  # the first real token of each row
        place = torch.arange(length + tokens, device=ids.device).expand(ids.shape[0], -1)
        # Where each column comes from in [prompt, tokens]: padding on the left, the prompt, the rest.
        source = torch.where(place < start, length + place, torch.where(place < start + length, place - start, place))
        both = torch.cat([prompt.expand(ids.shape[0], -1, -1), own], dim=1)
        inputs["inputs_embeds"] = both.gather(1, source.unsqueeze(-1).expand(-1, -1, both.shape[2]))
        inputs["attention_mask"] = torch.cat([mask.new_ones(ids.shape[0], length), mask], dim=1).gather(1, source)
        if self.table is not None:
            inputs["position_ids"] = self._positions(self.table, ids, source, length)
        columns = torch.arange(tokens, device=ids.device).expand(ids.shape[0], -1)
        self.back = torch.where(columns < start, columns, columns + length)
        return args, inputs

    def after(self, encoder: Any, args: Any, output: Any) -> Any:
        del encoder, args
        assert self.back is not None
        hidden = output.last_hidden_state
        output.last_hidden_state = hidden.gather(1, self.back.unsqueeze(-1).expand(-1, -1, hidden.shape[2]))
        self.back = None
        return output

    @staticmethod
    def _positions(table: nn.Embedding, ids: Tensor, source: Tensor, length: int) -> Tensor:
        """Leave every token the position it was pretrained at; virtual tokens share the first."""
        own, first = torch.arange(ids.shape[1], device=ids.device).expand_as(ids), 0
        if table.padding_idx is not None:  # RoBERTa counts the tokens that are not padding, from the padding's id on
            real = ids.ne(table.padding_idx).long()
            own, first = real.cumsum(dim=1) * real + table.padding_idx, table.padding_idx + 1
        return torch.cat([own.new_full((ids.shape[0], length), first), own], dim=1).gather(1, source)


def _position_table(encoder: nn.Module) -> nn.Embedding | None:
    """Return the table of learned positions, of encoders that have one."""
    for name, module in encoder.named_modules():
        if isinstance(module, nn.Embedding) and name.rpartition(".")[2] in ("position_embeddings", "wpe"):
            return module
    return None


def _of_text(model: Adaptable, options: Mapping[str, Any]) -> dict[str, Any]:
    parameters = inspect.signature(model.encoder.forward).parameters
    if "inputs_embeds" not in parameters:
        raise BackboneError(f"{type(model.encoder).__name__} reads tokens only, and no embeddings of them.", _HINT)
    return {"encoder": options["encoder"]}


def _of_image(model: Adaptable, options: Mapping[str, Any]) -> dict[str, Any]:
    blocks = transformer_blocks(model.encoder)
    kind = type(model.encoder).__name__
    if not blocks:
        raise BackboneError(f"{kind} has no sequence of patches that virtual tokens could join.", _HINT)
    # A block of windows is told the height and width of its map, which has no room for further tokens.
    windowed = any(hasattr(module, "relative_position_bias_table") for module in model.encoder.modules())
    if windowed:
        raise BackboneError(f"{kind} attends within windows, which have no place for virtual tokens.", _HINT)
    out = sizes(module_at(model.encoder, blocks[0].mlp_out))
    assert out is not None
    return {"blocks": [block.name for block in blocks], "width": out[1], "deep": options["deep"]}
