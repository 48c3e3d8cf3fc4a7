"""How far each good part is from the others: a part that was learned is never far from what was learned of itself."""

import torch
from torch import Tensor

from acclimate.models.anomaly.checks import check_features

# Distances computed at once.
_COMPARED = 1 << 22


def distances_to_others(patches: Tensor, owners: Tensor, members: Tensor, member_owners: Tensor) -> Tensor:
    """Return the distance [patches] of each patch to the nearest member of another owner; infinite without one.

    `patches` [patches, channels] and `members` [members, channels] are features, `owners` and `member_owners` the
    number of the image that each comes from. Distances are those of products of matrices around the members' mean:
    good to some parts in a thousand of the features' own length, enough to rank images.
    """
    check_features(patches, "patches", members.shape[1])
    middle = members.mean(dim=0)
    around = members - middle
    transposed, norms = around.T.contiguous() * -2, around.square().sum(dim=1)
    found = torch.empty(len(patches), dtype=torch.float32, device=patches.device)
    step = max(16, _COMPARED // len(members))
    for start in range(0, len(patches), step):
        part = patches[start : start + step].to(members) - middle
        values = torch.addmm(norms, part, transposed)
        values[owners[start : start + step, None] == member_owners[None]] = torch.inf
        nearest = values.amin(dim=1) + part.square().sum(dim=1)
        found[start : start + step] = nearest.clamp(min=0).sqrt()
    return found


def without_one(distances: Tensor, images: int) -> Tensor:
    """Return Mahalanobis distances as they were had a Gaussian of so many images not seen the image itself.

    By the formula of Sherman and Morrison for its covariance, with its mean moved too. A regularisation of the
    covariance counts as if it grew by (images - 1) / (images - 2) with the rest.

    Raises:
        ValueError: for fewer than three images, of which two would be left.
    """
    if images < 3:
        raise ValueError(f"leaving one of {images} images out leaves no covariance")
    count = float(images)
    scale, share = (count - 1) / (count - 2), count / ((count - 1) * (count - 2))
    squared = distances.double().square() / scale
    # In the sample itself no squared distance exceeds (n - 1)² / n; at that bound the others span a plane without it.
    rest = (1 - share * squared).clamp(min=1e-6)
    return ((count / (count - 1)) * (squared / rest).sqrt()).to(distances.dtype)
