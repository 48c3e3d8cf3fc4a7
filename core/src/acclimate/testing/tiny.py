"""Tiny random models of many architectures, built in milliseconds without any download.

They show how an architecture behaves, never how good it is.
"""

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import nn

from acclimate.contracts import STACKS
from acclimate.models import (
    Classifier,
    LanguageModel,
    TokenClassifier,
    VolumeClassifier,
    VolumeConfig,
    VolumeEncoder,
    feature_width,
)

TEXT = (
    "bert",
    "distilbert",
    "roberta",
    "deberta-v2",
    "modernbert",
    "electra",
    "llama",
    "qwen3",
    "gpt2",
    "gemma",
    "t5",
)
IMAGE = ("vit", "dinov2", "swin", "convnext", "resnet", "efficientnet", "timm-vit")
VOLUME = ("resnet-3d", "densenet-3d", "swin-3d")
VOXELS = (1, 32, 32, 64)
"""Channels, slices, rows and columns of the volumes that all of them read."""
DECODERS = ("llama", "qwen3", "gpt2", "gemma")
VOCABULARY = 64
FIRST_TOKEN = 0
LABELS = ("a", "b", "c")

_SIZE = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
_TEXT = {"vocab_size": VOCABULARY, "max_position_embeddings": 64, "pad_token_id": 0}
_DECODER = {
    **_SIZE,
    **_TEXT,
    "initializer_range": 0.1,
    "num_key_value_heads": 1,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "head_dim": 8,
}
_STAGES = {"num_channels": 3, "hidden_sizes": [8, 12, 16, 20], "depths": [1, 1, 2, 1]}


def tasks(architecture: str) -> tuple[str, ...]:
    """Return the tasks that an architecture can be built for."""
    if architecture in IMAGE:
        return ("image-classification",)
    if architecture in VOLUME:
        return (STACKS,)
    text = ("text-classification", "token-classification")
    return (*text, "text-generation") if architecture in DECODERS else text


def build(architecture: str, task: str, seed: int = 0) -> Any:
    """Return a tiny model in evaluation mode: `Classifier`, `TokenClassifier` or `LanguageModel`.

    Raises:
        MissingPackageError: for a network of volumes, without MONAI.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        if task == "text-generation":
            from transformers import AutoModelForCausalLM

            return LanguageModel.of(AutoModelForCausalLM.from_config(config(architecture)).eval())
        found = encoder(architecture)
        if isinstance(found, VolumeEncoder):
            return VolumeClassifier(found, width=found.width, labels=LABELS, pooling="own").eval()
        if task == "token-classification":
            return TokenClassifier(found, width=feature_width(found, "mean"), labels=LABELS).eval()
        pooling = "mean"
        if architecture in DECODERS:
            pooling = "last"
        elif architecture in ("vit", "dinov2"):
            pooling = "cls"
        elif architecture in ("timm-vit", "convnext", "resnet"):
            pooling = "own"
        elif architecture == "efficientnet":
            pooling = "stages"
        return Classifier(found, width=feature_width(found, pooling), labels=LABELS, pooling=pooling).eval()


def encoder(architecture: str) -> nn.Module:
    """Return a tiny encoder with random weights."""
    from transformers import AutoModel, T5EncoderModel

    own = config(architecture)
    if architecture in VOLUME:
        return _settle(VolumeEncoder(own), torch.rand(4, *VOXELS))
    if architecture == "t5":
        return cast(nn.Module, T5EncoderModel(own))
    try:
        found: nn.Module = AutoModel.from_config(own, add_pooling_layer=False)
    except TypeError:  # the architecture has no pooling layer to leave out
        found = AutoModel.from_config(own)
    if architecture == "efficientnet":
        _settle(found, torch.rand(4, 3, 64, 64))
    return found


def inputs(architecture: str, rows: int = 2, tokens: int = 7, seed: int = 1) -> dict[str, torch.Tensor]:
    """Return random model inputs of full length: token ids without the padding id, or pixels."""
    random = torch.Generator().manual_seed(seed)
    if architecture in TEXT:
        ids = torch.randint(3, VOCABULARY, (rows, tokens), generator=random)
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    if architecture in VOLUME:
        return {"pixel_values": torch.rand(rows, *VOXELS, generator=random)}
    side = image_size(architecture)
    return {"pixel_values": torch.rand(rows, 3, side, side, generator=random)}


def padding(architecture: str) -> int:
    """Return the token id that fills up short rows; RoBERTa counts positions by it."""
    return 1 if architecture == "roberta" else 0


def image_size(architecture: str) -> int:
    """Return the side of the images that an architecture reads, in pixels."""
    return 64 if architecture in ("swin", "convnext", "resnet", "efficientnet") else 32


def config(architecture: str) -> Any:
    """Return the configuration of a tiny model."""
    import transformers as t

    makers: dict[str, Callable[[], Any]] = {
        "bert": lambda: t.BertConfig(**_SIZE, **_TEXT),
        "distilbert": lambda: t.DistilBertConfig(dim=16, n_layers=2, n_heads=2, hidden_dim=32, **_TEXT),
        "roberta": lambda: t.RobertaConfig(**_SIZE, **{**_TEXT, "pad_token_id": 1}),
        "deberta-v2": lambda: t.DebertaV2Config(
            **_SIZE, **_TEXT, relative_attention=True, pos_att_type=["p2c", "c2p"], position_buckets=8
        ),
        "modernbert": lambda: t.ModernBertConfig(**_SIZE, **_TEXT, global_attn_every_n_layers=2, local_attention=8),
        "electra": lambda: t.ElectraConfig(**_SIZE, **_TEXT, embedding_size=16),
        "llama": lambda: t.LlamaConfig(**_DECODER),
        "qwen3": lambda: t.Qwen3Config(**_DECODER),
        "gpt2": lambda: t.GPT2Config(
            vocab_size=VOCABULARY,
            n_positions=64,
            n_embd=16,
            n_layer=2,
            n_head=2,
            bos_token_id=1,
            eos_token_id=2,
            initializer_range=0.1,
        ),
        "gemma": lambda: t.GemmaConfig(**_DECODER),
        "t5": lambda: t.T5Config(
            vocab_size=VOCABULARY, d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2, pad_token_id=0
        ),
        "vit": lambda: t.ViTConfig(**_SIZE, image_size=32, patch_size=8),
        "dinov2": lambda: t.Dinov2Config(
            **{k: v for k, v in _SIZE.items() if k != "intermediate_size"}, mlp_ratio=2, image_size=32, patch_size=8
        ),
        "swin": lambda: t.SwinConfig(
            image_size=64, patch_size=4, embed_dim=8, depths=[1, 2], num_heads=[2, 2], window_size=4, mlp_ratio=2.0
        ),
        # Layer scales as they are after training; at their initial 1e-6 no block would matter.
        "convnext": lambda: t.ConvNextConfig(**_STAGES, layer_scale_init_value=1.0),
        "resnet": lambda: t.ResNetConfig(**_STAGES, embedding_size=8, layer_type="basic"),
        "efficientnet": lambda: t.TimmWrapperConfig(architecture="test_efficientnet"),
        "timm-vit": lambda: t.TimmWrapperConfig(
            architecture="vit_tiny_patch16_224",
            model_args={"img_size": 32, "patch_size": 8, "embed_dim": 16, "depth": 2, "num_heads": 2},
        ),
        "resnet-3d": lambda: VolumeConfig(architecture="resnet10", arguments={"widen_factor": 0.125}),
        "densenet-3d": lambda: VolumeConfig(
            architecture="densenet121", arguments={"init_features": 8, "growth_rate": 4, "block_config": [2, 2, 2, 2]}
        ),
        "swin-3d": lambda: VolumeConfig(
            architecture="swin_unetr",
            arguments={"embed_dim": 6, "depths": [1, 1, 1, 1], "num_heads": [1, 2, 2, 2], "window_size": [4, 4, 4]},
        ),
    }
    return makers[architecture]()


def _settle(network: nn.Module, pixels: torch.Tensor) -> nn.Module:
    """Give batch normalisation the statistics of the random weights: with others the signal dies on its way."""
    layers = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d | nn.BatchNorm3d)]
    for layer in layers:
        layer.momentum = 1.0
    with torch.no_grad():
        network.train()(pixel_values=pixels)
    for layer in layers:
        layer.momentum = 0.1
    return network
