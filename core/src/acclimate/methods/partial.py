"""Partial fine-tuning: the top blocks train, and what runs before them is only read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from acclimate.contracts import BackboneError, Need, OptionError, Plan, Settings
from acclimate.methods.defaults import chosen_defaults, plan_with
from acclimate.methods.layers import groups
from acclimate.methods.model import Adaptable, train_only
from acclimate.methods.options import read_options
from acclimate.methods.order import calls
from acclimate.methods.structure import block_modules, module_at

OPTIONS = {"blocks": 0, "cache": "auto", "weight_decay": -1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """Where training begins: the `first` block that trains and the blocks `below` it, by name inside the encoder.

    `required` says that a run whose lower activations cannot be recorded should be refused, not run without.
    """

    first: str
    below: tuple[str, ...]
    required: bool


def plan(model: Adaptable, need: Need, settings: Settings) -> Plan:
    """Train the top blocks, what runs between and after them (poolings, the last normalisation), and a new head.

    Everything that runs before them keeps its weights and runs in evaluation mode, so that what enters the first
    trained block is the same in every epoch and may be computed once.

    Options:
        blocks: how many blocks train, counted from the top; 0 is a third of them, rounded up.
        cache: "auto" records what enters the first trained block where that changes nothing, which is for texts
            (images are augmented, and differ in every epoch); "on" records images too, and turns their augmentation
            off; "off" never records. A row takes tokens x width x 4 bytes of a temporary folder: 100 KB for 64
            tokens of width 384, 600 KB for an image of ViT-B/16.
        weight_decay: AdamW's; 0.01 for texts, 0.05 for images.

    Raises:
        BackboneError: for encoders without repeated blocks, and those that run a block more than once (ALBERT).
        OptionError: for more blocks than there are, and for `cache` "on" where no block is left to record.
    """
    options = read_options("partial", settings.options, OPTIONS)
    names = _ordered_blocks(model.encoder)
    count = options["blocks"] or -(-len(names) // 3)
    _check(options, count, len(names))
    first = names[len(names) - count]
    chosen = chosen_defaults("partial", model, need, settings)
    weight_decay = options["weight_decay"] if options["weight_decay"] >= 0 else chosen.weight_decay
    upper, lower = _halves(model.encoder, first)

    def train(model: Adaptable) -> list[dict[str, Any]]:
        read = {id(p) for name in lower for p in module_at(model.encoder, name).parameters(recurse=False)}
        found = (p for name in upper for p in module_at(model.encoder, name).parameters())
        train_only(model, (p for p in found if id(p) not in read))
        return groups(
            model.encoder,
            model.head,
            learning_rate=chosen.rate,
            head_rate=chosen.head_rate,
            layer_decay=1.0,
            weight_decay=weight_decay,
        )

    return plan_with(
        "partial",
        chosen,
        need,
        settings,
        groups=train,
        adapter={
            "trained": upper,
            "first": first,
            "below": names[: len(names) - count],
            "cache": options["cache"],
        },
        augment=need.modality == "image" and options["cache"] != "on",
    )


def install(model: Adaptable, adapter: Mapping[str, Any]) -> None:
    """Keep what runs before the trained blocks in evaluation mode, also when the model is in training mode."""
    model.encoder.register_forward_pre_hook(_Resting(tuple(adapter["trained"])))


def boundary(plan: Plan) -> Boundary | None:
    """Return what may be recorded once for all epochs of a plan; None where every epoch has to compute it."""
    if plan.method != "partial" or plan.augment or plan.adapter["cache"] == "off" or not plan.adapter["below"]:
        return None
    return Boundary(
        first=plan.adapter["first"],
        below=tuple(plan.adapter["below"]),
        required=plan.adapter["cache"] == "on",
    )


@dataclass(frozen=True, slots=True)
class _Resting:
    """Before each pass in training mode, let only the modules of these names, and those inside them, stay in it."""

    trained: tuple[str, ...]

    def __call__(self, encoder: nn.Module, args: Any) -> None:
        del args
        if encoder.training:
            awake = {id(part) for name in self.trained for part in module_at(encoder, name).modules()}
            for module in encoder.modules():
                # Never set to True: batch normalisation may rest inside a block that trains.
                module.training = module.training and id(module) in awake


def _check(options: Mapping[str, Any], count: int, total: int) -> None:
    if not 1 <= count <= total:
        raise OptionError(
            f"Option 'blocks' of method 'partial' is 1 to {total} here, found {count}.",
            "0 is a third of the blocks.",
        )
    if options["cache"] not in ("auto", "on", "off"):
        raise OptionError(
            f"Option 'cache' of method 'partial' is 'auto', 'on' or 'off', found {options['cache']!r}.",
            "Its default is 'auto'.",
        )
    if options["cache"] == "on" and count == total:
        raise OptionError(
            f"Option 'cache' is 'on', but all {total} blocks train and none is left to record.",
            "Train fewer blocks, or leave 'cache' at 'auto'.",
        )


def _ordered_blocks(encoder: nn.Module) -> list[str]:
    """Return the names of the blocks, which run once each and from first to last."""
    names = [name for name, _ in block_modules(encoder)]
    hint = "Use method 'full', 'lora' or 'norm' instead."
    if not names:
        raise BackboneError(f"{type(encoder).__name__} has no repeated blocks to divide.", hint)
    if [name for name in calls(encoder) if name in set(names)] != names:
        raise BackboneError(f"{type(encoder).__name__} does not run each of its blocks once and in order.", hint)
    return names


def _halves(encoder: nn.Module, first: str) -> tuple[list[str], set[str]]:
    """Return the outermost modules that run only once `first` has begun, and all modules that begin before it.

    The order of registration would not do: DeBERTa registers a normalisation behind its blocks that all of them use.
    """
    order = calls(encoder)
    begins = order.index(first)
    lower = set(order[:begins])
    upper: list[str] = []
    for name in dict.fromkeys(order[begins:]):
        if name not in lower and not any(name.startswith(f"{outer}.") for outer in upper):
            upper.append(name)
    return upper, lower
