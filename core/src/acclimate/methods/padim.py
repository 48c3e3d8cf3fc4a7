"""A Gaussian of good parts at each place: nothing trains, what is learned are means and covariances."""

from collections.abc import Mapping
from typing import Any

from acclimate.contracts import Need, OptionError, Plan, Settings
from acclimate.methods.model import Scoring
from acclimate.methods.options import read_options

OPTIONS = {"dimensions": 100}


def plan(model: Scoring, need: Need, settings: Settings) -> Plan:
    """Plan Gaussians (Defard et al. 2021, "PaDiM"), for parts that lie in the same place in every image.

    It costs the same however many images it has seen.

    Options:
        dimensions: how many channels of a patch are drawn, of those there are.

    Raises:
        OptionError: for a value out of range, for tiles, and for fewer than two images to learn from.
    """
    dimensions = read_options("padim", settings.options, OPTIONS)["dimensions"]
    if dimensions < 1:
        raise OptionError(f"dimensions is 1 or more, found {dimensions}.", "Leave dimensions out for 100.")
    if settings.tiles:
        raise OptionError(
            "Method 'padim' compares the same place of every image, and tiles of large images have none in common.",
            "Leave tiles out, or take method 'memory-bank'.",
        )
    if need.rows < 2:
        raise OptionError(
            f"Method 'padim' needs two good parts to learn from, found {need.rows}.", "Take method 'memory-bank'."
        )
    return Plan(method="padim", adapter={"scorer": "padim", "dimensions": min(dimensions, model.width)})


def install(model: Scoring, adapter: Mapping[str, Any]) -> None:
    """Put the Gaussians that `adapter` describes into the model, empty."""
    model.put(adapter)
