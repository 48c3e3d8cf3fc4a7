"""Inputs on which two forms of one model are compared: made from nothing but its preprocessing."""

import torch
from torch import Tensor

from acclimate.models.image import ImagePreprocessing
from acclimate.models.text import TextPreprocessing

_LENGTHS = (3, 17, 64, 5, 128, 1, 33, 200)


def probe(preprocessing: TextPreprocessing | ImagePreprocessing, *, seed: int = 0) -> dict[str, Tensor]:
    """Return eight rows of model inputs, the same for the same preprocessing and seed.

    Texts are of random words of the tokenizer, from one to 200 of them or as many as are read, side by side with
    padding: `input_ids`, `attention_mask` [8, tokens]. Images are noise around eight shades: `pixel_values`
    [8, channels, height, width].
    """
    random = torch.Generator().manual_seed(seed)
    if isinstance(preprocessing, ImagePreprocessing):
        height, width = preprocessing.size
        shades = torch.linspace(-1.5, 1.5, 8).view(8, 1, 1, 1)
        noise = torch.randn(8, preprocessing.channels, height, width, generator=random)
        return {"pixel_values": preprocessing.light * (shades + noise).contiguous(memory_format=torch.channels_last)}
    special = set(preprocessing.tokenizer.all_special_ids)
    words = [token for token in range(len(preprocessing.tokenizer)) if token not in special]
    texts = []
    for length in _LENGTHS:
        drawn = torch.randint(len(words), (length,), generator=random).tolist()
        texts.append(preprocessing.tokenizer.decode([words[place] for place in drawn]))
    rows, _ = preprocessing.encode(texts)
    return preprocessing.collate(rows)
