"""The baseline of masks: a logistic regression on the pretrained maps of single pixels."""

import copy

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from acclimate import models, training
from acclimate.api.segmenting.subject import MaskSubject

_PIXELS, _OF_IMAGE = 8_000, 64
_UNSEEN = -10.0  # the logit of a class that was not drawn: rare, and for a decoder to learn all the same


def pixel_probe(subject: MaskSubject) -> models.PixelProbe | None:
    """Return the probe of the encoder as it is now, which stays apart; None where fewer than two classes are drawn.

    Of each training image up to 64 pixels count, as many of each class that it shows, and 8,000 in all.
    """
    encoder = copy.deepcopy(subject.model.encoder).to(training.device()).eval()
    examples, random = subject.examples["train"], np.random.default_rng(subject.settings.seed)
    count = max(2, min(_OF_IMAGE, _PIXELS // len(examples)))
    rows = random.permutation(len(examples))[:_PIXELS]
    drawn, classes, weights = [], [], []
    with torch.inference_mode():
        for row in rows:
            pixels, truth = examples.whole(int(row))
            places, shares = _places(truth, count, random)
            pixels = pixels.to(training.device())
            drawn.append(_features(encoder, pixels, places, examples.preprocessing.tile).cpu().numpy())
            classes.append(truth[places[:, 0], places[:, 1]].numpy())
            weights.append(shares)
    truths = np.concatenate(classes)
    if len(np.unique(truths)) < 2:
        return None
    weight, bias = _solved(np.concatenate(drawn), truths, np.concatenate(weights), len(subject.model.labels))
    return models.PixelProbe(encoder, weight, bias).to(training.device())


def _features(encoder: nn.Module, pixels: Tensor, places: Tensor, tile: int) -> Tensor:
    """Return the values of all maps [places, channels] at places [places, 2] of an image, large ones in tiles."""
    if tile and max(pixels.shape[-2:]) > tile:
        return models.tiled_features(encoder, pixels, places, tile)
    whole = models.filled(pixels, models.whole_strides(*pixels.shape[-2:]))
    return models.features_at(encoder, whole, places.to(whole.device))


def _places(truth: Tensor, count: int, random: np.random.Generator) -> tuple[Tensor, np.ndarray]:
    """Return places [places, 2] of each class in equal numbers, and for how many pixels each stands, [places]."""
    places, weights = [], []
    shown = torch.unique(truth)
    for each in shown:
        mine = (truth == each).nonzero()
        some = mine[random.integers(len(mine), size=max(1, count // len(shown)))]
        places.append(some)
        weights.append(np.full(len(some), len(mine) / len(some) / truth.numel()))
    return torch.cat(places), np.concatenate(weights)


def _solved(features: np.ndarray, truth: np.ndarray, weights: np.ndarray, classes: int) -> tuple[Tensor, Tensor]:
    """Return weight [classes, features] and bias [classes] of a logistic regression; a class without pixels loses."""
    scale = StandardScaler().fit(features)
    found = LogisticRegression(max_iter=200).fit(
        scale.transform(features), truth, sample_weight=weights / weights.mean()
    )
    own, start = found.coef_, found.intercept_
    if len(found.classes_) == 2:
        own, start = np.concatenate([-own, own]) / 2, np.concatenate([-start, start]) / 2
    weight, bias = np.zeros((classes, features.shape[1])), np.full(classes, _UNSEEN)
    weight[found.classes_] = own / scale.scale_
    bias[found.classes_] = start - (own / scale.scale_) @ scale.mean_
    return torch.from_numpy(weight).float(), torch.from_numpy(bias).float()
