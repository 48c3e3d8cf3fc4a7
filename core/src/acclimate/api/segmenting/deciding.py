"""Which pixels count in a mask and which regions are too small: chosen on validation images, then left alone."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import torch

from acclimate import evaluation, training
from acclimate.api.segmenting.asking import mask_threshold, minimum_area
from acclimate.api.segmenting.predicting import in_order
from acclimate.api.segmenting.subject import MaskSubject
from acclimate.contracts import Finding


def ranked(logits: torch.Tensor) -> evaluation.Ranked:
    """Return of each pixel the likeliest class but the first, from logits [classes, height, width]."""
    value, place = logits[1:].max(dim=0)
    return evaluation.Ranked(
        best=(place + 1).numpy().astype(np.uint8),
        probability=(value - logits.logsumexp(dim=0)).exp().numpy(),
        wins=(value > logits[0]).numpy(),
    )


def decide(subject: MaskSubject, precision: str) -> tuple[evaluation.MaskRule, tuple[Finding, ...]]:
    """Return the rule of a trained model, as asked for or as validation images choose, and what to say of it."""
    threshold, least = mask_threshold(subject.settings), minimum_area(subject.settings)
    classes = subject.model.labels
    if threshold is not None and least is not None:
        given = evaluation.MaskRule(
            thresholds=(threshold or None,) * (len(classes) - 1), minimum_pixels=(least,) * (len(classes) - 1)
        )
        return given, ()
    search = evaluation.RuleSearch(
        len(classes),
        thresholds=evaluation.THRESHOLDS if threshold is None else (threshold or None,),
        minimum_pixels=least,
    )
    examples = subject.examples["validation"]
    with training.bar("masks of validation rows", len(examples), "row", shown=subject.shown) as bar:
        for row, logits in in_order(
            subject.model,
            examples.preprocessing,
            lambda row: examples.open_image(examples.paths[row]),
            range(len(examples)),
            precision=precision,
        ):
            search.add(ranked(logits), examples.open_mask(examples.masks[row]))
            bar.update(1)
    chosen = [search.chosen(number) for number in range(1, len(classes))]
    rule = evaluation.MaskRule(
        thresholds=tuple(threshold or None if each.rule is None else each.rule.threshold for each in chosen),
        minimum_pixels=tuple(least or 0 if each.rule is None else each.rule.minimum_pixels for each in chosen),
    )
    return rule, tuple(_told(name, each, len(examples)) for name, each in zip(classes[1:], chosen, strict=True))


def rule_of(manifest: Mapping[str, Any]) -> evaluation.MaskRule:
    """Return the rule of a saved run."""
    saved = manifest["masks"]
    return evaluation.MaskRule(thresholds=tuple(saved["thresholds"]), minimum_pixels=tuple(saved["minimum_pixels"]))


def saved_rule(rule: evaluation.MaskRule) -> dict[str, Sequence[Any]]:
    """Return a rule as a manifest holds it."""
    return {"thresholds": list(rule.thresholds), "minimum_pixels": list(rule.minimum_pixels)}


def _told(name: str, chosen: evaluation.Chosen, images: int) -> Finding:
    rule, before = chosen.rule, chosen.before
    if rule is None or before is None:
        message = (
            f"All {images:,} validation images show {name!r}, or none does, so that they cannot say which of its "
        )
        message += "regions are too small or too unsure: what was asked for, or else the likeliest class, is taken."
        return Finding(code="masks-not-chosen", level="warning", message=message)
    counted = "where it is the likeliest class"
    if rule.threshold is not None:
        counted = f"from a probability of {rule.threshold:g} on"
    message = (
        f"A pixel is {name!r} {counted}, and regions below {rule.minimum_pixels:,} pixels are dropped, chosen on "
    )
    message += f"{images:,} validation images (the fewest false masks at 90 % of the best Dice or more): there "
    message += (
        f"{rule.false_masks:.1%} of the images without it are given some, {before.false_masks:.1%} by the likeliest "
    )
    message += (
        f"class alone; dice_present is {rule.dice:.3f} after {before.dice:.3f}, and {rule.missed_masks:.1%} are "
    )
    message += f"missed after {before.missed_masks:.1%}."
    return Finding(code="masks-chosen", level="note", message=message, details={"class": name, **asdict(rule)})
