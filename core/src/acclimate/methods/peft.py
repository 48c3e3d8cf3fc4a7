"""Any other method of PEFT by its name, behind the same gates as our own, or refused."""

import copy
import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from acclimate.contracts import BackboneError, Need, OptionError, Plan, Settings, did_you_mean, import_bitsandbytes
from acclimate.methods.defaults import chosen_defaults, plan_with
from acclimate.methods.layers import groups
from acclimate.methods.lora import fold_in, targets
from acclimate.methods.model import Adaptable, train_only
from acclimate.methods.order import probe_inputs

# Fields of PEFT's configurations that we set, or that name what only its own wrapper does.
_OURS = frozenset(
    (
        "peft_type",
        "task_type",
        "inference_mode",
        "base_model_name_or_path",
        "auto_mapping",
        "peft_version",
        "revision",
        "target_modules",
        "modules_to_save",
        "exclude_modules",
    )
)
_OWN = ("LORA", "LN_TUNING")  # our methods 'lora' and 'norm', which find their layers by structure
_TOLERANCE = 1e-5
_OTHERS = "Use method 'lora', 'adapters', 'ia3', 'prefix' or 'prompt'."


def plan(model: Adaptable, need: Need, settings: Settings) -> Plan:
    """Add what PEFT's type adds to every linear layer and dense convolution, and train it with a new head.

    Written `peft:TYPE`, as `peft:LOHA`. Before anything is trained the type is tried on a copy of the encoder:
    it must change no output before it is trained, add something that receives gradients, leave everything else alone,
    give a row the same output whatever stands beside it, and give the same output when it is rebuilt and its weights
    are loaded.

    Options:
        type: PEFT's name of it; set by writing `peft:TYPE`.
        Any other field of the type's configuration, by PEFT's name.

    Raises:
        OptionError: for an unknown type or option.
        BackboneError: when the type does not pass on this encoder.
    """
    options = dict(settings.options)
    name = str(options.pop("type", ""))
    config = _config_class(name)
    known = {field.name for field in dataclasses.fields(config)} - _OURS
    for option in options:
        if option not in known:
            raise OptionError(
                f"PEFT's {config.__name__} has no option {option!r} to set here.", did_you_mean(option, known)
            )
    adapter = {"type": name, "config": options, "targets": targets(model.encoder)}
    _try(model, adapter)
    chosen = chosen_defaults("peft", model, need, settings)

    def train(model: Adaptable) -> list[dict[str, Any]]:
        train_only(model, [p for p in model.encoder.parameters() if p.requires_grad])  # PEFT froze the others
        return groups(
            model.encoder,
            model.head,
            learning_rate=chosen.rate,
            head_rate=chosen.head_rate,
            layer_decay=1.0,
            weight_decay=0.0,
        )

    return plan_with(f"peft:{name}", chosen, need, settings, groups=train, adapter=adapter)


def install(model: Adaptable, adapter: Mapping[str, Any]) -> None:
    """Add what `adapter` describes."""
    import_bitsandbytes()
    from peft import inject_adapter_in_model

    config = _config_class(adapter["type"])(target_modules=list(adapter["targets"]), **adapter["config"])
    inject_adapter_in_model(config, model.encoder)


def merge(model: Adaptable, adapter: Mapping[str, Any], original: Callable[[str], Tensor]) -> None:
    """Fold what the type added into the weights of its layers; the encoder is then of plain layers."""
    del original
    fold_in(model.encoder, adapter["targets"])


def _config_class(name: str) -> Any:
    import_bitsandbytes()
    from peft.mapping import PEFT_TYPE_TO_CONFIG_MAPPING, PEFT_TYPE_TO_TUNER_MAPPING

    usable = {}
    for kind, config in PEFT_TYPE_TO_CONFIG_MAPPING.items():
        fields = {field.name for field in dataclasses.fields(config)}
        # Without target modules it works on inputs; with shared state it needs PEFT's own wrapper to save it.
        separate = getattr(PEFT_TYPE_TO_TUNER_MAPPING[kind], "uses_shared_state", True) is False
        if "target_modules" in fields and separate and kind.value not in _OWN:
            usable[str(kind.value)] = config
    if name not in usable:
        raise OptionError(
            f"PEFT has no type {name!r} that can be put into an encoder; it has {', '.join(sorted(usable))}.",
            did_you_mean(name, usable),
        )
    return usable[name]


def _try(model: Adaptable, adapter: Mapping[str, Any]) -> None:
    """Install the type on two copies and compare them.

    Raises:
        BackboneError: when it does not pass.
    """

    def refuse(reason: str, error: Exception | None = None) -> BackboneError:
        refusal = BackboneError(f"PEFT's {adapter['type']} on {type(model.encoder).__name__}: {reason}.", _OTHERS)
        refusal.__cause__ = error
        return refusal

    inputs = probe_inputs(model.encoder)
    if "pixel_values" in inputs:  # a black image would hide what convolutions do to it
        pixels = inputs["pixel_values"]
        inputs["pixel_values"] = torch.linspace(-1, 1, pixels.numel()).to(pixels).view_as(pixels)
    plain = {name: tensor.clone() for name, tensor in model.encoder.state_dict().items()}
    try:
        first, second = (_Encoder(copy.deepcopy(model.encoder)) for _ in range(2))
        before = _output(first, inputs).detach()
        with torch.random.fork_rng():
            with torch.no_grad():
                for parameter in second.encoder.parameters():
                    parameter.add_(torch.randn_like(parameter))  # a saved run is rebuilt on other weights
            for seed, each in enumerate((first, second)):
                torch.manual_seed(seed)
                install(each, adapter)  # type: ignore[arg-type]
        output = _output(first, inputs)
        torch.autograd.backward(output.float().pow(2).mean())
    except (
        ValueError,
        TypeError,
        RuntimeError,
        KeyError,
        AttributeError,
        AssertionError,
    ) as error:
        raise refuse(f"{type(error).__name__}: {error}".split("\n")[0].rstrip("."), error) from error
    if not (difference := _difference(output, before)) <= _TOLERANCE:
        raise refuse(f"it changes the output by {difference:.2g} of it before it is trained")
    learning = [p for p in first.encoder.parameters() if p.requires_grad]
    if not any(p.grad is not None for p in learning):
        raise refuse("nothing that it trains receives a gradient")
    kept = {name.replace(".base_layer", ""): tensor for name, tensor in first.encoder.state_dict().items()}
    if any(
        name in kept and kept[name].shape == value.shape and not torch.equal(kept[name], value)
        for name, value in plain.items()
    ):
        raise refuse("it changes pretrained weights when it is put in")
    with torch.no_grad():
        for parameter in learning:
            parameter.add_(
                0.05 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(2)).to(parameter)
            )
        expected = _output(first, inputs)
        second.encoder.load_state_dict(first.encoder.state_dict())
        if not (difference := _difference(_output(second, inputs), expected)) <= _TOLERANCE:
            raise refuse(f"rebuilt with the same weights its output differs by {difference:.2g} of it")
        together = _output(first, _beside(model.encoder, inputs))[:1]
        together = together[:, : expected.shape[1]]  # the tokens of a text; images have no padding
        if not (difference := _difference(together, expected)) <= _TOLERANCE:
            raise refuse(f"the rows beside a row change its output by {difference:.2g} of it")


@dataclasses.dataclass
class _Encoder:
    encoder: Any


def _difference(found: Tensor, expected: Tensor) -> float:
    """Return the greatest difference, as a share of the greatest value where that is above 1."""
    return float((found - expected).detach().abs().max() / expected.abs().max().clamp(min=1))


def _beside(encoder: Any, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return a batch of the probe and a longer text, or a white image."""
    if "pixel_values" in inputs:
        pixels = inputs["pixel_values"]
        return {"pixel_values": torch.cat([pixels, torch.ones_like(pixels)])}
    ids = inputs["input_ids"]
    padding = getattr(encoder.config, "pad_token_id", None) or 0
    rows = ids.new_full((2, 3), padding)
    rows[1] = ids[0, :3]
    mask = torch.ones(2, ids.shape[1] + 3, dtype=ids.dtype, device=ids.device)
    mask[0, ids.shape[1] :] = 0
    return {"input_ids": torch.cat([ids.expand(2, -1), rows], dim=1), "attention_mask": mask}


def _output(model: _Encoder, inputs: Mapping[str, Tensor]) -> Tensor:
    outputs = model.encoder.eval()(**inputs)
    found: Tensor = outputs.last_hidden_state
    return found
