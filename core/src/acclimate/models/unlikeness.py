"""How unlike good parts an image is, as one number beside the features of a classifier."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from acclimate.models.anomaly import STRIDES, distances_to_others, members_of, select
from acclimate.models.anomaly.patches import patches_of, stages_of
from acclimate.models.classifier import Classifier, Inputs, pool

_FARTHEST = 0.05
"""The share of an image's patches, the farthest of them, whose mean distance is its own: one patch alone is noise."""
_NEAREST = 1e-6


class Unlikeness(nn.Module):
    """A memory bank of patches of good parts: logarithms of distances, in deviations of those of good parts.

    It is read off the maps of the encoder's stages, which the features of a classifier are taken of too, so that one
    forward pass gives both. `members` of 0 are decided when it learns.
    """

    members: Tensor
    usual: Tensor

    def __init__(self, encoder: nn.Module, *, share: float, most: int, members: int = 0) -> None:
        super().__init__()
        self.stages, width = stages_of(encoder, STRIDES)
        self.share, self.most = share, most
        self.register_buffer("members", torch.zeros(members, width))
        self.register_buffer("usual", torch.tensor([0.0, 1.0]))

    def patches(self, maps: Any) -> Tensor:
        """Return patches [images, places, width] in float32 from the maps of all stages."""
        return patches_of([maps[place] for place in self.stages]).flatten(1, 2)

    def forward(self, maps: Any) -> Tensor:
        """Return one number for each image [images, 1] from the maps of all stages."""
        return self.unlike(self.patches(maps))[:, None]

    def unlike(self, patches: Tensor) -> Tensor:
        """Return how unlike good parts images are [images], by their patches [images, places, width]."""
        middle = self.members.mean(dim=0)
        members, around = self.members - middle, patches.float() - middle
        squared = members.square().sum(dim=1) - 2 * around @ members.T
        distances = (squared.amin(dim=2) + around.square().sum(dim=2)).clamp(min=0).sqrt()
        return (_logarithm(distances) - self.usual[0]) / self.usual[1]

    @torch.no_grad()
    def learn(self, patches: Tensor, *, seed: int) -> Tensor:
        """Keep a coreset of the patches of good parts [images, places, width]; return how unlike the others each is.

        Each image is judged by members of the other images alone, [images]: by its own it would always be like them.
        """
        images, places = patches.shape[:2]
        flat, owners = patches.flatten(0, 1).float(), torch.arange(images).repeat_interleave(places)
        count = members_of(images, len(flat), share=self.share, most=self.most)
        whole = count == len(flat)
        chosen = torch.arange(count) if whole else select(flat, count, seed, None).indices.sort().values.cpu()
        self.members = flat[chosen].clone()
        alone = distances_to_others(flat, owners.to(flat.device), self.members, owners[chosen].to(flat.device))
        found = _logarithm(alone.view(images, places))
        self.usual = torch.stack([found.mean(), found.std().clamp(min=_NEAREST)])
        return (found - self.usual[0]) / self.usual[1]


class PartClassifier(Classifier):
    """A classifier on a convolutional network, which may have one more feature: how unlike good parts an image is."""

    def __init__(
        self, encoder: nn.Module, *, width: int, labels: tuple[str, ...], pooling: str, unit_norm: bool = False
    ) -> None:
        super().__init__(encoder, width=width, labels=labels, pooling=pooling, unit_norm=unit_norm)
        self.unlikeness: Unlikeness | None = None

    def put(self, adapter: Mapping[str, Any]) -> None:
        """Put in what an adapter describes, empty, and a head with one more feature; nothing where it is empty."""
        if not adapter:
            return
        wanted = {name: adapter[name] for name in ("share", "most", "members")}
        self.unlikeness = Unlikeness(self.encoder, **wanted).to(self.head.weight.device)
        head = nn.Linear(self.head.in_features + 1, self.head.out_features)
        self.head = head.to(self.head.weight.device)

    def maps(self, inputs: Inputs) -> Any:
        """Return the maps of all stages of images, the largest first."""
        return self.encoder(**inputs, output_hidden_states=True).hidden_states

    def features(self, inputs: Inputs) -> Tensor:
        """Return the pooled features [batch, width] in float32, how unlike good parts an image is being the last."""
        if self.unlikeness is None:
            return super().features(inputs)
        outputs = self.encoder(**inputs, output_hidden_states=True)
        pooled = pool(outputs, None, self.pooling).float()
        with torch.autocast(pooled.device.type, enabled=False):
            return torch.cat([pooled, self.unlikeness(outputs.hidden_states)], dim=1)


def _logarithm(distances: Tensor) -> Tensor:
    """Return of each image [images] the logarithm of the mean of its farthest distances [images, places]."""
    count = max(1, round(_FARTHEST * distances.shape[1]))
    return distances.topk(count, dim=1).values.mean(dim=1).clamp(min=_NEAREST).log()
