"""Frozen features: the backbone is only read, and the head is solved on its cached features."""

from acclimate.contracts import Need, OptionError, Plan, Settings
from acclimate.methods.model import Adaptable
from acclimate.methods.options import read_options
from acclimate.methods.selected import plan_selected

OPTIONS = {"solver": "sklearn"}


def plan(model: Adaptable, need: Need, settings: Settings) -> Plan:
    """Plan no training: the head is solved on cached features; a decoder for masks trains on them instead.

    Options:
        solver: "sklearn" fits scikit-learn's logistic regression, once for each label where rows may carry several;
            "torch" minimises the same loss for all labels at once, which is faster with many of them.

    Raises:
        OptionError: for another solver.
    """
    if need.task == "image-segmentation":
        read_options("frozen", settings.options, {})
        return plan_selected("frozen", [], model, need, settings)
    solver = read_options("frozen", settings.options, OPTIONS)["solver"]
    if solver not in ("sklearn", "torch"):
        raise OptionError(
            f"Option 'solver' of method 'frozen' is 'sklearn' or 'torch', found {solver!r}.",
            "Its default is 'sklearn'.",
        )
    return Plan(method="frozen", solver=solver)
