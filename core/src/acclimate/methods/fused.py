"""Frozen features with how unlike good parts an image is beside them: for few labels of each kind of defect."""

from collections.abc import Mapping
from typing import Any

from acclimate.contracts import BackboneError, Need, OptionError, Plan, Settings, good_label
from acclimate.methods.model import Adaptable, Comparing
from acclimate.methods.options import read_options

OPTIONS = {"images": 200, "share": 0.1, "most": 1000}


def plan(model: Adaptable, need: Need, settings: Settings) -> Plan:
    """Plan a memory bank of the good training parts, whose distance is one more feature of the head.

    Good training parts are judged by the members of other parts (leave one out), so that what the head learns of the
    distance holds for parts that are in no bank. How much less than the features it is regularised is chosen with
    the strength of the regularisation by cross-validation on the training rows.

    The label of good parts is `good` of the settings, or the one with a usual name.

    Options:
        images: at most so many good parts are remembered.
        share: the share of their patches that is kept.
        most: at most so many patches are kept.

    Raises:
        OptionError: for rows with several labels and a value out of range.
        DataError: when none of the labels is that of good parts.
        BackboneError: for a backbone that is no convolutional network.
    """
    options = read_options("fused", settings.options, OPTIONS)
    if need.multilabel:
        raise OptionError("A good part has no other label, found rows with several.", "Choose method 'frozen'.")
    if not 0 < options["share"] <= 1:
        raise OptionError(f"share is above 0 and at most 1, found {options['share']}.", "A tenth reads share=0.1.")
    for name, least in (("images", 3), ("most", 2)):
        if options[name] < least:
            raise OptionError(f"{name} is {least} or more, found {options[name]}.", f"Leave {name} out.")
    if not isinstance(model, Comparing):
        raise BackboneError(
            f"{type(model.encoder).__name__} has no stages to take patches from.",
            "Choose a convolutional backbone, such as efficientnet-lite0.",
        )
    good = good_label(need.labels, settings.good)
    return Plan(method="fused", adapter={"good": good, **options, "members": 0})


def install(model: Comparing, adapter: Mapping[str, Any]) -> None:
    """Put the bank that `adapter` describes into the model, empty."""
    model.put(adapter)
