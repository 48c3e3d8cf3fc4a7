"""The two sides of `gpu.py`: a Llama with random weights adapted by Acclimate, and by plain PEFT.

Both build the same weights from one seed and train the same parameters on the same batches with fused AdamW, a
cosine schedule, clipping at 1 and bfloat16 autocast. `full` trains float32 weights; `lora` and `qlora` train float32
additions to a base in bfloat16 or NF4.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np
import torch
from acclimate import training
from acclimate.contracts import Need, Settings
from acclimate.models import LanguageModel
from acclimate.plugins import Host
from acclimate.training.batching import LengthBatches
from gpu_cells import IGNORED, Cell, Side, Tokens, flops_per_token, linear_parameters
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

RANK, ALPHA, RATE = 8, 16.0, 1e-4


def with_acclimate(host: Host, cell: Cell) -> Side:
    """Return the side that Acclimate trains: `LanguageModel.of`, the method's plan and install, `training.fit`."""
    pretrained = _build(cell)
    linear = linear_parameters(pretrained)
    model = LanguageModel.of(pretrained)
    method = host.methods()[cell.method]
    settings = Settings(batch_size=cell.size.batch, learning_rate=RATE, precision="bfloat16", patience=99)
    need = Need(task="text-generation", modality="text", rows=cell.size.batch, labels=())
    plan = method.plan.load()(model, need, settings)
    with training.seeded(0):
        if method.install is not None:
            method.install.load()(model, plan.adapter)
        model.to(training.device())
        groups = plan.groups(model)
    trained = [parameter for group in groups for parameter in group["params"]]
    _to_float32(trained)

    def train(rows: Tokens, steps: int) -> float:
        falling = count(1)

        def validate() -> tuple[dict[str, float], np.ndarray]:
            number = 1 / next(falling)
            return {"log_loss": number}, np.array([number])

        fitted = training.fit(
            model,
            plan,
            groups,
            rows,
            None,
            settings=Settings(max_steps=steps, patience=99),
            precision="bfloat16",
            validate=validate,
            shown=False,
        )
        return fitted.history[-1]["training_loss"]

    return Side(
        model=model,
        decoder=model.encoder,
        trained=trained,
        flops_per_token=flops_per_token(cell, linear, trained),
        loss=lambda batch: _cross_entropy(model(input_ids=batch["input_ids"]), batch["truth"]),
        train=train,
    )


def with_peft(cell: Cell) -> Side:
    """Return the side that a plain loop trains, with PEFT and bitsandbytes for the methods that are theirs."""
    from peft import LoraConfig, get_peft_model

    pretrained = _build(cell)
    linear, decoder = linear_parameters(pretrained), pretrained.base_model
    model: nn.Module = pretrained
    if cell.method == "qlora":
        _quantise(pretrained)
    if cell.method != "full":
        with training.seeded(0):
            model = get_peft_model(
                pretrained,
                LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules="all-linear", task_type="CAUSAL_LM"),
            )
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]

    def loss(batch: Mapping[str, Tensor]) -> Tensor:
        ids = batch["input_ids"]
        found: Tensor = model(input_ids=ids, labels=ids, use_cache=False).loss
        return found

    return Side(
        model=model,
        decoder=decoder,
        trained=trained,
        flops_per_token=flops_per_token(cell, linear, trained),
        loss=loss,
        train=lambda rows, steps: _loop(model, trained, loss, rows, cell.size.batch, steps),
    )


def _loop(
    model: nn.Module,
    trained: Sequence[nn.Parameter],
    loss: Callable[[Mapping[str, Tensor]], Tensor],
    rows: Tokens,
    batch: int,
    steps: int,
) -> float:
    from transformers import get_cosine_schedule_with_warmup

    device = training.device()
    optimizer = torch.optim.AdamW(trained, lr=RATE, weight_decay=0.0, fused=device.type == "cuda")
    schedule = get_cosine_schedule_with_warmup(optimizer, int(0.1 * steps), steps)
    total = torch.zeros((), device=device)
    model.train()
    for places in LengthBatches(len(rows), None, batch_size=batch, seed=0):
        inputs = {name: value.to(device) for name, value in rows.batch(places).items()}
        with torch.autocast(device.type, torch.bfloat16):
            found = loss(inputs)
        found.backward()  # type: ignore[no-untyped-call]
        total += found.detach()
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    return float(total) / steps


def _build(cell: Cell) -> Any:
    """Return the causal language model with random weights, made on the device itself."""
    from transformers import AutoModelForCausalLM, LlamaConfig

    torch.manual_seed(0)
    dtype = torch.float32 if cell.method == "full" else torch.bfloat16
    with training.device():
        return AutoModelForCausalLM.from_config(
            LlamaConfig(**cell.size.shape), dtype=dtype, attn_implementation=cell.attention
        )


def _quantise(pretrained: Any) -> None:
    """Put NF4 with double quantisation in the place of the decoder's linear layers, as transformers would."""
    from bitsandbytes.nn import Linear4bit

    decoder: nn.Module = pretrained.base_model
    named = [(name, module) for name, module in decoder.named_modules() if type(module) is nn.Linear]
    for name, module in named:
        parent, _, last = name.rpartition(".")
        with torch.device("meta"):
            quantised = Linear4bit(
                module.in_features,
                module.out_features,
                bias=False,  # Llama's have none
                compute_dtype=torch.bfloat16,
                quant_type="nf4",
                compress_statistics=True,
            )
        kind = type(quantised.weight)
        quantised.weight = kind(
            module.weight.data, requires_grad=False, quant_type="nf4", compress_statistics=True, module=quantised
        )
        setattr(decoder.get_submodule(parent), last, quantised.to(training.device()))
    pretrained.is_loaded_in_4bit = True


def _cross_entropy(logits: Tensor, truth: Tensor) -> Tensor:
    return cross_entropy(logits.flatten(0, 1), truth.flatten(), ignore_index=IGNORED)


def _to_float32(parameters: Sequence[nn.Parameter]) -> None:
    """Train in float32 what was added to a bfloat16 base, as PEFT's `get_peft_model` does."""
    for parameter in parameters:
        parameter.data = parameter.data.float()
