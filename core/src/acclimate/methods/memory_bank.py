"""A memory bank of patches of good parts: nothing trains, what is learned is which patches to keep."""

from collections.abc import Mapping
from typing import Any

from acclimate.contracts import Need, OptionError, Plan, Settings
from acclimate.methods.model import Scoring
from acclimate.methods.options import read_options

OPTIONS = {"share": 0.1, "most": 10_000, "neighbours": 9, "project": 0, "cosine": False}


def plan(model: Scoring, need: Need, settings: Settings) -> Plan:
    """Plan a bank of patches (Roth et al. 2022, "Towards total recall in industrial anomaly detection").

    From 30 images on it keeps a coreset of the patches, of fewer all of them, and scores an image by their nearest.

    Options:
        share: the share of the patches that is kept.
        most: at most so many are kept; a tenth of many images costs time and memory and gains little.
        neighbours: how many members around the nearest weigh the score of an image; 1 for the greatest distance.
        cosine: patches are compared by their directions alone, so that contrast and exposure count less.
        project: channels are compared by so many random projections while patches are chosen; 0 for all channels.

    Raises:
        OptionError: for a value out of range.
    """
    del model, need
    options = read_options("memory-bank", settings.options, OPTIONS)
    if not 0 < options["share"] <= 1:
        raise OptionError(f"share is above 0 and at most 1, found {options['share']}.", "A tenth reads share=0.1.")
    for name, least in (("most", 1), ("neighbours", 1), ("project", 0)):
        if options[name] < least:
            raise OptionError(f"{name} is {least} or more, found {options[name]}.", f"Leave {name} out.")
    return Plan(method="memory-bank", adapter={"scorer": "memory-bank", **options})


def install(model: Scoring, adapter: Mapping[str, Any]) -> None:
    """Put the bank that `adapter` describes into the model, empty."""
    model.put(adapter)
