"""Frozen features: the backbone is only read, and the head is solved on its cached features."""

from typing import Any, cast

from acclimate.contracts import STACKS, Need, OptionError, Plan, Settings
from acclimate.methods.defaults import chosen_defaults, plan_with
from acclimate.methods.layers import groups
from acclimate.methods.model import Adaptable, Attentive, train_only
from acclimate.methods.options import read_options
from acclimate.methods.selected import plan_selected

OPTIONS = {"solver": "sklearn"}
OF_STACKS = {"pooling": "attention", "weight_decay": -1.0}


def plan(model: Adaptable, need: Need, settings: Settings) -> Plan:
    """Plan no training: the head is solved on cached features; a decoder for masks, or a head for answers, trains.

    For stacks of images whose slices are encoded one by one, the features of every slice are cached. From the head on
    their mean, attention over the slices and the head train on them (Ilse, Tomczak and Welling 2018).

    Options:
        solver: "sklearn" fits scikit-learn's logistic regression, once for each label where rows may carry several;
            "torch" minimises the same loss for all labels at once, which is faster with many of them.
        pooling: for stacks, "attention", or "mean", which trains nothing; the options above are for it then.
        weight_decay: for stacks, AdamW's of attention and head.

    Raises:
        OptionError: for another solver or pooling.
    """
    if need.task in ("image-segmentation", "question-answering"):
        read_options("frozen", settings.options, {})
        return plan_selected("frozen", [], model, need, settings)
    if need.task == "sentence-similarity":
        read_options("frozen", settings.options, {})
        return Plan(method="frozen")
    given = settings.options
    if need.task == STACKS and hasattr(model, "pooler"):
        pooling = given.get("pooling", OF_STACKS["pooling"])
        if pooling == "attention":
            return _attention(cast(Attentive, model), need, settings)
        if pooling != "mean":
            raise OptionError(
                f"Option 'pooling' of method 'frozen' is 'attention' or 'mean', found {pooling!r}.",
                "Its default is 'attention'.",
            )
        given = {name: value for name, value in given.items() if name != "pooling"}
    solver = read_options("frozen", given, OPTIONS)["solver"]
    if solver not in ("sklearn", "torch"):
        raise OptionError(
            f"Option 'solver' of method 'frozen' is 'sklearn' or 'torch', found {solver!r}.",
            "Its default is 'sklearn'.",
        )
    return Plan(method="frozen", solver=solver)


def _attention(model: Attentive, need: Need, settings: Settings) -> Plan:
    """Plan attention and head on the features of slices, which are computed once."""
    options = read_options("frozen", settings.options, OF_STACKS)
    chosen = chosen_defaults("frozen", model, need, settings)
    decay = options["weight_decay"] if options["weight_decay"] >= 0 else chosen.weight_decay

    def train(model: Any) -> list[dict[str, Any]]:
        train_only(model, ())
        own = groups(
            model.encoder,
            model.head,
            learning_rate=chosen.rate,
            head_rate=chosen.head_rate,
            layer_decay=1.0,
            weight_decay=decay,
        )
        return [*own, {"params": list(model.pooler.parameters()), "lr": chosen.rate, "weight_decay": decay}]

    return plan_with("frozen", chosen, need, settings, groups=train, augment=False)
