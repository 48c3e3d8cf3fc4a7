"""Tiny language models that read chats, with a tokenizer of bytes, in folders as the hub lays them out."""

from pathlib import Path
from typing import Any

import torch

from acclimate.testing import tiny

CONTEXT = 512
MARKED = (
    "{% for message in messages %}{% if loop.first and message['role'] != 'system' %}{{ '<|im_start|>system\n"
    "You are Tiny, made by nobody.<|im_end|>\n' }}{% endif %}{{ '<|im_start|>' + message['role'] + '\n' "
    "+ message['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def tokenizer(template: str | None = MARKED, *, end: str | None = "<|im_end|>") -> Any:
    """Return a tokenizer of bytes with a few control tokens, of which `end` is the end of text and the padding."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    plain = Tokenizer(models.BPE(vocab={letter: number for number, letter in enumerate(alphabet)}, merges=[]))
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    plain.decoder = decoders.ByteLevel()
    special = ["<|im_start|>", "<|im_end|>", "<|endoftext|>"]
    plain.add_special_tokens([AddedToken(token, special=True) for token in special])
    named = {} if end is None else {"eos_token": end, "pad_token": end}
    found = PreTrainedTokenizerFast(tokenizer_object=plain, **named)
    found.chat_template = template
    return found


def save_writer(folder: Path, architecture: str = "llama", *, template: str | None = MARKED, seed: int = 0) -> Path:
    """Write a tiny language model with random weights and its tokenizer to a folder; return the folder."""
    from transformers import AutoModelForCausalLM

    words = tokenizer(template)
    config = tiny.config(architecture)
    config.vocab_size = len(words)
    for name in ("max_position_embeddings", "n_positions"):
        if hasattr(config, name):
            setattr(config, name, CONTEXT)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        AutoModelForCausalLM.from_config(config).eval().save_pretrained(folder)
    words.save_pretrained(folder)
    return folder
