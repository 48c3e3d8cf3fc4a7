"""Frozen features: the backbone is only read, and the head is solved on its cached features."""

from acclimate.contracts import Need, OptionError, Plan, Settings
from acclimate.methods.model import Adaptable
from acclimate.methods.options import read_options


def plan(model: Adaptable, need: Need, settings: Settings) -> Plan:
    """Plan no training: the head is solved on cached features.

    Options:
        head: "sklearn" fits scikit-learn's logistic regression, once for each label where rows may carry several;
            "torch" fits all labels at once to the same optimum, which is faster with many of them.

    Raises:
        OptionError: for another head.
    """
    del model, need
    head = read_options("frozen", settings.options, {"head": "sklearn"})["head"]
    if head not in ("sklearn", "torch"):
        raise OptionError(
            f"Option 'head' of method 'frozen' is 'sklearn' or 'torch', found {head!r}.", "Its default is 'sklearn'."
        )
    return Plan(method="frozen", solver=head)
